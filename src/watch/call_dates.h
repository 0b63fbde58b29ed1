// CallDates: on which dates one check call of an annex falls, and which number
// each of them has.
//
// Dates and numbers follow from the annex's text alone: no zone rules, no clock.
// So two sides whose zone data differ still agree on whose turn it is.
//
// The number of a date is how many dates the call has had before it since the
// accord's first. It is counted without going through the days, so that asking
// about a day in twenty years costs what asking about tomorrow does.
// spec/hours.md section 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accord/check_calls.h"
#include "base/civil.h"

namespace detente::watch {

// A date as days since 1970-01-01.
using Day = std::int32_t;
Day day_of(const CivilDate& date);
Day day_at(WallTime time);                    // in UTC
WallTime begin_of(Day day);                   // in UTC; of a day before 1970 the clock's first second
std::string date_text(Day day);               // "2026-11-24"
Result<Day> parse_day(std::string_view text);  // exactly what date_text writes
std::uint32_t weekday_of(Day day);  // 0 Monday ... 6 Sunday

class CallDates {
 public:
  // No call before `first`.
  CallDates(const accord::CheckCall& call, const accord::HoursTerms& terms, const CivilDate& first);

  struct Hour {
    std::uint16_t minute = 0;
    bool is_exception = false;  // for both sides alike
  };
  std::optional<Hour> on(Day day) const;
  std::uint32_t number_of(Day day) const;  // dates before `day`
  // Whether any date of [first, until) has the call, and the last one that the annex names.
  bool ever_before(Day until) const { return number_of(until) > 0; }
  Day last_named() const;

 private:
  bool on_weekday(Day day) const { return days_ >> weekday_of(day) & 1; }
  bool is_holiday(Day day) const;

  Day first_;
  std::uint16_t minute_;
  std::uint8_t days_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> yearly_;           // month, day; ascending
  std::vector<Day> holidays_;                                             // of one year; ascending
  std::vector<std::pair<Day, std::optional<std::uint16_t>>> exceptions_;  // ascending
};

}  // namespace detente::watch
