// `detente calendar LINE`: what became of the check calls, day by day, and what
// the record has of one day.
#include <optional>

#include "client_address.h"
#include "client_commands.h"
#include "client_http.h"
#include "client_mark.h"
#include "client_show.h"
#include "clocks.h"
#include "dates.h"
#include "io/os_clock.h"
#include "watch/calendar.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

using watch::CalendarView;
using watch::Day;

constexpr std::int32_t kMonthsShown = 4;

struct CalendarOptions {
  std::string line, from, to, date, svg, csv;
  std::int32_t year = 0;
};

struct Span {
  Day from = 0, until = 0;
  std::string query() const {
    return "?from=" + std::to_string(from) + "&until=" + std::to_string(until);
  }
};

Result<Day> day_of_option(const std::string& text, const std::string& option) {
  DETENTE_TRY(time, parse_date(text, option));
  return watch::day_at(time);
}

// `months` later; the first day of it.
Day month_begin(const CivilDate& date, std::int32_t months) {
  const std::int32_t index = date.year * 12 + static_cast<std::int32_t>(date.month) - 1 + months;
  return watch::day_of({index / 12, static_cast<std::uint32_t>(index % 12) + 1, 1});
}

// A year, or from one date to another; else this month and the three before it.
Result<Span> span_of(const CalendarOptions& options) {
  if (options.year != 0)
    return Span{watch::day_of({options.year, 1, 1}), watch::day_of({options.year + 1, 1, 1})};
  const CivilDate today = date_of(io::os_wall_time());
  Span out{month_begin(today, 1 - kMonthsShown), month_begin(today, 1)};
  if (!options.to.empty()) {
    DETENTE_TRY(to, day_of_option(options.to, "--to"));
    out.until = to + 1;  // the day itself is shown
    out.from = month_begin(civil_from_days(to), 1 - kMonthsShown);
  }
  if (!options.from.empty()) {
    DETENTE_TRY(from, day_of_option(options.from, "--from"));
    out.from = from;
  }
  out.from = std::max(out.from, Day{0});
  if (out.until <= out.from || out.until - out.from > Day{kDaysAtOnce})
    return fail(Fault::kMalformed, "--to must be a date from --from to twenty years later");
  return out;
}

// ---- what the station answers ----

bool is_count(const Json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= 255;
}

std::optional<watch::DayCounts> counts_of(const Json& list) {
  if (!list.is_array() || list.size() != watch::kDayMarks) return std::nullopt;
  watch::DayCounts out;
  for (std::size_t mark = 0; mark < watch::kDayMarks; ++mark) {
    if (!is_count(list[mark])) return std::nullopt;
    out.marks[mark] = list[mark].get<std::uint8_t>();
  }
  return out;
}

Result<CalendarView> view_of(const Json& answer, const LineAddress& line, const Span& span) {
  const auto strange = [] {
    return fail(Fault::kMalformed,
                "the station's calendar is none that this program reads; use the same version for "
                "both");
  };
  const Json marks = answer.value("marks", Json::array()), days = answer.value("days", Json());
  if (marks.size() != watch::kDayMarks || !days.is_array()) return strange();
  for (std::size_t mark = 0; mark < watch::kDayMarks; ++mark)
    if (marks[mark] != watch::words_of(static_cast<watch::DayMark>(mark)).name) return strange();
  CalendarView out{line.text(), span.from, span.until, 0, {}, answer.value("planned", Json(true)) != false};
  const Json today = answer.value("today", Json());
  if (!today.is_number_integer()) return strange();
  out.today = today.get<Day>();
  for (const Json& day : days) {
    if (!day.is_array() || day.size() != 2 || !day[0].is_number_integer()) return strange();
    const auto counts = counts_of(day[1]);
    if (!counts) return strange();
    out.days[day[0].get<Day>()] = *counts;
  }
  return out;
}

Result<void> write_export(Context& context, const std::string& file, const std::string& text,
                          const char* name) {
  if (file.empty()) return {};
  DETENTE_TRY_VOID(io::write_new_file(file, as_bytes(text), io::kPublicMode));
  context.say(std::string(name) + ": " + wire::display_line(file));
  context.result({{name, file}});
  return {};
}

Result<void> draw(Context& context, const StationClient& station, const LineAddress& line,
                  const CalendarOptions& options) {
  DETENTE_TRY(span, span_of(options));
  DETENTE_TRY(answer, station.get(line.target() + "/calendar" + span.query()));
  DETENTE_TRY(view, view_of(answer, line, span));
  for (const std::string& text : watch::calendar_lines(view)) context.say(text);
  context.result(answer);
  if (!options.svg.empty() || !options.csv.empty()) context.say();
  DETENTE_TRY_VOID(write_export(context, options.svg, watch::calendar_svg(view), "svg"));
  DETENTE_TRY_VOID(write_export(context, options.csv, watch::calendar_csv(view), "csv"));
  context.next("detente calendar " + line.text() + " --date " + watch::date_text(view.today));
  return {};
}

// ---- one day ----

Json list_of(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_array() ? *it : Json::array();
}

void say_call(Context& context, const LineAddress& line, const Json& call) {
  std::string words = text_of(call, "state_words");
  if (words.empty()) words = text_of(call, "state");
  const std::string head =
      utc_text(call.value("at", Json())) + "  " + text_of(call, "caller") + " calls: " + words;
  for (const std::string& text : wrap(head, kColumns)) context.say(text);
  for (const Json& fact : list_of(call, "facts")) {
    const std::string officer = text_of(fact, "officer");
    const std::string text = mark_of(fact) + text_of(fact, "kind") + " " + utc_text(fact.value("at", Json())) +
                             " " + text_of(fact, "side") + (officer.empty() ? "" : ", " + officer);
    for (const std::string& part : wrap(text, kColumns - 4)) context.say("    " + part);
  }
  for (const Json& entry : list_of(call, "entries")) {
    const std::string epoch = text_of(entry, "epoch");
    context.say("    " + mark_of(entry) + "detente record entry " + line.text() + " " + text_of(entry, "whose") + " " +
                std::to_string(entry.value("index", std::uint64_t{0})) +
                (epoch.empty() ? "" : " --epoch " + epoch));
  }
}

Result<void> show_day(Context& context, const StationClient& station, const LineAddress& line,
                      const std::string& date) {
  DETENTE_TRY(day, day_of_option(date, "--date"));
  DETENTE_TRY(answer, station.get(line.target() + "/calls" + Span{day, day + 1}.query()));
  context.say("Check calls of " + line.text() + " on " + watch::date_text(day));
  const Json calls = list_of(answer, "calls");
  if (calls.empty())
    context.say("The station has none of that day: none is planned, or it lies too far back.");
  for (const Json& call : calls) {
    context.say();
    say_call(context, line, call);
  }
  context.result(answer);
  return {};
}

Result<void> calendar(Context& context, const CalendarOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.line));
  DETENTE_TRY_VOID(options.date.empty() ? draw(context, station, line, options)
                                        : show_day(context, station, line, options.date));
  return say_clocks(context, station, line.counterpart);
}

}  // namespace

void add_calendar_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<CalendarOptions>();
  CLI::App* command =
      app.add_subcommand("calendar", "What became of a line's check calls, day by day");
  command->add_option("LINE", options->line, "A line, or COUNTERPART/LINE")->required();
  CLI::Option* year =
      command->add_option("--year", options->year, "A whole year")->check(CLI::Range(1970, 2105));
  CLI::Option* from = command->add_option("--from", options->from, "First date")->type_name("DATE");
  CLI::Option* to = command->add_option("--to", options->to, "Last date")->type_name("DATE");
  CLI::Option* svg = command->add_option("--svg", options->svg, "Write a picture to this new file");
  CLI::Option* csv = command->add_option("--csv", options->csv, "Write numbers to this new file");
  year->excludes(from)->excludes(to);
  command
      ->add_option("--date", options->date,
                   "The calls of one day, and the commands that show their entries")
      ->type_name("DATE")
      ->excludes(year)
      ->excludes(from)
      ->excludes(to)
      ->excludes(svg)
      ->excludes(csv);
  example(*command, "detente calendar north/liaison --year 2026 --svg 2026.svg");
  on_run(*command, context, [&context, options] { return calendar(context, *options); });
}

}  // namespace detente::cli
