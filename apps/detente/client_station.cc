#include "client_commands.h"
#include "client_http.h"
#include "station/daemon.h"

namespace detente::cli {

void add_station_commands(CLI::App& app, Context& context) {
  CLI::App& station = group(app, "station", "The station of this side");

  auto options = std::make_shared<station::DaemonOptions>();
  CLI::App* run = station.add_subcommand("run", "Run the station until it is stopped");
  run->add_flag("--after-restore", options->after_restore,
                "This disk was lost or restored from a backup: begin new epochs");
  example(*run, "detente station run --dir south");
  on_run(*run, context, [&context, options]() -> Result<void> {
    DETENTE_TRY(side, context.side());
    return station::run_station(std::move(side), *options);
  });

  CLI::App* stop = station.add_subcommand("stop", "Stop the station that runs here");
  on_run(*stop, context, [&context]() -> Result<void> {
    DETENTE_TRY(side, context.side());
    DETENTE_TRY(answer, StationClient(side).post("/v1/stop", Json::object()));
    context.say("the station stops; what waits on its disk is sent when it runs again");
    context.result(answer);
    return {};
  });
}

}  // namespace detente::cli
