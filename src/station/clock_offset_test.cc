#include "station/clock_offset.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

// Every real offset that fits the whole seconds is within what is said.
TEST(ClockOffset, TheUncertaintyHoldsTheTruth) {
  constexpr std::int64_t kMs = 1000;
  for (std::int64_t offset_ms = -7300; offset_ms <= 7300; offset_ms += 430)
    for (std::int64_t written_ms = 50'000; written_ms < 52'000; written_ms += 170)
      for (std::int64_t there_ms = 0; there_ms <= 4200; there_ms += 610)
        for (std::int64_t back_ms = 0; back_ms <= 4200; back_ms += 610) {
          const auto seconds = [](std::int64_t ms) {
            return WallTime{static_cast<std::uint32_t>(ms / kMs)};
          };
          const auto out =
              clock_offset(seconds(written_ms + there_ms + offset_ms), seconds(written_ms),
                           seconds(written_ms + there_ms + back_ms));
          ASSERT_TRUE(out);
          EXPECT_LE(std::abs(out->offset_s * kMs - offset_ms), out->error_s * kMs)
              << offset_ms << " " << written_ms << " " << there_ms << " " << back_ms;
        }
}

TEST(ClockOffset, AQuickReceiptIsGoodToASecond) {
  const auto out = clock_offset({1000}, {1003}, {1003});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->offset_s, -3);
  EXPECT_EQ(out->error_s, 1);
}

TEST(ClockOffset, AnOwnClockThatWasSetBackMeasuresNothing) {
  EXPECT_FALSE(clock_offset({1000}, {1003}, {1002}));
}

}  // namespace
}  // namespace detente::station
