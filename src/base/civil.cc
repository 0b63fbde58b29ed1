// The arithmetic is derived as Howard Hinnant describes it ("chrono-Compatible
// Low-Level Date Algorithms"): a year that begins in March ends with its leap
// day, so a month's first day is a linear function of the month, and 400 years
// have always 146097 days.
#include "base/civil.h"

#include <algorithm>
#include <cstdio>

namespace detente {
namespace {

constexpr std::int64_t kDaysPerEra = 146097;        // of 400 years
constexpr std::int64_t kEpochFromEraZero = 719468;  // days from 0000-03-01 to 1970-01-01

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return (a >= 0 ? a : a - b + 1) / b; }

// Days of a year that begins in March before month 0 (March) .. 11 (February).
std::int64_t days_before(std::int64_t march_month) { return (153 * march_month + 2) / 5; }

bool is_leap(std::int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// The number in `text` when it is digits only.
bool read_digits(std::string_view text, std::uint32_t& out) {
  out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return true;
}

}  // namespace

std::int64_t days_from_civil(const CivilDate& date) {
  const std::int64_t march_month = (date.month + 9) % 12;
  const std::int64_t year = date.year - (march_month >= 10 ? 1 : 0);
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t y = year - era * 400;
  const std::int64_t day_of_era =
      y * 365 + y / 4 - y / 100 + days_before(march_month) + date.day - 1;
  return era * kDaysPerEra + day_of_era - kEpochFromEraZero;
}

CivilDate civil_from_days(std::int64_t days) {
  const std::int64_t shifted = days + kEpochFromEraZero;
  const std::int64_t era = floor_div(shifted, kDaysPerEra);
  const std::int64_t doe = shifted - era * kDaysPerEra;
  // Takes the leap days out, so that every year has 365.
  const std::int64_t y = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t day_of_year = doe - (y * 365 + y / 4 - y / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  CivilDate out;
  out.day = static_cast<std::uint32_t>(day_of_year - days_before(march_month) + 1);
  out.month = static_cast<std::uint32_t>((march_month + 2) % 12 + 1);
  out.year = static_cast<std::int32_t>(era * 400 + y + (march_month >= 10 ? 1 : 0));
  return out;
}

bool is_civil(const CivilDate& date) {
  static constexpr std::uint32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date.month < 1 || date.month > 12 || date.day < 1) return false;
  const bool leap_day = date.month == 2 && is_leap(date.year);
  return date.day <= kDays[date.month - 1] + (leap_day ? 1 : 0);
}

CivilDate date_of(WallTime time) { return civil_from_days(time.seconds / kSecondsPerDay); }

std::string format_utc(WallTime time) {
  const CivilDate date = date_of(time);
  const std::uint32_t second = time.seconds % kSecondsPerDay;
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02uZ", date.year, date.month,
                date.day, second / 3600, second / 60 % 60, second % 60);
  return text;
}

Result<WallTime> parse_utc(std::string_view text) {
  const auto bad = [&] {
    return fail(Fault::kMalformed,
                "not a time in UTC; write it as 2026-11-24T09:00:00Z (years 1970 to 2106)");
  };
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return bad();
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kShape[i] != 'd' && text[i] != kShape[i]) return bad();
  std::uint32_t year, month, day, hour, minute, second;
  if (!read_digits(text.substr(0, 4), year) || !read_digits(text.substr(5, 2), month) ||
      !read_digits(text.substr(8, 2), day) || !read_digits(text.substr(11, 2), hour) ||
      !read_digits(text.substr(14, 2), minute) || !read_digits(text.substr(17, 2), second))
    return bad();
  const CivilDate date{static_cast<std::int32_t>(year), month, day};
  if (!is_civil(date) || hour > 23 || minute > 59 || second > 59) return bad();
  const std::int64_t seconds =
      days_from_civil(date) * kSecondsPerDay + hour * 3600 + minute * 60 + second;
  if (seconds < 0 || seconds > 0xffffffffLL) return bad();
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

std::uint32_t month_index(WallTime time) {
  const CivilDate date = date_of(time);
  const std::int32_t months =
      (date.year - kFirstMonthYear) * 12 + static_cast<std::int32_t>(date.month) - 1;
  return static_cast<std::uint32_t>(std::max(months, 0));
}

}  // namespace detente
