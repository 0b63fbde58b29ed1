#include "base/civil.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/random.h"

namespace detente {
namespace {

TEST(Civil, WalksEveryDayOfFiveHundredYears) {
  CivilDate date{1899, 12, 31};
  for (std::int64_t days = days_from_civil({1900, 1, 1}); days < days_from_civil({2400, 3, 2});
       ++days) {
    // The next day by the calendar's own rule, apart from the arithmetic.
    CivilDate next{date.year, date.month, date.day + 1};
    if (!is_civil(next)) next = {date.year, date.month + 1, 1};
    if (!is_civil(next)) next = {date.year + 1, 1, 1};
    ASSERT_EQ(civil_from_days(days), next);
    ASSERT_EQ(days_from_civil(next), days);
    date = next;
  }
  EXPECT_EQ(days_from_civil({1970, 1, 1}), 0);
  EXPECT_EQ(days_from_civil({1969, 12, 31}), -1);
  EXPECT_EQ(days_from_civil({0, 3, 1}), -719468);
  EXPECT_EQ(civil_from_days(-719469), (CivilDate{0, 2, 29}));
}

TEST(Civil, AgreesWithTheCLibrary) {
  SeededRandom random(1);
  for (int i = 0; i < 20000; ++i) {
    const WallTime time{static_cast<std::uint32_t>(random.next())};
    const std::time_t seconds = time.seconds;
    std::tm tm{};
    gmtime_r(&seconds, &tm);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    ASSERT_EQ(format_utc(time), text);
    ASSERT_EQ(parse_utc(text), time);
    ASSERT_EQ(month_index(time), std::max(0, (tm.tm_year - 120) * 12 + tm.tm_mon));
  }
}

TEST(Civil, Edges) {
  EXPECT_EQ(format_utc({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_utc({0xffffffff}), "2106-02-07T06:28:15Z");
  EXPECT_EQ(parse_utc("2106-02-07T06:28:15Z"), WallTime{0xffffffff});
  EXPECT_EQ(month_index({0}), 0u);
  EXPECT_EQ(month_index(*parse_utc("2020-01-31T23:59:59Z")), 0u);
  EXPECT_EQ(month_index(*parse_utc("2020-02-01T00:00:00Z")), 1u);
  EXPECT_EQ(month_index({0xffffffff}), kMonthMax);
}

TEST(Civil, RefusesEveryOtherForm) {
  for (const char* text : {"",
                           "2026-11-24",
                           "2026-11-24T09:00:00",
                           "2026-11-24T09:00:00z",
                           "2026-11-24 09:00:00Z",
                           "2026-11-24T09:00:00+00:00",
                           "2026-11-24T09:00:00.0Z",
                           "2026-02-29T00:00:00Z",
                           "2100-02-29T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-32T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:60Z",
                           "1969-12-31T23:59:59Z",
                           "2106-02-07T06:28:16Z",
                           "-026-01-01T00:00:00Z",
                           "2026-01-01T00:00:0 Z",
                           " 2026-01-01T00:00:00Z",
                           "2026-01-01T00:00:00Z\n"}) {
    const auto got = parse_utc(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().fault, Fault::kMalformed);
  }
  EXPECT_TRUE(parse_utc("2024-02-29T00:00:00Z"));
}

}  // namespace
}  // namespace detente
