// A hole in which a station begins anew: it has no session, and nothing but its own calls finds out that the hole is over.
#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

constexpr PathId kPath{1};
constexpr std::size_t kSouth = 0;

TEST(Hole, IsOverSoonForAStationThatBeganAnewInIt) {
  for (int length = 20; length <= 90; length += 7) {
    QuietPair pair(4);
    pair.start();
    pair.run(seconds(1));
    pair.cut(kPath, true);
    pair.stop(kSouth);
    pair.start(kSouth);
    pair.run(seconds(length));
    EXPECT_FALSE(pair.station(kSouth).peer(PeerId{0}).link().ready());
    pair.cut(kPath, false);
    pair.run(std::chrono::milliseconds(6300));
    EXPECT_TRUE(pair.station(kSouth).peer(PeerId{0}).link().ready()) << length;
  }
}

TEST(Hole, OfHoursIsCalledIntoRarely) {
  QuietPair pair(5);
  pair.start();
  pair.cut(kPath, true);
  pair.stop(kSouth);
  pair.start(kSouth);
  std::size_t calls = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == kSouth && datagram.size() == 83) ++calls;
    return datagram;
  };
  pair.run(std::chrono::hours(1));
  EXPECT_LT(calls, 150u);
  EXPECT_GT(calls, 100u);
}

}  // namespace
}  // namespace detente::sim
