#include "core/paths.h"

#include <gtest/gtest.h>

namespace detente::core {
namespace {

constexpr PathId kPath{1};
constexpr std::uint64_t kSession = 7;

Instant at_second(std::int64_t seconds) { return Instant{seconds * 1'000'000}; }

// A probe each second, each of which draws nothing in its time; what they then tell of it.
class SlowPath : public testing::Test {
 protected:
  void probe(std::int64_t second) {
    PathState& path = paths_.at(kPath);
    path.open = true;
    path.sent = at_second(second);
    path.newest_probe = {kSession, static_cast<std::uint64_t>(second)};
    paths_.probe_lost(at_second(second + 1), path);
  }
  Paths paths_{{kPath}, {}};
};

TEST_F(SlowPath, WhatComesLateIsToldFromWhatNeverComes) {
  for (std::int64_t second = 1; second <= 40; ++second) probe(second);
  PathState& path = paths_.at(kPath);
  paths_.told(at_second(41), path, kSession, 0);
  EXPECT_EQ(path.lacking, at_second(41));
  EXPECT_FALSE(path.late) << "nothing of it has come there";
  paths_.told(at_second(42), path, kSession, 12);  // all below 12 is there
  ASSERT_TRUE(path.late);
  EXPECT_EQ(path.late->told, at_second(42));
  EXPECT_EQ(path.late->took, std::chrono::seconds(42 - 11));
  EXPECT_EQ(path.lacking, at_second(42)) << "the newest is still on its way";
  paths_.told(at_second(60), path, kSession, 12);
  EXPECT_EQ(path.late->told, at_second(42)) << "nothing new has come";
  paths_.told(at_second(61), path, kSession + 1, 1000);
  EXPECT_EQ(path.late->told, at_second(42)) << "counters of another session";
  paths_.confirmed(at_second(70), kPath);
  EXPECT_FALSE(path.lacking);
}

TEST_F(SlowPath, AnAnswerAfterItsTimeConfirmsAndItsRoundTripCounts) {
  PathState& path = paths_.at(kPath);
  for (std::int64_t second = 1; second <= 20; ++second) {
    ++path.number;
    paths_.probed(at_second(second), path);
    probe(second);
  }
  ASSERT_TRUE(path.suspect);
  EXPECT_FALSE(paths_.answered_late(at_second(21), path, 99, true));
  EXPECT_TRUE(paths_.answered_late(at_second(21), path, 1, false)) << "by another path: ours works, and no round trip";
  EXPECT_FALSE(path.late_back);
  EXPECT_FALSE(path.suspect);
  EXPECT_TRUE(paths_.answered_late(at_second(32), path, 2, true));
  ASSERT_TRUE(path.late_back);
  EXPECT_EQ(path.late_back->took, std::chrono::seconds(30));
  EXPECT_EQ(path.flow.round_trip().smoothed(), std::chrono::seconds(30));
  EXPECT_FALSE(paths_.answered_late(at_second(33), path, 2, true)) << "once";
}

TEST_F(SlowPath, WhatWasSeenOfAFormerStationSaysNothingOfTheNext) {
  for (std::int64_t second = 1; second <= 5; ++second) probe(second);
  PathState& path = paths_.at(kPath);
  paths_.told(at_second(6), path, kSession, 0);
  paths_.called(at_second(6), kPath);
  paths_.call_answered(at_second(6), kPath);
  paths_.answered_elsewhere(at_second(6), path);
  paths_.new_station();
  EXPECT_FALSE(path.suspect || path.suspect_since || path.lacking || path.late || path.called || path.elsewhere_since);
  EXPECT_EQ(path.calls, 0u);
}

TEST_F(SlowPath, ACallThatDoesNotReadShowsNothingOfThePath) {
  PathState& path = paths_.at(kPath);
  for (int i = 0; i < 5; ++i) paths_.called(at_second(i), kPath);
  EXPECT_EQ(path.calls, 0u);
  EXPECT_EQ(path.called, at_second(4));
  paths_.call_answered(at_second(5), kPath);
  EXPECT_EQ(path.called_since, at_second(5));
  paths_.call_unread(kPath);
  EXPECT_EQ(path.calls, 0u);
}

}  // namespace
}  // namespace detente::core
