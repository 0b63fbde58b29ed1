// What a link can show of a direction that died alone, and of a station that said farewell.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

constexpr PathId kFirst{1}, kSecond{2};

PairOptions with_paths(std::size_t paths) {
  PairOptions options;
  options.paths = paths;
  return options;
}

struct Evidence : QuietPair {
  explicit Evidence(std::size_t paths) : QuietPair(7, with_paths(paths)) {
    start();
    run(std::chrono::seconds(1));
  }
  const core::Link& link(std::size_t side) { return station(side).peer(PeerId{0}).link(); }
  const core::PathState& path(std::size_t side, PathId id) { return *link(side).paths().find(id); }
  Instant time() const { return now(0).mono; }
};

TEST(PathEvidence, TheirProbesSayThatNothingOfOursComes) {
  Evidence pair(1);
  pair.cut_from(kSouth, kFirst, true);
  pair.run(std::chrono::seconds(50));
  const core::PathState& out = pair.path(kSouth, kFirst);
  ASSERT_TRUE(out.suspect_since && out.lacking);
  EXPECT_GE(*out.lacking, *out.suspect_since);
  EXPECT_LT(pair.time() - *out.lacking, std::chrono::seconds(2));
  EXPECT_LT(pair.time() - *out.heard, std::chrono::seconds(2));
  // North hears nothing, and has no ground to say which direction that is.
  const core::PathState& in = pair.path(kNorth, kFirst);
  EXPECT_FALSE(in.lacking || in.elsewhere_since);
  EXPECT_EQ(in.calls, 0u);

  pair.cut_from(kSouth, kFirst, false);
  pair.run(std::chrono::seconds(2));
  EXPECT_FALSE(out.suspect_since || out.lacking);
}

TEST(PathEvidence, TheReverseIsToldByAnotherPath) {
  Evidence pair(2);
  pair.cut_from(kNorth, kFirst, true);
  pair.run(std::chrono::seconds(90));
  const core::PathState& in = pair.path(kSouth, kFirst);
  ASSERT_TRUE(in.elsewhere_since && in.elsewhere_last);
  EXPECT_GT(*in.elsewhere_since, *in.heard);
  EXPECT_LT(pair.time() - *in.elsewhere_last, std::chrono::seconds(25));
  EXPECT_FALSE(pair.path(kSouth, kSecond).elsewhere_since);
  // And north hears itself missed there.
  const core::PathState& out = pair.path(kNorth, kFirst);
  ASSERT_TRUE(out.suspect_since && out.lacking);

  pair.cut_from(kNorth, kFirst, false);
  pair.run(std::chrono::seconds(31));
  EXPECT_FALSE(in.elsewhere_since);
  EXPECT_FALSE(out.suspect_since);
}

TEST(PathEvidence, APathThatLosesAPacketIsNotCalledDead) {
  Evidence pair(1);
  int left = 3;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == kSouth && left > 0) return --left, std::nullopt;
    return datagram;
  };
  pair.run(std::chrono::seconds(60));
  EXPECT_EQ(left, 0);
  EXPECT_FALSE(pair.path(kSouth, kFirst).lacking);
}

TEST(PathEvidence, CallsThatLeadToNothingAreCounted) {
  Evidence pair(1);
  pair.cut_from(kSouth, kFirst, true);
  pair.stop(kSouth);
  pair.start(kSouth);  // it knows no session of before
  pair.run(std::chrono::seconds(150));
  const core::PathState& path = pair.path(kSouth, kFirst);
  EXPECT_FALSE(pair.link(kSouth).ready());
  EXPECT_GE(path.calls, 3u);
  EXPECT_LT(pair.time() - *path.called, std::chrono::seconds(60));
  EXPECT_FALSE(path.heard);
  pair.cut_from(kSouth, kFirst, false);
  pair.run(std::chrono::seconds(60));
  EXPECT_TRUE(pair.link(kSouth).ready());
  EXPECT_EQ(path.calls, 0u);
}

TEST(Farewell, IsKeptUntilTheyAreHeardAgain) {
  Evidence pair(2);
  EXPECT_FALSE(pair.link(kSouth).farewell());
  const Instant left = pair.time();
  pair.close(kNorth);
  pair.stop(kNorth);
  pair.run(std::chrono::seconds(100));
  const auto& farewell = pair.link(kSouth).farewell();
  ASSERT_TRUE(farewell);
  EXPECT_EQ(farewell->at, left);
  EXPECT_EQ(farewell->words, "this station stops");
  EXPECT_FALSE(pair.link(kSouth).session_since());
  pair.start(kNorth);
  pair.run(std::chrono::seconds(1));
  EXPECT_FALSE(farewell);
  EXPECT_TRUE(pair.link(kSouth).session_since());
}

}  // namespace
}  // namespace detente::sim
