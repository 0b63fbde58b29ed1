#include "watch/calendar.h"

#include <algorithm>

namespace detente::watch {

const std::array<MarkWords, kDayMarks>& mark_words() {
  static constexpr std::array<MarkWords, kDayMarks> kWords = {{
      {DayMark::kSilent, 'S', "silent", "they did not answer or did not call", "#f0a090"},
      {DayMark::kMissed, 'M', "missed", "we did not answer or did not call", "#d9b3e6"},
      {DayMark::kDeclined, 'D', "declined", "declined by a person", "#f7cfa8"},
      {DayMark::kOwnStationDown, '?', "own station down", "not known: our station did not run",
       "#e3e3e3"},
      {DayMark::kOwnPathDown, '?', "own path down", "not known: our path was down", "#efe6d8"},
      {DayMark::kNotWatched, '?', "not watched", "not known: our clock jumped or stood still", "#e8e0ea"},
      {DayMark::kInCut, 'C', "in a cut", "the line was cut", "#b8b8b8"},
      {DayMark::kLate, 'L', "late", "answered late", "#f7e9a0"},
      {DayMark::kAtTheirHour, 'h', "at their hour", "answered at the called side's own hour",
       "#dff0c8"},
      {DayMark::kCalledOff, 'O', "called off", "called off beforehand", "#d5e3ee"},
      {DayMark::kInTime, '+', "in time", "answered in time", "#cbe8cf"},
      {DayMark::kDrill, 'T', "drill", "a drill (counts as no call)", "#f4f4ff"},
  }};
  return kWords;
}

const MarkWords& words_of(DayMark mark) {
  const auto& all = mark_words();
  return *std::find_if(all.begin(), all.end(),
                       [&](const MarkWords& words) { return words.mark == mark; });
}

std::optional<DayMark> gravest(const DayCounts& counts) {
  for (const MarkWords& words : mark_words())
    if (counts.of(words.mark) > 0) return words.mark;
  return std::nullopt;
}

DayCounts counts_of(const CalendarView& view, Day day) {
  const auto found = view.days.find(day);
  return found == view.days.end() ? DayCounts() : found->second;
}

std::array<std::uint32_t, kDayMarks> totals_of(const CalendarView& view) {
  std::array<std::uint32_t, kDayMarks> out{};
  const auto end = view.days.lower_bound(view.until);
  for (auto day = view.days.lower_bound(view.from); day != end; ++day)
    for (std::size_t mark = 0; mark < kDayMarks; ++mark) out[mark] += day->second.marks[mark];
  return out;
}

std::string CalendarMonth::name() const {
  static constexpr std::array kNames = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
  return std::string(kNames[month - 1]) + " " + std::to_string(year);
}

std::vector<CalendarMonth> months_of(const CalendarView& view) {
  std::vector<CalendarMonth> out;
  for (Day day = view.from; day < view.until;) {
    const CivilDate date = civil_from_days(day);
    const CivilDate next =
        date.month == 12 ? CivilDate{date.year + 1, 1, 1} : CivilDate{date.year, date.month + 1, 1};
    const Day end = std::min(day_of(next), view.until);
    out.push_back({date.year, date.month, day, end});
    day = end;
  }
  return out;
}

std::string calendar_csv(const CalendarView& view) {
  std::string out = "date";
  for (std::size_t mark = 0; mark < kDayMarks; ++mark)
    out.append(",").append(words_of(static_cast<DayMark>(mark)).words);
  out += "\n";
  for (Day day = view.from; day < view.until; ++day) {
    out += date_text(day);
    for (const std::uint8_t count : counts_of(view, day).marks) out += "," + std::to_string(count);
    out += "\n";
  }
  return out;
}

}  // namespace detente::watch
