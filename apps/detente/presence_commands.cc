// Who is there, and until when: presence queries, extensions of a line's hours,
// outages announced beforehand, circuit tests and drills.
#include <fmt/format.h>

#include "base/civil.h"
#include "client_act.h"
#include "client_show.h"
#include "clocks.h"
#include "io/os_clock.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

struct Found {
  LineAddress line;
  Json watch;
};

Result<Found> find(Context& context, const std::string& address) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, address));
  DETENTE_TRY(watch, station.get(line.target() + "/watch"));
  return Found{line, std::move(watch)};
}

// ---- presence ----

Result<void> ask(Context& context, const ActOptions& options) {
  DETENTE_TRY(found, find(context, options.address));
  DETENTE_TRY(arrived, post_act(context, found.line, options,
                                {record::kPresence, line::presence_body(line::PresenceDeed::kAsked), {}, {}, {}}));
  static_cast<void>(arrived);
  context.say("  whether a person answers: `detente status " + found.line.text() + "`");
  return {};
}

Result<void> reply(Context& context, const ActOptions& options, line::PresenceDeed deed) {
  DETENTE_TRY(found, find(context, options.address));
  const Json& theirs = found.watch["presence"]["theirs"];
  if (theirs.is_null() || !theirs["answered_at"].is_null())
    return fail(Fault::kNotFound, "nobody asks on " + found.line.text() + " whether somebody is here");
  station::SubmissionReference reference;
  reference.index = theirs["index"].get<std::uint64_t>();
  if (const auto epoch = from_hex(theirs.value("epoch", ""))) reference.epoch = to_array<16>(*epoch);
  DETENTE_TRY(arrived,
              post_act(context, found.line, options, {record::kPresence, line::presence_body(deed), {}, reference, {}}));
  static_cast<void>(arrived);
  return {};
}

// ---- hours and outages ----

struct UntilOptions : ActOptions {
  std::string from, until, words;
};

Result<void> extend(Context& context, const UntilOptions& options) {
  DETENTE_TRY(found, find(context, options.address));
  DETENTE_TRY(until, parse_when(options.until, io::os_wall_time()));
  DETENTE_TRY(arrived, post_act(context, found.line, options,
                                {record::kHoursExtension, line::hours_body(until), {}, {}, {}}));
  static_cast<void>(arrived);
  const Json& proposed = found.watch["hours"].value("proposed", Json());
  const bool agreed = proposed.is_object() && proposed.value("by", "") == "them" &&
                      proposed.value("until", std::uint32_t{0}) == until.seconds;
  context.say(agreed ? "  both sides have signed: the line stays open until " + format_utc(until)
                     : "  in force when an officer of the other side signs the same instant: " + format_utc(until));
  context.result({{"until", until.seconds}, {"agreed", agreed}});
  return {};
}

// Of this line alone: what was announced of all lines ends on the accord line. The one that --from names, else the one in
// force, else the only one that is to come.
Result<WallTime> outage_to_end(const Json& outages, const LineAddress& line, const std::string& from, WallTime now) {
  std::vector<WallTime> ours, in_force;
  bool of_all = false;
  for (const Json& one : outages) {
    if (one.value("by", "") != "us") continue;
    const WallTime begin{one.value("from", std::uint32_t{0})};
    if (one.value("line", "") != line.line) {
      of_all = true;
      continue;
    }
    ours.push_back(begin);
    if (begin <= now) in_force.push_back(begin);
  }
  if (ours.empty())
    return fail(Fault::kNotFound, "this side has announced no outage of " + line.text() +
                                      (of_all ? "; one of all lines ends with: detente outage end " + line.counterpart + "/accord" : ""));
  std::string listed;
  for (const WallTime one : ours) listed += (listed.empty() ? "" : ", ") + format_utc(one);
  if (!from.empty()) {
    DETENTE_TRY(wanted, parse_when(from, now));
    if (std::find(ours.begin(), ours.end(), wanted) != ours.end()) return wanted;
    return fail(Fault::kNotFound, "no outage of " + line.text() + " was announced from " + format_utc(wanted) + " on; there are those of " + listed);
  }
  const std::vector<WallTime>& meant = in_force.empty() ? ours : in_force;
  if (meant.size() == 1) return meant.front();
  return fail(Fault::kConflict, "this side has announced several outages of " + line.text() + ": say which one ends, --from with one of " + listed);
}

Result<void> announce(Context& context, const UntilOptions& options, bool over) {
  DETENTE_TRY(found, find(context, options.address));
  const WallTime now = io::os_wall_time();
  line::Outage outage;
  if (over) {
    DETENTE_TRY(from, outage_to_end(found.watch["outages"], found.line, options.from, now));
    outage.from = from;
    outage.until = std::max(outage.from, now);
  } else {
    DETENTE_TRY(from, parse_when(options.from, now));
    DETENTE_TRY(until, parse_when(options.until, now));
    outage = {from, until, options.words};
    if (until <= from) return fail(Fault::kMalformed, "an outage ends after it begins");
    if (!options.words.empty()) DETENTE_TRY_VOID(wire::check_text(options.words, line::kWatchWordsMax));
  }
  DETENTE_TRY(arrived, post_act(context, found.line, options, {record::kOutage, line::outage_body(outage), {}, {}, {}}));
  static_cast<void>(arrived);
  context.say(over ? "  the outage that was announced from " + format_utc(outage.from) + " on is over" : "  announced: from " + format_utc(outage.from) + " to " + format_utc(outage.until));
  context.result({{"from", outage.from.seconds}, {"until", outage.until.seconds}});
  return {};
}

// ---- circuit test and drill ----

Result<void> circuit_test(Context& context, const ActOptions& options) {
  DETENTE_TRY(found, find(context, options.address));
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  const std::string mark = class_mark(record::EntryClass::kTest);
  context.say(mark + "circuit test of " + found.line.text() + ": machines alone, nobody is asked");
  DETENTE_TRY(arrived, post_act(context, found.line, options,
                                {record::kCircuitTest, wire::CborWriter().null().take(), record::EntryClass::kTest, {}, {}}));
  context.say(mark + (arrived ? "their station has it on its disk. No person has seen it."
                              : "no receipt of their station came in this time."));
  DETENTE_TRY(paths, station.get("/v1/paths"));
  for (const std::string& line : paths_lines(paths)) context.say(mark + line);
  context.result({{"class", "test"}, {"arrived", arrived}, {"paths", paths["counterparts"]}});
  DETENTE_TRY_VOID(say_clocks(context, station, found.line.counterpart, mark));
  if (arrived) return {};
  return fail(Fault::kState, mark + "no receipt of their station came in this time; `detente status " +
                                 found.line.text() + "` says what is known");
}

struct DrillOptions : ActOptions {
  std::string text = "This is a drill.";
};

Result<void> drill(Context& context, const DrillOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.address));
  DETENTE_TRY_VOID(wire::check_text(options.text, record::kEntryBytesMax));
  context.say(class_mark(record::EntryClass::kDrill) + "a message of the class drill; it counts as nothing else");
  DETENTE_TRY(arrived, post_act(context, line, options,
                                {record::kMessage, to_bytes(as_bytes(options.text)), record::EntryClass::kDrill, {}, {}}));
  context.result({{"class", "drill"}, {"arrived", arrived}});
  return {};
}

void add_presence(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, const char* about, auto action) {
    auto options = std::make_shared<ActOptions>();
    CLI::App* command = group(app, "presence", "Is anybody at the machine?").add_subcommand(name, about);
    add_act_options(*command, *options, false);
    example(*command, std::string("detente presence ") + name + " north/military-west --as kim");
    on_run(*command, context, [&context, options, action] { return action(context, *options); });
  };
  add("ask", "Ask whether a person is at the other machine", ask);
  add("ready", "Answer: somebody is here, and ready",
      [](Context& c, const ActOptions& o) { return reply(c, o, line::PresenceDeed::kReady); });
  add("not-now", "Answer: somebody is here, and not now; no reason is asked for",
      [](Context& c, const ActOptions& o) { return reply(c, o, line::PresenceDeed::kNotNow); });
}

void add_hours(CLI::App& app, Context& context) {
  auto extension = std::make_shared<UntilOptions>();
  CLI::App* extend_command = group(app, "hours", "The hours of a line").add_subcommand(
      "extend", "Keep a line open for one night; an officer of each side signs the same instant");
  add_act_options(*extend_command, *extension, false);
  extend_command->add_option("--until", extension->until, "2026-11-24T22:00:00Z, or +3h")->required();
  example(*extend_command, "detente hours extend north/liaison --until 2027-03-02T13:00:00Z --as kim");
  on_run(*extend_command, context, [&context, extension] { return extend(context, *extension); });
}

void add_outage(CLI::App& app, Context& context) {
  CLI::App& outage = group(app, "outage", "Outages announced beforehand, so that silence has a reason");
  auto options = std::make_shared<UntilOptions>();
  CLI::App* announce_command = outage.add_subcommand("announce", "Say when this station will not be heard");
  add_act_options(*announce_command, *options, false);
  announce_command->get_option("LINE")->description("A line; COUNTERPART/accord stands for all of them");
  announce_command->add_option("FROM", options->from, "2026-11-24T22:00:00Z, or +3h")->required();
  announce_command->add_option("TO", options->until, "2026-11-24T23:00:00Z, or +4h")->required();
  announce_command->add_option("--words", options->words, "Why, for the other side to read");
  example(*announce_command, "detente outage announce north/accord +2h +3h --words \"new power supply\"");
  on_run(*announce_command, context, [&context, options] { return announce(context, *options, false); });
  auto over = std::make_shared<UntilOptions>();
  CLI::App* end_command = outage.add_subcommand("end", "It is over, or will not be");
  add_act_options(*end_command, *over, false);
  end_command->add_option("--from", over->from, "Which of several: when it was to begin, as 2026-11-24T22:00:00Z");
  example(*end_command, "detente outage end north/accord");
  on_run(*end_command, context, [&context, over] { return announce(context, *over, true); });
}

}  // namespace

void add_presence_commands(CLI::App& app, Context& context) {
  add_presence(app, context);
  add_hours(app, context);
  add_outage(app, context);
  auto test = std::make_shared<ActOptions>();
  CLI::App* test_command = app.add_subcommand("test", "Circuit test of a line: machines alone");
  add_act_options(*test_command, *test, false);
  example(*test_command, "detente test north/military-west");
  on_run(*test_command, context, [&context, test] { return circuit_test(context, *test); });
  auto exercise = std::make_shared<DrillOptions>();
  CLI::App* drill_command = app.add_subcommand("drill", "Send a message of the class drill");
  add_act_options(*drill_command, *exercise, false);
  drill_command->add_option("TEXT", exercise->text, "The text")->capture_default_str();
  example(*drill_command, "detente drill north/military-west \"Drill: answer with detente answer --drill\"");
  on_run(*drill_command, context, [&context, exercise] { return drill(context, *exercise); });
}

}  // namespace detente::cli
