#include "station/clock_bound.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

constexpr std::int64_t kMs = 1000, kSecond = 1'000'000, kBegin = 1'795'500'000 * kSecond;

// A far clock that is `offset_us` ahead, a way of `way_us` in each direction.
class FarClock {
 public:
  FarClock(std::int64_t offset_us, std::int64_t way_us) : offset_(offset_us), way_(way_us) {}
  void ask(ClockBound& bound) {
    now_ += bound.ask_in({now_}, kBegin + now_).count();
    const std::int64_t sent = kBegin + now_;
    const std::int64_t signed_at = (sent + way_ + offset_) / kSecond;
    now_ += 2 * way_;
    bound.add({WallTime{static_cast<std::uint32_t>(signed_at)}, sent, kBegin + now_, {now_}});
    now_ += kSecond;
  }
  std::int64_t now_ = 0;

 private:
  std::int64_t offset_, way_;
};

TEST(ClockBound, HoldsTheTruthAndNarrowsToAShortWayInAFewQuestions) {
  for (std::int64_t offset = -3 * kSecond; offset <= 3 * kSecond; offset += 77 * kMs)
    for (const std::int64_t way : {1 * kMs, 40 * kMs, 300 * kMs})
      for (std::int64_t phase = 0; phase < kSecond; phase += 91 * kMs) {
        ClockBound bound;
        FarClock far(offset, way);
        far.now_ = phase;
        for (int i = 0; i < 8; ++i) {
          far.ask(bound);
          const auto known = bound.bounds({far.now_});
          ASSERT_TRUE(known);
          ASSERT_LE(known->low_us, offset);
          ASSERT_GE(known->high_us, offset);
        }
        const auto known = bound.bounds({far.now_});
        // When to ask is reckoned without the way there: over a long one the questions tell less.
        if (way > 100 * kMs) continue;
        EXPECT_LE(known->high_us - known->low_us, 4 * way + 40 * kMs) << offset << " " << way << " " << phase;
      }
}

TEST(ClockBound, OneReceiptLeavesASecondOpen) {
  ClockBound bound;
  FarClock far(0, kMs);
  far.now_ = 100 * kMs;
  far.ask(bound);
  EXPECT_GT(bound.bounds({far.now_})->farthest_us(), kSecond / 2);
}

TEST(ClockBound, AnOwnClockThatWasSetMakesItVoid) {
  ClockBound bound;
  FarClock far(0, kMs);
  for (int i = 0; i < 8; ++i) far.ask(bound);
  EXPECT_LT(bound.bounds({far.now_})->farthest_us(), 50 * kMs);
  // Ours is now ten seconds ahead; the far one goes on.
  const std::int64_t ours = kBegin + far.now_ + 10 * kSecond;
  bound.add({WallTime{static_cast<std::uint32_t>((kBegin + far.now_) / kSecond)}, ours, ours + kMs, {far.now_}});
  EXPECT_GT(bound.bounds({far.now_})->farthest_us(), 8 * kSecond);
}

TEST(ClockBound, IsForgottenSlowly) {
  ClockBound bound;
  FarClock far(0, kMs);
  for (int i = 0; i < 8; ++i) far.ask(bound);
  EXPECT_GT(bound.bounds({far.now_ + 10'000 * kSecond})->farthest_us(), 900 * kMs);
}

}  // namespace
}  // namespace detente::station
