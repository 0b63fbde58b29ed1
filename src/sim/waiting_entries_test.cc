// What receipts measure of a path that loses a fifth of all packets: entries wait at the other side for one before them.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kWaitingMost = 1500;
constexpr Duration kLongWay = milliseconds(400);

const core::Line& line_of(QuietPair& pair) { return *pair.station(0).peer(PeerId{0}).line(kLine); }

class WaitingEntries : public testing::TestWithParam<std::uint64_t> {};

// Each of them counted as a round trip once, the timeout grew with them, and so the time that the next ones waited: up to half a
// minute on a path of 0.4 s.
TEST_P(WaitingEntries, AreNoRoundTrip) {
  QuietPair pair(GetParam());
  SeededRandom chance(GetParam());
  pair.delay = [](std::size_t, std::size_t) { return kLongWay / 2; };
  pair.start();
  pair.run(seconds(30));
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    return chance.below(5) == 0 ? std::nullopt : std::optional(std::move(datagram));
  };
  Duration longest{0};
  for (int said = 0; said < kWaitingMost; ++said) {
    ASSERT_TRUE(pair.say(0, kLine, "word " + std::to_string(said)));
    pair.run(milliseconds(40));
    longest = std::max(longest, pair.station(0).peer(PeerId{0}).link().paths().all().front().flow.round_trip().smoothed());
  }
  Duration took{0};
  for (; line_of(pair).own().receipted_size() < kWaitingMost && took < seconds(600); took += seconds(1)) pair.run(seconds(1));
  EXPECT_EQ(line_of(pair).own().receipted_size(), static_cast<std::uint64_t>(kWaitingMost));
  std::cout << "longest round trip " << longest.count() / 1000 << " ms, settled in " << took.count() / 1000000 << " s\n";
  EXPECT_LT(longest, kLongWay * 2);
  EXPECT_LT(took, seconds(60));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WaitingEntries, testing::Values(1, 2, 3));

}  // namespace
}  // namespace detente::sim
