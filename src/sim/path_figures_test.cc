#include "sim/path_figures.h"

#include <gtest/gtest.h>

#include "sim/idle_lines.h"
#include "sim/memory_store.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;

CutSetting cut_of(record::Precedence precedence, std::uint64_t seed) {
  CutSetting out;
  out.seed = seed;
  out.precedence = precedence;
  out.after_message = milliseconds(10 + 300 * static_cast<std::int64_t>(seed % 4));
  return out;
}

TEST(PathFigures, ACutOfOnePathCostsFlashNothing) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const CutFigures out = cut_figures(cut_of(record::Precedence::kFlash, seed));
    EXPECT_GE(out.receipted_before, milliseconds(40));
    EXPECT_LE(out.receipted_after, out.receipted_before);
    EXPECT_EQ(out.lost, 0u);
    EXPECT_EQ(out.written, 70u);
  }
}

TEST(PathFigures, RoutineMovesWithinARoundTripAndATimeout) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const CutSetting setting = cut_of(record::Precedence::kRoutine, seed);
    const CutFigures out = cut_figures(setting);
    EXPECT_GT(out.delivered_after, out.delivered_before);  // the cut was felt at all
    EXPECT_LE(out.delivered_after - out.delivered_before, 2 * setting.one_way + out.timeout);
    EXPECT_EQ(out.lost, 0u);
  }
}

TEST(PathFigures, AfterAHoleOfAMinuteItGoesOnWithinASecond) {
  CutSetting setting = cut_of(record::Precedence::kRoutine, 1);
  setting.all_paths = true;
  setting.healed_after = std::chrono::seconds(60);
  const CutFigures out = cut_figures(setting);
  EXPECT_LE(out.first_after_healing, std::chrono::seconds(1));
  EXPECT_GE(out.receipted_after, std::chrono::seconds(30));  // nothing came through meanwhile
  EXPECT_EQ(out.lost, 0u);
}

TEST(IdleLines, ComeUpAndStayUp) {
  MemoryStore store;
  IdleLines idle({3, 4, 1}, store);
  EXPECT_EQ(idle.datagrams(), 0u);
  int worked = 0;
  idle.after_near = [&] { ++worked; };
  idle.start();
  EXPECT_EQ(idle.lines_up(), 12u);
  const std::uint64_t before = idle.datagrams();
  worked = 0;
  idle.run(std::chrono::hours(3));  // heartbeats and a new session
  EXPECT_EQ(idle.lines_up(), 12u);
  // Heartbeats alone: a probe and its answer each way every 20 seconds at most.
  EXPECT_GT(idle.datagrams(), before + 3 * 180);
  EXPECT_LT(idle.datagrams(), before + 3 * 4 * 3 * 180 + 100);
  EXPECT_GT(worked, 0);
}

}  // namespace
}  // namespace detente::sim
