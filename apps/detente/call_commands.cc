// Check calls as persons make them: call, answer, decline, call-off.
#include "client_act.h"
#include "dates.h"
#include "io/os_clock.h"
#include "watch/call_dates.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

struct CallOptions : ActOptions {
  std::string words, date, hour;
  std::optional<unsigned> place;
};

Result<Json> watch_of(const StationClient& station, const LineAddress& line) {
  return station.get(line.target() + "/watch");
}

tl::unexpected<Error> nothing_due(const LineAddress& line, const Json& watch) {
  const Json& next = watch["next_call"];
  if (const std::string trouble = watch.value("zone_trouble", ""); next.is_null() && !trouble.empty())
    return fail(Fault::kState, line.text() + ": " + trouble);
  if (next.is_null())
    return fail(Fault::kState, "the accord plans no check calls on " + line.text() +
                                   "; `detente presence ask` asks whether somebody is there");
  return fail(Fault::kState, "no check call is due on " + line.text() + "; the next is at " +
                                 next.value("at_words", "") + ", and " + next.value("caller", "") + " calls");
}

Result<line::CallAct> act_of(const Json& call, line::CallDeed deed, const std::string& words) {
  DETENTE_TRY(day, parse_date(call.value("date", ""), "DATE"));
  line::CallAct out;
  out.deed = deed;
  out.day = static_cast<std::uint32_t>(watch::day_at(day));
  out.place = call.value("place", std::uint8_t{0});
  out.words = words;
  if (!words.empty()) DETENTE_TRY_VOID(wire::check_text(words, line::kWatchWordsMax));
  return out;
}

// A drill needs no hour: it is on today's date, at place 0.
Json drill_call() { return {{"date", watch::date_text(watch::day_at(io::os_wall_time()))}, {"place", 0}, {"at_words", "a drill"}}; }

Result<void> do_call(Context& context, const CallOptions& options, line::CallDeed deed) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.address));
  DETENTE_TRY(watch, watch_of(station, line));
  const Json call = options.drill ? drill_call() : watch[deed == line::CallDeed::kCalled ? "call_to_make" : "open_call"];
  if (call.is_null()) return nothing_due(line, watch);
  DETENTE_TRY(body, act_of(call, deed, options.words));
  const auto entry_class = options.drill ? record::EntryClass::kDrill : record::EntryClass::kLive;
  Act act{record::kCheckCall, line::call_body(body), entry_class, {}, {}};
  act.says = "check call of " + call.value("at_words", "") + ": " +
             (deed == line::CallDeed::kCalled     ? "we call"
              : deed == line::CallDeed::kAnswered ? "we answer"
                                                  : "we decline");
  context.result({{"call", call}});
  DETENTE_TRY(arrived, post_act(context, line, options, std::move(act)));
  static_cast<void>(arrived);
  return {};
}

// The only one of its date, or the one that was named; a line may be called several times a day.
Result<Json> call_of_day(const StationClient& station, const LineAddress& line, const CallOptions& options) {
  DETENTE_TRY(date, parse_date(options.date, "DATE"));
  const watch::Day day = watch::day_at(date);
  DETENTE_TRY(answer, station.get(line.target() + "/calls?from=" + std::to_string(day) + "&until=" + std::to_string(day + 1)));
  const bool named = !options.hour.empty() || options.place.has_value();
  std::vector<Json> meant;
  std::string hours;
  for (const Json& call : answer["calls"]) {
    const std::string words = call.value("at_words", "");  // "2027-05-05 09:00 Asia/Seoul"
    if (words.size() < 16) continue;
    hours += (hours.empty() ? "" : ", ") + words.substr(11);
    if (!options.hour.empty() && words.substr(11, 5) != options.hour) continue;
    if (options.place && call.value("place", 0u) != *options.place) continue;
    meant.push_back(call);
  }
  if (meant.size() == 1) return meant.front();
  if (meant.size() > 1)
    return fail(Fault::kConflict, line.text() + " is called more than once on " + options.date + " (" + hours + "): say which call, --at " +
                                      meant.front().value("at_words", "").substr(11, 5));
  if (named && !hours.empty())
    return fail(Fault::kNotFound, "no check call of " + line.text() + " is planned there on " + options.date + "; there are: " + hours);
  if (day < watch::day_at(io::os_wall_time()))
    return fail(Fault::kState, "a check call is called off before its hour, and " + options.date + " is over");
  DETENTE_TRY(watch, watch_of(station, line));
  if (watch["next_call"].is_null()) return nothing_due(line, watch);
  return fail(Fault::kNotFound, "no check call of " + line.text() + " is planned on " + options.date + "; the next is at " +
                                    watch["next_call"].value("at_words", "") + ", and `detente calls` lists them");
}

Result<void> call_off(Context& context, const CallOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.address));
  DETENTE_TRY(call, call_of_day(station, line, options));
  DETENTE_TRY(body, act_of(call, line::CallDeed::kCalledOff, options.words));
  Act act{record::kCheckCall, line::call_body(body), {}, {}, {}};
  const std::string hour = call.value("at_words", "");
  act.says = "we call off the check call of " + hour;
  context.result({{"call", call}});
  DETENTE_TRY(arrived, post_act(context, line, options, std::move(act)));
  static_cast<void>(arrived);
  context.say("  the check call of " + hour + " is called off");
  return {};
}

void add_deed(CLI::App& app, Context& context, const char* name, const char* about, line::CallDeed deed) {
  auto options = std::make_shared<CallOptions>();
  CLI::App* command = app.add_subcommand(name, about);
  add_act_options(*command, *options, true);
  if (deed == line::CallDeed::kDeclined)
    command->add_option("--words", options->words, "A reason; none is needed");
  example(*command, std::string("detente ") + name + " north/military-west --as kim");
  on_run(*command, context, [&context, options, deed] { return do_call(context, *options, deed); });
}

}  // namespace

void add_call_commands(CLI::App& app, Context& context) {
  add_deed(app, context, "call", "Make the check call that is due", line::CallDeed::kCalled);
  add_deed(app, context, "answer", "Answer the check call that is due, as a person", line::CallDeed::kAnswered);
  add_deed(app, context, "decline", "Say to a check call: not now", line::CallDeed::kDeclined);
  auto options = std::make_shared<CallOptions>();
  CLI::App* off = app.add_subcommand("call-off", "Call a check call off before its hour");
  add_act_options(*off, *options, false);
  off->add_option("DATE", options->date, "The call's date, as 2026-11-24")->required();
  off->add_option("--at", options->hour, "Its hour, as `detente calls` has it: 09:00; needed where the day has several");
  off->add_option("--place", options->place, "Which of the day's calls, from 0, as `detente calls` has it")
      ->check(CLI::Range(0u, static_cast<unsigned>(line::kCallPlaceMax)));
  off->add_option("--words", options->words, "A reason; none is needed");
  example(*off, "detente call-off north/liaison 2027-05-05 --as kim --words \"public holiday\"");
  on_run(*off, context, [&context, options] { return call_off(context, *options); });
}

}  // namespace detente::cli
