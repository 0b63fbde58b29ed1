#include "client_commands.h"
#include "client_http.h"
#include "client_live.h"
#include "client_show.h"
#include "clocks.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

struct PathsOptions {
  std::string counterpart;
  bool watch = false;
};

Result<Json> ask(const StationClient& station, const std::string& counterpart) {
  DETENTE_TRY(answer, station.get("/v1/paths"));
  if (counterpart.empty()) return answer;
  Json wanted = Json::array();
  for (Json& one : answer["counterparts"])
    if (one["counterpart"] == counterpart) wanted.push_back(std::move(one));
  if (wanted.empty())
    return fail(Fault::kNotFound, "this station has no counterpart " +
                                      wire::display_line(counterpart) +
                                      "; `detente status` lists them");
  answer["counterparts"] = std::move(wanted);
  return answer;
}

Result<void> paths(Context& context, const PathsOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side, StationClient::patience_for(options.watch));
  const auto frame = [&]() -> Result<LiveFrame> {
    DETENTE_TRY(answer, ask(station, options.counterpart));
    LiveFrame out{paths_lines(answer), std::move(answer)};
    DETENTE_TRY_VOID(add_clocks(out, station, options.counterpart));
    return out;
  };
  return show_once_or_live(context, options.watch, kRedrawMoving, frame);
}

}  // namespace

void add_paths_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<PathsOptions>();
  CLI::App* command =
      app.add_subcommand("paths", "Each path to a counterpart and each direction of it, as measured");
  command->add_option("COUNTERPART", options->counterpart, "One side; all of them without it");
  command->add_flag("--watch", options->watch, "Show it again twice a second, until Ctrl-C");
  example(*command, "detente paths north --watch");
  on_run(*command, context, [&context, options] { return paths(context, *options); });
}

}  // namespace detente::cli
