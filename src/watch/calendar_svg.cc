// The picture: months of square cells, four in a row, on white; every mark has its letter, so that
// it can be read in black and white. No script, no style sheet, no font of its own.
#include <algorithm>
#include <string_view>

#include "watch/calendar.h"

namespace detente::watch {
namespace {

constexpr int kMargin = 24;
constexpr int kCell = 24;
constexpr int kMonthsInRow = 4;
constexpr int kMonthPixels = 7 * kCell;
constexpr int kMonthGap = 24;
constexpr int kMonthHead = 36;  // its name and the weekdays
constexpr int kMonthHeight = kMonthHead + 6 * kCell + 20;
constexpr int kWidth = 2 * kMargin + kMonthsInRow * kMonthPixels + (kMonthsInRow - 1) * kMonthGap;
constexpr int kHeadHeight = 76;
constexpr int kLegendRow = 24;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;  // XML has no controls
    }
  }
  return out;
}

std::string number(const char* name, int value) {
  return " " + std::string(name) + "=\"" + std::to_string(value) + "\"";
}

struct TextStyle {
  int size = 12;
  const char* anchor = "start";
  const char* fill = "#222222";
  bool bold = false;
};

void add_text(std::string& out, int x, int y, std::string_view text, const TextStyle& style) {
  out += "<text" + number("x", x) + number("y", y) + number("font-size", style.size) +
         " text-anchor=\"" + style.anchor + "\" fill=\"" + style.fill + "\"" +
         (style.bold ? " font-weight=\"bold\"" : "") + ">" + escaped(text) + "</text>\n";
}

void add_cell(std::string& out, int x, int y, const char* fill, bool heavy) {
  out += "<rect" + number("x", x + 1) + number("y", y + 1) + number("width", kCell - 2) +
         number("height", kCell - 2) + " fill=\"" + fill + "\" stroke=\"" +
         (heavy ? "#000000\" stroke-width=\"2\"" : "#bbbbbb\"") + "/>\n";
}

// Shown by a viewer that is pointed at the day: "2026-11-26: answered in time 2".
std::string day_words(Day day, const DayCounts& counts) {
  std::string out = date_text(day);
  const char* between = ": ";
  for (const MarkWords& words : mark_words()) {
    if (counts.of(words.mark) == 0) continue;
    out += between + std::string(words.words) + " " + std::to_string(counts.of(words.mark));
    between = ", ";
  }
  return out;
}

void add_day(std::string& out, int x, int y, const CalendarView& view, Day day) {
  const DayCounts counts = counts_of(view, day);
  const auto mark = gravest(counts);
  out += "<g><title>" + escaped(day_words(day, counts)) + "</title>\n";
  add_cell(out, x, y, mark ? words_of(*mark).fill : "#ffffff", day == view.today);
  add_text(out, x + 3, y + 8, std::to_string(civil_from_days(day).day),
           {.size = 7, .fill = "#555555"});
  if (mark)
    add_text(out, x + 15, y + 20, std::string(1, words_of(*mark).letter),
             {.size = 12, .anchor = "middle", .bold = true});
  out += "</g>\n";
}

void add_month(std::string& out, int x, int y, const CalendarView& view,
               const CalendarMonth& month) {
  static constexpr std::array kDays = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
  add_text(out, x, y + 12, month.name(), {.size = 13, .bold = true});
  for (int i = 0; i < 7; ++i)
    add_text(out, x + i * kCell + kCell / 2, y + 30, kDays[static_cast<std::size_t>(i)],
             {.size = 9, .anchor = "middle", .fill = "#555555"});
  const Day first = day_of({month.year, month.month, 1});
  const int before = static_cast<int>(weekday_of(first));
  for (Day day = month.begin; day < month.end; ++day) {
    const int place = before + (day - first);
    add_day(out, x + place % 7 * kCell, y + kMonthHead + place / 7 * kCell, view, day);
  }
}

// Marks that occur, in two columns.
std::vector<const MarkWords*> legend_of(const CalendarView& view) {
  const auto totals = totals_of(view);
  std::vector<const MarkWords*> out;
  for (const MarkWords& words : mark_words())
    if (totals[static_cast<std::size_t>(words.mark)] > 0) out.push_back(&words);
  return out;
}

void add_legend(std::string& out, int y, const CalendarView& view) {
  const auto totals = totals_of(view);
  const auto marks = legend_of(view);
  add_text(out, kMargin, y + 12,
           marks.empty() ? "No check call of these days has come to its end."
                         : "A day shows the gravest of its calls; every one is counted. A heavy "
                           "frame is today.",
           {.fill = "#555555"});
  const int rows = static_cast<int>(marks.size() + 1) / 2;
  for (int i = 0; i < static_cast<int>(marks.size()); ++i) {
    const MarkWords& words = *marks[static_cast<std::size_t>(i)];
    const int x = kMargin + i / rows * (kWidth - 2 * kMargin) / 2;
    const int top = y + 22 + i % rows * kLegendRow;
    add_cell(out, x, top, words.fill, false);
    add_text(out, x + 12, top + 17, std::string(1, words.letter),
             {.size = 13, .anchor = "middle", .bold = true});
    add_text(out, x + 34, top + 16,
             std::string(words.words) + ": " +
                 std::to_string(totals[static_cast<std::size_t>(words.mark)]),
             {});
  }
}

}  // namespace

std::string calendar_svg(const CalendarView& view) {
  const std::vector<CalendarMonth> months = months_of(view);
  const int rows = (static_cast<int>(months.size()) + kMonthsInRow - 1) / kMonthsInRow;
  const int legend = kHeadHeight + rows * kMonthHeight;
  const int height =
      legend + 22 + (static_cast<int>(legend_of(view).size()) + 1) / 2 * kLegendRow + kMargin;
  const std::string dates = date_text(view.from) + " to " + date_text(view.until - 1);
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"";
  out += number("width", kWidth) + number("height", height) + " viewBox=\"0 0 " +
         std::to_string(kWidth) + " " + std::to_string(height) +
         "\" font-family=\"sans-serif\" role=\"img\">\n<title>" +
         escaped("Check calls of " + view.title + ", " + dates) + "</title>\n<rect" +
         number("width", kWidth) + number("height", height) + " fill=\"#ffffff\"/>\n";
  add_text(out, kMargin, 34, "Check calls of " + view.title, {.size = 16, .bold = true});
  add_text(out, kMargin, 54, dates, {.fill = "#555555"});
  for (int i = 0; i < static_cast<int>(months.size()); ++i)
    add_month(out, kMargin + i % kMonthsInRow * (kMonthPixels + kMonthGap),
              kHeadHeight + i / kMonthsInRow * kMonthHeight, view,
              months[static_cast<std::size_t>(i)]);
  add_legend(out, legend, view);
  return out + "</svg>\n";
}

}  // namespace detente::watch
