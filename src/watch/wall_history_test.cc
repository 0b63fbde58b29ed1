#include "watch/wall_history.h"

#include <gtest/gtest.h>

namespace detente::watch {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(WallHistory, AnInstantKeepsTheHourThatTheClockShowedThen) {
  WallHistory walls;
  EXPECT_EQ(walls.at({5}), WallTime{});
  walls.look({{0}, {1000}});
  walls.look({{10 * kSecond + 900'000}, {1010}});
  walls.look({{20 * kSecond}, {4620}});  // an hour's sleep
  walls.look({{40 * kSecond}, {3640}});  // and set back by a thousand seconds
  EXPECT_EQ(walls.at({10 * kSecond}), WallTime{1010});
  EXPECT_EQ(walls.at({20 * kSecond - 1}), WallTime{1019});
  EXPECT_EQ(walls.at({20 * kSecond}), WallTime{4620});
  EXPECT_EQ(walls.at({39 * kSecond}), WallTime{4639});
  EXPECT_EQ(walls.at({41 * kSecond}), WallTime{3641});
}

TEST(WallHistory, KeepsTheNewestSteps) {
  WallHistory walls;
  for (std::uint32_t i = 0; i < 1000; ++i) walls.look({{i * kSecond}, {i * 100}});
  EXPECT_EQ(walls.at({999 * kSecond}), WallTime{99'900});
  EXPECT_EQ(walls.at({950 * kSecond}), WallTime{95'000});
}

}  // namespace
}  // namespace detente::watch
