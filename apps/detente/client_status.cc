#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "client_address.h"
#include "client_commands.h"
#include "client_live.h"
#include "client_show.h"
#include "clocks.h"
#include "watch/ladder.h"

namespace detente::cli {

namespace {


struct StatusOptions {
  std::string line;
  bool watch = false;
};

// Colour repeats what the words say; https://no-color.org.
bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no == nullptr || no[0] == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

// A station that does not answer is a situation, too, and no line's other one can be known.
tl::unexpected<Error> as_situation(Context& context, const Error& error) {
  if (error.fault != Fault::kState && error.fault != Fault::kIo) return tl::unexpected<Error>(error);
  const watch::SituationText text = watch::own_station_down(error.message);
  context.result({{"situation", watch::to_string(watch::Situation::kOwnEquipmentDown)},
                  {"title", text.title},
                  {"words", text.words},
                  {"to_do", text.to_do}});
  return fail(error.fault, text.title + ": " + text.words + ". " + text.to_do);
}

// No situation: nothing is to be known of it any more.
LiveFrame retired_frame(const Json& status, const LineAddress& line) {
  const Json& counterpart = *std::find_if(status["counterparts"].begin(), status["counterparts"].end(),
                                          [&](const Json& one) { return one["name"] == line.counterpart; });
  const Json& accord = counterpart["accord"];
  const std::string words = "The accord in force, version " + std::to_string(accord["version"].get<std::uint32_t>()) + " since " +
                            utc_text(accord["in_force_since"]) + " at the earliest, does not have this line any more: it takes and sends nothing. "
                            "Its record stays readable.";
  const std::string to_do = "Nothing. To read it: detente record show " + line.text();
  LiveFrame out;
  out.lines.push_back(line.text() + "  RETIRED");
  for (const std::string& text : wrap(words, kColumns - 2)) out.lines.push_back("  " + text);
  out.lines.push_back("  Do: " + to_do);
  out.json = {{"counterpart", line.counterpart}, {"line", line.line}, {"retired", true}, {"accord", accord}, {"words", words}, {"to_do", to_do}};
  return out;
}

Result<LiveFrame> status_frame(Context& context, const StationClient& station, const StatusOptions& options,
                               bool colour) {
  context.forget_result();  // of the frame before
  Result<Json> status = station.get("/v1/status");
  if (!status) return as_situation(context, status.error());
  if (options.line.empty()) return LiveFrame{status_lines(*status, colour), std::move(*status)};
  DETENTE_TRY(line, find_line(*status, options.line));
  if (is_retired_line(*status, line)) {
    LiveFrame out = retired_frame(*status, line);
    DETENTE_TRY_VOID(add_clocks(out, station, line.counterpart));
    return out;
  }
  Result<Json> ladder = station.get(line.target() + "/status");
  if (!ladder) return as_situation(context, ladder.error());
  return LiveFrame{ladder_lines(*ladder, colour), std::move(*ladder)};
}

Result<void> status(Context& context, const StatusOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side, StationClient::patience_for(options.watch));
  const bool colour = wants_colour();
  return show_once_or_live(context, options.watch, kRedraw,
                           [&] { return status_frame(context, station, options, colour); });
}

}  // namespace

void add_status_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand(
      "status", "What is known of every line, on what evidence, and what to do");
  command->add_option("LINE", options->line,
                      "One line's whole ladder: equipment, path, far station, line, officer, answer");
  command->add_flag("--watch", options->watch, "Show it again every second, until Ctrl-C");
  example(*command, "detente status");
  example(*command, "detente status north/military-west --watch");
  on_run(*command, context, [&context, options] { return status(context, *options); });
}

}  // namespace detente::cli
