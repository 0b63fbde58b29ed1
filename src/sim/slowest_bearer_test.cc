// A path of some ten to a hundred bits a second: a packet takes many seconds, and what waits must not keep a session from being confirmed.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

class SlowestBearer : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SlowestBearer, ComesUpAndDeliversWhatWaited) {
  const std::uint64_t rate = GetParam();
  PairOptions options;
  options.path_terms[kPath] = {rate, 0, kFraming};
  options.policy.heartbeat = minutes(10);
  QuietPair pair(rate, options);
  Instant free_at[2];
  std::size_t largest = 0;
  pair.delay = [&](std::size_t from, std::size_t bytes) {
    largest = std::max(largest, bytes);
    const Instant now = pair.now(from).mono;
    free_at[from] = std::max(free_at[from], now) + Duration(static_cast<std::int64_t>((bytes + kFraming) * 8 * 1000000 / rate));
    return free_at[from] - now;
  };
  pair.start();
  SeededRandom random(rate);
  std::size_t said = 0;
  for (std::size_t side = 0; side < 2; ++side)
    for (int i = 0; i < 4; ++i, ++said) {
      std::string text;
      while (text.size() < 120) text.push_back(static_cast<char>('!' + random.below(90)));
      ASSERT_TRUE(pair.say(side, kLine, text));
    }
  std::size_t came = 0, lost = 0, minute = 0;
  for (; minute < 240 && came < said; ++minute) {
    pair.run(minutes(1));
    for (std::size_t side = 0; side < 2; ++side)
      for (const core::DeskEvent& event : pair.take_events(side)) {
        if (const auto* arrived = std::get_if<core::EntryArrived>(&event)) came += arrived->line == kLine;
        if (const auto* link = std::get_if<core::LinkChanged>(&event)) lost += !link->up;
      }
  }
  EXPECT_EQ(came, said) << rate;
  EXPECT_TRUE(pair.station(0).peer(PeerId{0}).link().ready() && pair.station(1).peer(PeerId{0}).link().ready());
  EXPECT_LE(lost, 2u);
  // A receipt is not cut; else of 96 bytes, or ten seconds.
  EXPECT_LE(largest, std::max<std::size_t>(120, rate * 10 / 8 - kFraming));
  EXPECT_LT(minute * rate, 1500u);  // 8 messages of 200 bytes, their receipts, and heads as large as they
}

INSTANTIATE_TEST_SUITE_P(BitsASecond, SlowestBearer, testing::Values(50, 75, 100, 150, 300));

}  // namespace
}  // namespace detente::sim
