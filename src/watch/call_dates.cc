#include "watch/call_dates.h"

#include <algorithm>
#include <bit>

namespace detente::watch {
namespace {

constexpr Day kWeek = 7;

}  // namespace

Day day_of(const CivilDate& date) { return static_cast<Day>(days_from_civil(date)); }

// Day 0 was a Thursday.
std::uint32_t weekday_of(Day day) {
  return static_cast<std::uint32_t>(((day + 3) % kWeek + kWeek) % kWeek);
}

Day day_at(WallTime time) { return static_cast<Day>(time.seconds / kSecondsPerDay); }

WallTime begin_of(Day day) { return {static_cast<std::uint32_t>(std::max(day, 0)) * kSecondsPerDay}; }

std::string date_text(Day day) {
  const CivilDate date = civil_from_days(day);
  const auto two = [](std::uint32_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return std::to_string(date.year) + "-" + two(date.month) + "-" + two(date.day);
}

Result<Day> parse_day(std::string_view text) {
  DETENTE_TRY(begin, parse_utc(std::string(text) + "T00:00:00Z"));
  return day_at(begin);
}

CallDates::CallDates(const accord::CheckCall& call, const accord::HoursTerms& terms,
                     const CivilDate& first)
    : first_(day_of(first)), minute_(call.minute), days_(call.days) {
  for (const accord::Holiday& holiday : terms.holidays) {
    if (holiday.year == 0)
      yearly_.emplace_back(holiday.month, holiday.day);
    else
      holidays_.push_back(day_of({holiday.year, holiday.month, holiday.day}));
  }
  for (const accord::CallException& exception : call.exceptions)
    exceptions_.emplace_back(day_of(exception.date), exception.minute);
}

bool CallDates::is_holiday(Day day) const {
  if (std::binary_search(holidays_.begin(), holidays_.end(), day)) return true;
  if (yearly_.empty()) return false;
  const CivilDate date = civil_from_days(day);
  return std::binary_search(yearly_.begin(), yearly_.end(), std::pair(date.month, date.day));
}

std::optional<CallDates::Hour> CallDates::on(Day day) const {
  if (day < first_) return std::nullopt;
  const auto exception =
      std::lower_bound(exceptions_.begin(), exceptions_.end(), day,
                       [](const auto& value, Day wanted) { return value.first < wanted; });
  if (exception != exceptions_.end() && exception->first == day) {
    if (!exception->second) return std::nullopt;
    return Hour{*exception->second, true};
  }
  if (!on_weekday(day) || is_holiday(day)) return std::nullopt;
  return Hour{minute_, false};
}

std::uint32_t CallDates::number_of(Day day) const {
  if (day <= first_) return 0;
  // By weekdays alone ...
  const Day weeks = (day - first_) / kWeek;
  Day count = weeks * std::popcount(days_);
  for (Day rest = first_ + weeks * kWeek; rest < day; ++rest) count += on_weekday(rest) ? 1 : 0;
  // ... and what each day that the annex names changes in that.
  std::vector<Day> named = holidays_;
  for (const auto& exception : exceptions_) named.push_back(exception.first);
  for (std::int32_t year = civil_from_days(first_).year; year <= civil_from_days(day).year; ++year)
    for (const auto& [month, of_month] : yearly_)
      if (is_civil({year, month, of_month})) named.push_back(day_of({year, month, of_month}));
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  for (const Day at : named)
    if (at >= first_ && at < day) count += (on(at) ? 1 : 0) - (on_weekday(at) ? 1 : 0);
  return static_cast<std::uint32_t>(count);
}

Day CallDates::last_named() const {
  Day out = first_;
  if (!holidays_.empty()) out = std::max(out, holidays_.back());
  if (!exceptions_.empty()) out = std::max(out, exceptions_.back().first);
  return out;
}

}  // namespace detente::watch
