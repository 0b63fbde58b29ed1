#include "client_address.h"
#include "client_commands.h"
#include "client_show.h"
#include "clocks.h"
#include "entries_text.h"
#include "io/file.h"

namespace detente::cli {

namespace {

// A position of theirs, or of ours, as `station revoke --last` takes it: read aloud, or typed there.
void say_positions(const Context& context, const Json& record, const std::string& at) {
  bool any = false;
  for (const Json& log : record["logs"]) {
    if (log["at"].is_null()) continue;
    any = true;
    context.say("at size " + at + ", " + log["whose"].get<std::string>() + ": --last " + record["line"].get<std::string>() + "=" +
                log["epoch"].get<std::string>() + ":" + at + ":" + log["at"]["root"].get<std::string>());
  }
  if (!any) context.say("no log of this line has " + at + " entries here");
}

Result<void> record_show(Context& context, const std::string& address, const std::optional<std::uint64_t>& at) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, address));
  DETENTE_TRY(answer, station.get(line.target() + "/record" + (at ? "?at=" + std::to_string(*at) : "")));
  DETENTE_TRY(list, station.get(line.target() + "/entries?whose=both&limit=200"));
  for (const std::string& text : record_lines(answer)) context.say(text);
  if (at) say_positions(context, answer, std::to_string(*at));
  context.say();
  for (const Json& entry : list["entries"])
    for (const std::string& text : entry_lines(entry)) context.say(text);
  if (list.value("more", false)) context.say("(older entries are not listed here)");
  for (const Json& entry : list["waiting"])
    for (const std::string& text : entry_lines(entry)) context.say(text);
  answer["entries"] = list["entries"];
  answer["waiting"] = list["waiting"];
  context.result(answer);
  return say_clocks(context, station, line.counterpart);
}

Result<void> record_entry(Context& context, const std::string& address, const std::string& whose,
                          std::uint64_t index, const std::string& epoch) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, address));
  DETENTE_TRY(entry, station.get(line.entry(whose, index, epoch)));
  for (const std::string& text : evidence_lines(entry)) context.say(text);
  context.result(entry);
  return say_clocks(context, station, line.counterpart);
}

struct ExportOptions {
  std::string address, whose, out, epoch, form = "whole";
  std::uint64_t index = 0;
  std::uint64_t count = 1;
};

Result<void> record_export(Context& context, const ExportOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.address));
  DETENTE_TRY(answer, station.get(line.target() + "/extract?whose=" + options.whose +
                                  "&index=" + std::to_string(options.index) + "&count=" +
                                  std::to_string(options.count) + "&form=" + options.form +
                                  (options.epoch.empty() ? "" : "&epoch=" + escape(options.epoch))));
  const auto bytes = from_base64(answer.value("extract", std::string()));
  if (!bytes) return fail(Fault::kMalformed, "the station's answer holds no extract");
  DETENTE_TRY_VOID(io::write_new_file(options.out, *bytes, io::kPublicMode));
  context.say(entries_text(options.count) + " of " +
              options.address + " with proofs: " + options.out);
  context.next("detente-verify entry " + options.out + " --card CARD.note --card CARD.note");
  context.result({{"file", options.out}, {"bytes", bytes->size()}, {"count", options.count}});
  return {};
}

// A file for each proof that the other station signed two records of this line.
Result<void> record_evidence(Context& context, const std::string& address, const std::string& out) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, address));
  DETENTE_TRY(answer, station.get(line.target() + "/two-records"));
  Json files = Json::array();
  for (const Json& one : answer["two_records"]) {
    if (one["file"].is_null()) {
      context.say("of size " + std::to_string(one.value("size", std::uint64_t{0})) + ": no file yet: " + text_of(one, "why"));
      continue;
    }
    const auto bytes = from_base64(one["file"].get<std::string>());
    if (!bytes) return fail(Fault::kMalformed, "the station's answer holds no proof");
    const std::string file = files.empty() ? out : out + "." + std::to_string(files.size() + 1);
    DETENTE_TRY_VOID(io::write_new_file(file, *bytes, io::kPublicMode));
    context.say("two records of " + line.text() + " that do not agree, at size " + std::to_string(one.value("size", std::uint64_t{0})) +
                ", both signed: " + file);
    files.push_back(file);
  }
  if (answer["two_records"].empty()) context.say("nothing: what the other side signed of " + line.text() + " here is one record");
  if (!files.empty()) context.next("detente-verify two-records " + files[0].get<std::string>() + " --card CARD.note --card CARD.note");
  context.result({{"files", files}, {"two_records", answer["two_records"].size()}});
  return {};
}

void add_evidence_command(CLI::App& record, Context& context) {
  struct Options {
    std::string address, out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = record.add_subcommand("evidence", "Proof that the other side signed two records that do not agree");
  command->add_option("ADDRESS", options->address, "north/military-west")->required();
  command->add_option("--out", options->out, "The file to write; of several, the others get .2, .3 ... behind it")->required();
  example(*command, "detente record evidence north/military-west --out two-records");
  on_run(*command, context, [&context, options] { return record_evidence(context, options->address, options->out); });
}

void add_export_command(CLI::App& record, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = record.add_subcommand(
      "export", "Entries with their proofs in one file, for detente-verify");
  command->add_option("ADDRESS", options->address, "north/military-west")->required();
  command->add_option("WHOSE", options->whose, "own or far")
      ->required()
      ->check(CLI::IsMember({"own", "far"}));
  command->add_option("INDEX", options->index, "The first one's index in that log")->required();
  command->add_option("--count", options->count, "How many from there on")->check(CLI::Range(1, 500));
  command->add_option("--form", options->form, "How much of each is shown")
      ->check(CLI::IsMember({"whole", "header", "leaf"}));
  command->add_option("--epoch", options->epoch, "Of an older epoch: its 32 hex digits");
  command->add_option("--out", options->out, "The file to write (suffix .dex)")->required();
  example(*command, "detente record export north/military-west own 0 --out entry.dex");
  on_run(*command, context, [&context, options] { return record_export(context, *options); });
}

}  // namespace

void add_show_commands(CLI::App& app, Context& context) {
  CLI::App& record = group(app, "record", "The record of a line: both sides' logs");
  auto address = std::make_shared<std::string>();
  CLI::App* show = record.add_subcommand("show", "Both logs of a line: sizes, receipts, entries");
  show->add_option("ADDRESS", *address, "north/military-west")->required();
  auto at = std::make_shared<std::optional<std::uint64_t>>();
  show->add_option("--at", *at, "Of each log the root at this size, too: a position for `station revoke --last`");
  example(*show, "detente record show north/military-west");
  on_run(*show, context, [&context, address, at] { return record_show(context, *address, *at); });

  struct EntryOptions {
    std::string address, whose, epoch;
    std::uint64_t index = 0;
  };
  auto options = std::make_shared<EntryOptions>();
  CLI::App* entry = record.add_subcommand("entry", "One entry with its evidence");
  entry->add_option("ADDRESS", options->address, "north/military-west")->required();
  entry->add_option("WHOSE", options->whose, "own or far")
      ->required()
      ->check(CLI::IsMember({"own", "far"}));
  entry->add_option("INDEX", options->index, "Its index in that log")->required();
  entry->add_option("--epoch", options->epoch, "Of an older epoch: its 32 hex digits");
  example(*entry, "detente record entry north/military-west far 12");
  on_run(*entry, context, [&context, options] {
    return record_entry(context, options->address, options->whose, options->index, options->epoch);
  });
  add_export_command(record, context);
  add_evidence_command(record, context);
}

}  // namespace detente::cli
