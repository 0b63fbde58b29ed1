// discard: what waits without an index is thrown away, by an officer who signs that. spec/station-files.md, "Watch log".
#include <fmt/format.h>

#include "client_address.h"
#include "client_commands.h"
#include "client_deed.h"
#include "client_show.h"

namespace detente::cli {

namespace {

struct DiscardOptions {
  std::string entry, officer, words;
};

Result<void> discard(Context& context, const DiscardOptions& options) {
  const std::size_t slash = options.entry.rfind('/');
  const std::string name = slash == std::string::npos ? "" : options.entry.substr(slash + 1);
  if (!name.starts_with("waiting-"))
    return fail(Fault::kMalformed, "name what waits as detente record show does: north/liaison/waiting-3");
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  DETENTE_TRY(line, find_line(station, options.entry.substr(0, slash)));
  DETENTE_TRY(list, station.get(line.target() + "/entries?whose=own&limit=1"));
  const Json* found = nullptr;
  for (const Json& one : list["waiting"])
    if (text_of(one, "waiting") == name) found = &one;
  if (found == nullptr)
    return fail(Fault::kNotFound, "nothing of that name waits on " + line.text() + ": detente record show " + line.text() + " lists what does");
  for (const std::string& text : entry_lines(*found)) context.say(text);
  DETENTE_TRY(agreed, context.confirm("Throw this away? It is not sent then, and its author has to write it anew."));
  if (!agreed) return fail(Fault::kDenied, "nothing was thrown away");
  station::Deed deed;
  deed.what = "discard";
  deed.line = line.text();
  deed.words = options.words;
  deed.capture = text_of(*found, "digest");
  deed.waiting = (*found)["submission"].get<std::uint64_t>();
  DETENTE_TRY(answer, post_deed(context, deed, options.officer));
  context.say(line.text() + "/" + name + " is thrown away; the watch log says so");
  context.result(std::move(answer));
  context.next("detente log " + line.text());
  return {};
}

}  // namespace

void add_discard_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<DiscardOptions>();
  CLI::App* command = app.add_subcommand("discard", "Throw away what waits unsent, as its officer signs");
  command->add_option("ENTRY", options->entry, "As record show names it: north/liaison/waiting-3")->required();
  command->add_option("--as", options->officer, "The officer of the own side who does this and signs it")->required();
  command->add_option("--words", options->words, "Why; kept in the watch log");
  example(*command, "detente discard north/liaison/waiting-3 --as kim --words 'It has been said by telephone.'");
  on_run(*command, context, [&context, options] { return discard(context, *options); });
}

}  // namespace detente::cli
