// `detente calls LINE`: the check calls that the accord plans, for people and for
// programs. Reads the accord's files; no station needs to run.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>

#include "base/civil.h"
#include "client_http.h"
#include "client_show.h"
#include "clocks.h"
#include "dates.h"
#include "io/os_clock.h"
#include "station/schedules.h"
#include "watch/call_state.h"
#include "watch/line_hours.h"
#include "watch_show.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

constexpr std::uint32_t kDaysShown = 7;

struct CallsOptions {
  std::string line, from, to;
};

struct Found {
  std::string counterpart;
  accord::Accord accord;
  accord::Annex annex;
};

Result<Found> find_line(const SideDir& side, const std::string& name) {
  std::optional<Found> out;
  DETENTE_TRY(counterparts, side.counterparts());
  for (const std::string& counterpart : counterparts) {
    if (!side.has_accord(counterpart)) continue;
    DETENTE_TRY(files, side.accord_files(counterpart));
    for (const std::string& text : files.annexes) {
      DETENTE_TRY(annex, accord::parse_annex(text));
      if (annex.name != name && counterpart + "/" + annex.name != name) continue;
      if (out)
        return fail(Fault::kConflict, "line \"" + name + "\": the accords with " +
                                          out->counterpart + " and " + counterpart +
                                          " both have it; say COUNTERPART/LINE");
      out = Found{counterpart, files.note.accord, std::move(annex)};
    }
  }
  if (out) return *out;
  return fail(Fault::kNotFound, "line \"" + wire::display_line(name) +
                                    "\": no accord of this side has it; detente side show counts "
                                    "them, detente accord show COUNTERPART names their lines");
}

Result<std::pair<WallTime, WallTime>> span_of(const CallsOptions& options) {
  const std::uint32_t today = io::os_wall_time().seconds / kSecondsPerDay * kSecondsPerDay;
  WallTime from{today};
  if (!options.from.empty()) {
    DETENTE_TRY(given, parse_date(options.from, "--from"));
    from = given;
  }
  WallTime to{from.seconds + kDaysShown * kSecondsPerDay};
  if (!options.to.empty()) {
    DETENTE_TRY(given, parse_date(options.to, "--to"));
    to = {given.seconds + kSecondsPerDay};  // the day itself is shown
  }
  if (to <= from || to.seconds - from.seconds > kDaysAtOnce * kSecondsPerDay)
    return fail(Fault::kMalformed, "--to must be a date from --from to twenty years later");
  return std::pair(from, to);
}

std::string hour_of(const watch::Schedule& schedule, const watch::PlannedCall& call,
                    WallTime time) {
  const auto local = schedule.zone(call.id.entry)->to_local(time);
  return local ? watch::format_local(*local).substr(11) : "?";
}

// What the station knows of calls, by date and place.
struct Known {
  std::string state, words, caller;
  std::optional<std::uint64_t> at;  // nothing where the station does not know the hour any more
};
using States = std::multimap<std::pair<std::string, std::uint64_t>, Known>;

// Nothing where no station runs.
std::optional<States> states_of(const SideDir& side, const Found& found, const std::pair<WallTime, WallTime>& span) {
  constexpr std::uint32_t kDaysAtOnce = 400;
  States out;
  for (std::uint32_t day = span.first.seconds / kSecondsPerDay; day < span.second.seconds / kSecondsPerDay; day += kDaysAtOnce) {
    const std::uint32_t until = std::min(day + kDaysAtOnce, span.second.seconds / kSecondsPerDay + 1);
    const auto answer = StationClient(side).get("/v1/counterparts/" + found.counterpart + "/lines/" + found.annex.name +
                                                "/calls?from=" + std::to_string(day) + "&until=" + std::to_string(until));
    if (!answer) return std::nullopt;
    for (const Json& call : (*answer)["calls"])
      out.emplace(std::pair(call.value("date", ""), call.value("place", std::uint64_t{0})),
                  Known{call.value("state", ""), text_of(call, "state_words"), text_of(call, "caller"),
                        call["at"].is_number_unsigned() ? std::optional(call["at"].get<std::uint64_t>()) : std::nullopt});
  }
  return out;
}

// As the status says it; nothing where no station runs.
std::optional<std::string> hours_of(const SideDir& side, const Found& found) {
  const auto watch = StationClient(side).get("/v1/counterparts/" + found.counterpart + "/lines/" + found.annex.name + "/watch");
  if (!watch) return std::nullopt;
  return wire::display_line((*watch)["hours"].value("words", ""));
}

// Takes it out: what is left is of hours that the accord in force does not have.
Known take_known(std::optional<States>& states, const std::string& date, const watch::PlannedCall& call) {
  if (!states) return {};
  const auto [first, last] = states->equal_range({date, call.id.entry});
  auto held = std::find_if(first, last, [&](const auto& one) { return one.second.at == std::uint64_t{call.at.seconds}; });
  if (held == last) held = std::find_if(first, last, [](const auto& one) { return !one.second.at; });
  return held == last ? Known{} : states->extract(held).mapped();
}

std::string row(const watch::Schedule& schedule, const Found& found,
                const watch::PlannedCall& call) {
  static constexpr std::array kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const watch::SideIndex called = static_cast<watch::SideIndex>(1 - call.caller);
  std::string text = schedule.words(call).substr(0, 10) + " " +
                     kDays[watch::weekday_of(call.id.day)] + "  " +
                     hour_of(schedule, call, call.at) + "  " + format_utc(call.at).substr(11, 5) +
                     "Z  " + found.accord.sides[call.caller].name + " calls";
  if (call.kind != accord::CallKind::kOrdinary)
    text += std::string(", ") + to_string(call.kind) + " call";
  if (call.called_hour != call.at)
    text +=
        "; " + found.accord.sides[called].name + " at " + hour_of(schedule, call, call.called_hour);
  return text;
}

// What became of it, in the call's own line where there is room.
std::vector<std::string> rows(std::string planned, const Known& known) {
  if (known.words.empty() || known.state == watch::to_string(watch::CallState::kPending)) return {std::move(planned)};
  const bool off = known.state == watch::to_string(watch::CallState::kCalledOff);
  const std::string words = off ? "CALLED OFF" : known.words;
  if (planned.size() + 2 + words.size() <= kColumns) return {planned + "; " + words};
  constexpr std::size_t kIndent = 4;
  std::vector<std::string> out{std::move(planned)};
  for (const std::string& line : wrap(words, kColumns - kIndent)) out.push_back(std::string(kIndent, ' ') + line);
  return out;
}

Json call_json(const watch::Schedule& schedule, const Found& found,
               const watch::PlannedCall& call) {
  return {{"date", schedule.words(call).substr(0, 10)},
          {"place", call.id.entry},
          {"number", call.number},
          {"zone", schedule.zone(call.id.entry)->name()},
          {"kind", to_string(call.kind)},
          {"caller", found.accord.sides[call.caller].name},
          {"at", format_utc(call.at)},
          {"called_hour", format_utc(call.called_hour)},
          {"late_from", format_utc(call.late_from)},
          {"unanswered_from", format_utc(call.unanswered_from)}};
}

void say_zones(Context& context, const watch::ZoneBook& zones, const std::vector<Error>& missing) {
  Json list = Json::array();
  for (const auto& [name, rules] : zones) {
    const std::string digest = to_hex(rules->digest());
    context.say("Zone rules " + digest.substr(0, 16) + "  " + name);
    list.push_back({{"name", name}, {"digest", digest}});
  }
  if (!zones.empty()) context.say("The other side must see the same zone rules.");
  Json unknown = Json::array();
  for (const Error& error : missing) {
    context.say("NOT PLANNED, " + error.message + ".");
    unknown.push_back(error.message);
  }
  context.result({{"zones", list}, {"unknown_zones", unknown}});
}

void say_former(Context& context, const std::optional<States>& states, const std::pair<WallTime, WallTime>& span) {
  Json list = Json::array();
  for (const auto& [id, known] : states.value_or(States())) {
    // The station was asked for a day more: a date may begin before the same date in UTC.
    const bool outside = known.at && (*known.at < span.first.seconds || *known.at >= span.second.seconds);
    if (known.words.empty() || outside) continue;
    if (list.empty()) context.say("Of a former accord, at other hours:");
    const std::string hour = known.at ? format_utc({static_cast<std::uint32_t>(*known.at)}).substr(11, 5) + "Z" : "?";
    const std::string planned = id.first + "  " + hour + (known.caller.empty() ? "" : "  " + known.caller + " calls");
    for (const std::string& line : rows(planned, known)) context.say(line);
    list.push_back({{"date", id.first}, {"place", id.second}, {"at", known.at ? Json(format_utc({static_cast<std::uint32_t>(*known.at)})) : Json()}, {"caller", known.caller}, {"state", known.state}, {"state_words", known.words}});
  }
  context.result({{"former", std::move(list)}});
}

Result<void> calls(Context& context, const CallsOptions& options) {
  DETENTE_TRY(span, span_of(options));
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(found, find_line(side, options.line));
  const station::ZonesHere here =
      station::load_zones(std::span(&found.annex, 1), found.accord.not_before);
  DETENTE_TRY(schedule, station::schedule_of(found.accord, found.annex, here.zones));
  const auto planned = schedule.planned(span.first, span.second);
  const WallTime now = io::os_wall_time();
  // The accord's files have no extension of the hours: that is in the record.
  const auto known = hours_of(side, found);
  const std::string hours = known ? *known : watch::words(schedule, watch::line_hours(schedule, now), now);
  context.say("Check calls of " + found.annex.name + " with " + found.counterpart + ", " +
              format_utc(span.first).substr(0, 10) + " to " +
              format_utc({span.second.seconds - 1}).substr(0, 10));
  std::vector<std::string> of_hours;
  if (known) {
    add_wrapped(of_hours, "The line is now " + hours + ".");
  } else if (here.missing.empty()) {
    add_wrapped(of_hours, "By its hours the line is now " + hours + "; the station does not run: whether they were extended is not known here.");
  }
  for (const std::string& line : of_hours) context.say(line);
  if (found.annex.check_calls.empty()) context.say("The accord plans none on this line.");
  Json list = Json::array();
  auto states = states_of(side, found, span);
  for (const watch::PlannedCall& call : planned) {
    Json one = call_json(schedule, found, call);
    const Known known = take_known(states, one["date"].get<std::string>(), call);
    one["state"] = known.state.empty() ? Json() : Json(known.state);
    one["state_words"] = known.words;
    for (const std::string& line : rows(row(schedule, found, call), known)) context.say(line);
    list.push_back(std::move(one));
  }
  say_former(context, states, span);
  if (!planned.empty() && !states) context.say("The station does not run: what became of them is not known here.");
  if (planned.empty() && !found.annex.check_calls.empty() && (here.missing.empty() || schedule.next(span.second)))
    context.say("None in these days; the next: " + [&] {
      const auto next = schedule.next(span.second);
      return next ? schedule.words(*next) : std::string("none");
    }() + ".");
  if (!planned.empty())
    context.say("An answer is late after " + std::to_string(schedule.terms().late_minutes) +
                " minutes; after " + std::to_string(schedule.terms().unanswered_minutes) +
                " there was none.");
  context.result({{"line", found.annex.name},
                  {"counterpart", found.counterpart},
                  {"hours", hours},
                  {"calls", list}});
  say_zones(context, here.zones, here.missing);
  say_clocks_if_it_runs(context, StationClient(side), found.counterpart);
  return {};
}

}  // namespace

void add_calls_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<CallsOptions>();
  CLI::App* command = app.add_subcommand("calls", "The check calls that the accord plans");
  command->add_option("LINE", options->line, "A line, or COUNTERPART/LINE")->required();
  command->add_option("--from", options->from, "First date, in UTC (default: today)")
      ->type_name("DATE");
  command->add_option("--to", options->to, "Last date, in UTC (default: a week)")
      ->type_name("DATE");
  example(*command, "detente calls military-west --from 2027-03-01 --to 2027-03-31");
  on_run(*command, context, [&context, options] { return calls(context, *options); });
}

}  // namespace detente::cli
