// Calendar: what became of a line's check calls, drawn by day for a terminal, as
// an SVG picture, and as CSV.
//
// A cell shows the gravest of its day's marks by a letter (and in the picture by
// a colour, never by colour alone); the totals count every one. Marks are worded
// as this side sees them: "they", "we". Nothing here knows a clock: today is
// given.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "watch/call_book.h"
#include "watch/call_dates.h"

namespace detente::watch {

struct CalendarView {
  std::string title;  // "north/liaison"; valid UTF-8 that is safe to show
  Day from = 0;
  Day until = 0;  // not in it; after `from`
  Day today = 0;
  std::map<Day, DayCounts> days;  // those that have any
  bool planned = true;            // the accord in force plans calls on the line
};

struct MarkWords {
  DayMark mark = DayMark::kInTime;
  char letter = ' ';
  const char* name = "";   // for programs: "in time", "silent"
  const char* words = "";  // for people; without a comma, so that CSV takes it bare
  const char* fill = "";   // of the picture
};
// The gravest first.
const std::array<MarkWords, kDayMarks>& mark_words();
const MarkWords& words_of(DayMark mark);
std::optional<DayMark> gravest(const DayCounts& counts);  // nothing for a day without any

DayCounts counts_of(const CalendarView& view, Day day);
std::array<std::uint32_t, kDayMarks> totals_of(const CalendarView& view);  // by DayMark

// A month of the view, and the days of it that lie in the view.
struct CalendarMonth {
  std::int32_t year = 1970;
  std::uint32_t month = 1;
  Day begin = 0;
  Day end = 0;
  std::string name() const;  // "November 2026"
};
std::vector<CalendarMonth> months_of(const CalendarView& view);

// At most 80 columns. Up to four months two side by side, with weeks and weekdays; above that a
// line for each month.
std::vector<std::string> calendar_lines(const CalendarView& view);
std::string calendar_svg(const CalendarView& view);
// A header, then a line for each day of the view: the date, and a number for each mark by DayMark.
std::string calendar_csv(const CalendarView& view);

}  // namespace detente::watch
