#include "watch/clock_gap.h"

#include <gtest/gtest.h>

#include "base/civil.h"

namespace detente::watch {
namespace {

constexpr std::uint32_t kNine = 1'800'000'000;

ClockReading reading(std::int64_t running_s, std::int64_t elapsed_s, std::int64_t wall_s) {
  return {Instant{running_s * 1'000'000}, Instant{elapsed_s * 1'000'000}, {static_cast<std::uint32_t>(kNine + wall_s)}};
}

std::optional<ClockGap> between(const ClockReading& one, const ClockReading& two) {
  ClockGaps gaps;
  EXPECT_EQ(gaps.look(one), std::nullopt);
  return gaps.look(two);
}

ClockGap gap(GapKind kind, std::uint32_t from, std::uint32_t until) { return {kind, {kNine + from}, {kNine + until}}; }

TEST(ClockGaps, NothingBetweenTwoLooksOfAClockThatGoes) {
  ClockGaps gaps;
  for (int second = 0; second < 100; ++second) EXPECT_EQ(gaps.look(reading(second, second, second)), std::nullopt);
  EXPECT_EQ(gaps.look(reading(100, 100, 103)), std::nullopt) << "a small correction";
  EXPECT_EQ(gaps.look(reading(120, 120, 123)), std::nullopt) << "a busy machine";
}

TEST(ClockGaps, EachHasItsKind) {
  EXPECT_EQ(between(reading(0, 0, 0), reading(1, 1, 3601)), gap(GapKind::kSetAhead, 0, 3601));
  EXPECT_EQ(between(reading(0, 0, 7200), reading(1, 1, 3601)), gap(GapKind::kSetBack, 7201, 3601));
  EXPECT_EQ(between(reading(0, 0, 7200), reading(1, 1, 7199)), gap(GapKind::kSetBack, 7201, 7199)) << "any step back";
  EXPECT_EQ(between(reading(0, 0, 0), reading(100, 100, 50)), gap(GapKind::kSetBack, 100, 50)) << "halted meanwhile";
  EXPECT_EQ(between(reading(0, 0, 0), reading(1, 3601, 3601)), gap(GapKind::kHostSuspended, 0, 3601));
  EXPECT_EQ(between(reading(0, 0, 0), reading(3601, 3601, 3601)), gap(GapKind::kHalted, 0, 3601));
}

TEST(ClockGaps, IsToldOnce) {
  ClockGaps gaps;
  static_cast<void>(gaps.look(reading(0, 0, 7200)));
  EXPECT_TRUE(gaps.look(reading(1, 1, 3601)));
  EXPECT_FALSE(gaps.look(reading(2, 2, 3602)));
}

TEST(ClockGaps, Words) {
  EXPECT_EQ(words_of(gap(GapKind::kSetBack, 3600, 0)),
            "this machine's clock was set back from " + format_utc({kNine + 3600}) + " to " + format_utc({kNine}));
  for (const GapKind kind : {GapKind::kSetAhead, GapKind::kSetBack, GapKind::kHostSuspended, GapKind::kHalted})
    EXPECT_EQ(gap_kind_from(to_string(kind)), kind);
  EXPECT_EQ(gap_kind_from("gone"), std::nullopt);
}

}  // namespace
}  // namespace detente::watch
