#include <algorithm>

#include "watch/calendar.h"

namespace detente::watch {
namespace {

constexpr std::size_t kMonthsInFull = 4;
constexpr std::size_t kColumns = 80;
constexpr std::size_t kMonthWidth = 38;  // "W48", seven cells of five

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string right(std::uint64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

char letter_of(const CalendarView& view, Day day, char none) {
  const auto mark = gravest(counts_of(view, day));
  return mark ? words_of(*mark).letter : none;
}

// ISO 8601: the week of a year that has its Thursday.
std::uint32_t iso_week(Day monday) {
  const Day thursday = monday + 3;
  const Day first = day_of({civil_from_days(thursday).year, 1, 1});
  return static_cast<std::uint32_t>((thursday - first) / 7 + 1);
}

// ---- a few months, in full ----

std::vector<std::string> month_block(const CalendarView& view, const CalendarMonth& month) {
  std::vector<std::string> out = {padded(month.name(), kMonthWidth)};
  out.push_back(padded("    Mo   Tu   We   Th   Fr   Sa   Su", kMonthWidth));
  const Day monday = month.begin - static_cast<Day>(weekday_of(month.begin));
  for (Day week = monday; week < month.end; week += 7) {
    const std::uint32_t number = iso_week(week);
    std::string row = (number < 10 ? "W0" : "W") + std::to_string(number);
    for (Day day = week; day < week + 7; ++day) {
      const bool is_here = day >= month.begin && day < month.end;
      const bool is_today = is_here && day == view.today;
      row += is_today ? '[' : ' ';
      row += is_here ? right(civil_from_days(day).day, 2) + letter_of(view, day, ' ') : "   ";
      row += is_today ? ']' : ' ';
    }
    out.push_back(std::move(row));
  }
  return out;
}

void add_in_full(std::vector<std::string>& out, const CalendarView& view,
                 const std::vector<CalendarMonth>& months) {
  for (std::size_t i = 0; i < months.size(); i += 2) {
    if (i > 0) out.emplace_back();
    auto left = month_block(view, months[i]);
    auto beside =
        i + 1 < months.size() ? month_block(view, months[i + 1]) : std::vector<std::string>();
    const std::size_t rows = std::max(left.size(), beside.size());
    left.resize(rows, std::string(kMonthWidth, ' '));
    beside.resize(rows);
    for (std::size_t row = 0; row < rows; ++row) out.push_back(left[row] + "    " + beside[row]);
  }
}

// ---- a line a month ----

std::string month_row(const CalendarView& view, const CalendarMonth& month) {
  std::string row = date_text(month.begin).substr(0, 7) + " ";
  const Day first = day_of({month.year, month.month, 1});
  row.append(static_cast<std::size_t>(month.begin - first) * 2, ' ');
  for (Day day = month.begin; day < month.end; ++day) {
    row += day == view.today ? '>' : ' ';
    row += letter_of(view, day, day < view.today ? '.' : ' ');
  }
  return row;
}

void add_compact(std::vector<std::string>& out, const CalendarView& view,
                 const std::vector<CalendarMonth>& months) {
  std::string ruler(kColumns - 10, ' ');
  for (const std::uint32_t day : {1u, 5u, 10u, 15u, 20u, 25u, 30u})
    ruler.replace(7 + (day - 1) * 2, 3, right(day, 3));
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (i == 0 || months[i].month == 1) {
      if (i > 0) out.emplace_back();
      out.push_back(ruler);
    }
    out.push_back(month_row(view, months[i]));
  }
}

// ---- what the letters mean ----

void add_legend(std::vector<std::string>& out, const CalendarView& view, bool compact) {
  const auto totals = totals_of(view);
  std::vector<std::string> rows;
  for (const MarkWords& words : mark_words()) {
    const std::uint32_t total = totals[static_cast<std::size_t>(words.mark)];
    if (total == 0) continue;
    rows.push_back("  " + std::string(1, words.letter) + "  " + padded(words.words, 42) +
                   right(total, 8));
  }
  if (rows.empty()) {
    out.emplace_back(view.planned ? "No check call of these days has come to its end."
                                  : "The accord plans no check calls on this line; what was logged of it: detente log LINE.");
  } else {
    out.emplace_back("A day shows the gravest of its calls; every one is counted:");
    out.insert(out.end(), rows.begin(), rows.end());
  }
  if (compact) out.emplace_back("  .  no call");
  if (view.today >= view.from && view.today < view.until)
    out.push_back((compact ? "  >  today, " : " [ ] today, ") + date_text(view.today));
}

void trim_ends(std::vector<std::string>& lines) {
  for (std::string& line : lines) line.resize(line.find_last_not_of(' ') + 1);
}

}  // namespace

std::vector<std::string> calendar_lines(const CalendarView& view) {
  const std::vector<CalendarMonth> months = months_of(view);
  const bool compact = months.size() > kMonthsInFull;
  std::vector<std::string> out;
  out.push_back("Check calls of " + view.title);
  out.push_back(date_text(view.from) + " to " + date_text(view.until - 1));
  out.emplace_back();
  compact ? add_compact(out, view, months) : add_in_full(out, view, months);
  out.emplace_back();
  add_legend(out, view, compact);
  trim_ends(out);
  return out;
}

}  // namespace detente::watch
