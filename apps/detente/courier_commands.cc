// courier and act: files between two stations that no path joins. spec/courier.md.
#include <fmt/format.h>

#include "base/civil.h"
#include "client_address.h"
#include "client_commands.h"
#include "entries_text.h"
#include "io/file.h"
#include "link/courier_file.h"

namespace detente::cli {

namespace {

Result<std::string> only_counterpart(const StationClient& station) {
  DETENTE_TRY(status, station.get("/v1/status"));
  if (status["counterparts"].size() != 1)
    return fail(Fault::kMalformed, "this station has several counterparts: name one, before the file");
  return status["counterparts"][0]["name"].get<std::string>();
}

Result<void> write_file(Context& context, Json answer, const std::string& out) {
  const auto bytes = from_base64(answer.value("file", std::string()));
  if (!bytes) return fail(Fault::kMalformed, "the station's answer holds no file");
  DETENTE_TRY_VOID(io::write_new_file(out, *bytes, io::kSecretMode));
  const std::string far = answer.value("counterpart", "");
  const auto entries = answer.value("entries", std::uint64_t{0});
  const auto receipts = answer.value("receipts", std::uint64_t{0});
  const std::string of_lines =
      receipts == 0 ? "" : fmt::format(", the newest receipts of {} {}", receipts, receipts == 1 ? "line" : "lines");
  context.say(fmt::format("{}: for {}, {}{}; sealed, only {}'s station opens it", out, far, entries_text(entries),
                          of_lines, far));
  const auto waiting = answer.value("waiting", std::uint64_t{0});
  if (!answer.value("contact", true))
    context.say(fmt::format("{}This station has not heard since its start what {} holds, and signs nothing before: have "
                            "this file imported there, import the one that is exported there then, and export again.",
                            waiting == 0 ? "" : "Not in it: " + entries_text(waiting) + (waiting == 1 ? " that waits here. " : " that wait here. "), far));
  else if (waiting > 0)
    context.say(fmt::format("Of what waits here {} not in it: on a line that is cut, or more than may be on their way at "
                            "once; these go with the next file, when receipts have come.",
                            waiting == 1 ? "1 entry is" : fmt::format("{} entries are", waiting)));
  if (const auto left_out = answer.value("left_out", std::uint64_t{0}); left_out > 0)
    context.say(fmt::format("{} found no room; the next file has them, when receipts for these have come.", entries_text(left_out)));
  context.next("carry it to " + far + ", by any hand; there: detente courier import " + out);
  answer.erase("file");
  answer["path"] = out;
  context.result(std::move(answer));
  return {};
}

Result<void> courier_export(Context& context, const std::vector<std::string>& arguments) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  std::string far;
  if (arguments.size() == 2) {
    far = arguments.front();
  } else {
    DETENTE_TRY(only, only_counterpart(station));
    far = only;
  }
  DETENTE_TRY(answer, station.post("/v1/counterparts/" + escape(far) + "/courier", Json::object()));
  return write_file(context, std::move(answer), arguments.back());
}

Result<void> act_export(Context& context, const std::string& entry, const std::string& out) {
  const std::size_t slash = entry.rfind('/');
  if (slash == std::string::npos)
    return fail(Fault::kMalformed, "name the entry by its line and its index in this side's log: north/accord/12");
  constexpr std::string_view kWaiting = "waiting-";
  const bool waits = entry.compare(slash + 1, kWaiting.size(), kWaiting) == 0;
  const std::string digits = entry.substr(slash + 1 + (waits ? kWaiting.size() : 0));
  if (digits.empty() || digits.size() > 15 || digits.find_first_not_of("0123456789") != std::string::npos)
    return fail(Fault::kMalformed, "the entry's index is the number behind the last slash: north/accord/12; of one that waits, north/accord/waiting-3");
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, entry.substr(0, slash)));
  DETENTE_TRY(answer, station.post("/v1/counterparts/" + escape(line.counterpart) + "/courier",
                                   {{"line", line.line}, {waits ? "waiting" : "index", std::stoull(digits)}}));
  return write_file(context, std::move(answer), out);
}

// Whether there was something to say.
bool say_line(Context& context, const std::string& far, const Json& line) {
  const auto taken = line.value("taken", std::uint64_t{0}), early = line.value("early", std::uint64_t{0});
  const auto known = line.value("known", std::uint64_t{0}), entries = line.value("entries", std::uint64_t{0});
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (taken > 0) add(entries_text(taken) + " taken");
  if (early > 0) add(entries_text(early) + " taken ahead of what is missing, and in force");
  if (known > 0) add(entries_text(known) + " known before");
  if (line.value("receipt", false)) add("receipts for what this side had sent");
  const std::uint64_t rest = entries - std::min(entries, taken + early + known);
  if (rest > 0) add(entries_text(rest) + " not taken");
  if (text.empty()) return false;
  context.say(fmt::format("  {}/{}: {}", far, line.value("line", ""), text));
  if (line["missing"].is_array()) {
    const auto first = line["missing"][0].get<std::uint64_t>(), last = line["missing"][1].get<std::uint64_t>();
    const std::string which = first == last ? fmt::format("entry {} comes", first) : fmt::format("entries {}-{} come", first, last);
    context.say(fmt::format("    {} first: ask {} for a detente courier export", which, far));
  } else if (rest > 0) {
    context.say(!line.value("contact", false) ? "    this station has not heard since its start what " + far +
                                                    " holds: ask for a detente courier export"
                : line.value("cut", false)    ? "    the line is cut; they come again when it is open"
                                              : "    the station's log says why; they come again with the next file");
  }
  return true;
}

Result<void> import(Context& context, const std::string& file) {
  DETENTE_TRY(bytes, io::read_file(file, link::kCourierFileMax));
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(answer, station.post_bytes("/v1/courier", bytes));
  const std::string far = answer.value("counterpart", ""), kind = answer.value("kind", "");
  context.say(fmt::format("{}: of {}, made there {}", file, far, format_utc(WallTime{answer.value("made", std::uint32_t{0})})));
  if (kind == "repeated") context.say("It was imported before.");
  if (kind == "older") context.say("A later file of theirs was imported before it.");
  if (kind == "unheard") {
    context.say("Nothing of it can be taken yet: " + far + "'s station made it before it had heard of this one's present "
                "run. That it calls is noted, and the next file from here answers it.");
    context.next("detente courier export " + far + " FILE, have that imported there, and import what is exported there "
                 "then");
  }
  bool said = false;
  for (const Json& line : answer["lines"]) said |= say_line(context, far, line);
  if (!said && kind == "new")
    context.say("It brings " + far + "'s word of what it holds, and nothing else. What waits here goes with the next file.");
  if (kind != "unheard" && answer.value("taken", std::uint64_t{0}) > 0)
    context.next("detente courier export " + far + " FILE: the receipts for it go with that");
  context.result(answer);
  return {};
}

}  // namespace

void add_courier_commands(CLI::App& app, Context& context) {
  CLI::App& courier = group(app, "courier", "Files that are carried by hand between two stations");
  auto arguments = std::make_shared<std::vector<std::string>>();
  CLI::App* out = courier.add_subcommand(
      "export", "All that the other side is not known to hold, and receipts, in one sealed file");
  out->add_option("FILE", *arguments, "The file to write; in front of it the counterpart, where there are several")
      ->type_name("[COUNTERPART] FILE")
      ->required()
      ->expected(1, 2);
  example(*out, "detente courier export north to-north.courier");
  on_run(*out, context, [&context, arguments] { return courier_export(context, *arguments); });

  auto file = std::make_shared<std::string>();
  CLI::App* in = courier.add_subcommand("import", "Take such a file of the other side's");
  in->add_option("FILE", *file, "The file")->required();
  example(*in, "detente courier import from-north.courier");
  on_run(*in, context, [&context, file] { return import(context, *file); });

  CLI::App& act = group(app, "act", "One act as a file: to be signed, or to be carried");
  struct ActOptions {
    std::string entry, file;
  };
  auto one = std::make_shared<ActOptions>();
  CLI::App* act_out = act.add_subcommand("export", "One entry of this side's log in a sealed file of its own");
  act_out->add_option("ENTRY", one->entry, "Its line and its index: north/accord/12; or as record show names one that waits: north/accord/waiting-3")->required();
  act_out->add_option("FILE", one->file, "The file to write")->required();
  example(*act_out, "detente act export north/accord/12 cut.courier");
  on_run(*act_out, context, [&context, one] { return act_export(context, one->entry, one->file); });
  auto act_file = std::make_shared<std::string>();
  CLI::App* act_in = act.add_subcommand(
      "import", "Take one of the other side's; says what comes before it, where that is missing");
  act_in->add_option("FILE", *act_file, "The file")->required();
  example(*act_in, "detente act import cut.courier");
  on_run(*act_in, context, [&context, act_file] { return import(context, *act_file); });
}

}  // namespace detente::cli
