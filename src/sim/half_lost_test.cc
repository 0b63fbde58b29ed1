// Half of all packets are lost, both ways, and what is said comes through all the same, none of it minutes late.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

// A try comes through with its receipt one time in four: with pauses that double to half a minute, a few misses more are
// minutes.
TEST(HalfOfAllLost, NoMessageWaitsForMinutes) {
  constexpr int kMessages = 300;
  const Duration longest = seconds(60);
  QuietPair pair(6);
  pair.start();
  pair.run(seconds(1));
  SeededRandom random(6);
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (random.array<1>()[0] < 128) return std::nullopt;
    return datagram;
  };
  for (int i = 0; i < kMessages; ++i) {
    const auto side = static_cast<std::size_t>(i % 2);
    ASSERT_TRUE(pair.say(side, kLine, "Is anybody there?"));
    const core::Line& line = *pair.station(side).peer(PeerId{0}).line(kLine);
    const Instant said = pair.now(side).mono;
    while (line.queued() + line.placing() + line.own().unreceipted().size() > 0) {
      pair.run(std::chrono::milliseconds(50));
      ASSERT_LT(pair.now(side).mono - said, longest) << i;
    }
  }
}

}  // namespace
}  // namespace detente::sim
