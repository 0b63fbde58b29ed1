// Civil dates in UTC: seconds since 1970 to year, month and day, and back.
//
// Only the proleptic Gregorian calendar in UTC: no time zones, no leap seconds
// (a 60th second is refused). What a person sees in his own zone is made at
// the edges. Years 1970 to 2106, since a WallTime has 32 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace detente {

struct CivilDate {
  std::int32_t year = 1970;
  std::uint32_t month = 1;  // 1..12
  std::uint32_t day = 1;    // 1..31
  auto operator<=>(const CivilDate&) const = default;
};

// Days from 1970-01-01; the date must be one that the calendar has (is_civil).
std::int64_t days_from_civil(const CivilDate& date);
CivilDate civil_from_days(std::int64_t days);
bool is_civil(const CivilDate& date);
CivilDate date_of(WallTime time);

// "2026-11-24T09:00:00Z" (RFC 3339, UTC, whole seconds), the only form that
// our texts have. parse_utc takes exactly what format_utc writes; kMalformed else.
std::string format_utc(WallTime time);
Result<WallTime> parse_utc(std::string_view text);

// UTC months since January 2020; a time before counts as month 0 (a clock that
// is wrong still has to have a month). At most kMonthMax.
inline constexpr std::int32_t kFirstMonthYear = 2020;
inline constexpr std::uint32_t kMonthMax = (2106 - 2020) * 12 + 1;  // February 2106
std::uint32_t month_index(WallTime time);

}  // namespace detente
