#include <chrono>
#include <thread>

#include "client_commands.h"
#include "client_http.h"
#include "io/file_lock.h"
#include "station/daemon.h"

namespace detente::cli {

namespace {

constexpr auto kEndPatience = std::chrono::seconds(30);

// The station holds its record's lock for as long as it lives: whoever starts it after this finds it free.
Result<void> wait_for_end(const SideDir& side) {
  io::Path lock = side.record_file();
  lock += ".lock";
  const auto give_up = std::chrono::steady_clock::now() + kEndPatience;
  while (!io::FileLock::try_take(lock)) {
    if (std::chrono::steady_clock::now() >= give_up)
      return fail(Fault::kState, "the station was told to stop and has not ended yet; " + side.log_file().string() + " may say why");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

}  // namespace

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
  example(*stop, "detente station stop --dir south");
  on_run(*stop, context, [&context]() -> Result<void> {
    DETENTE_TRY(side, context.side());
    DETENTE_TRY(answer, StationClient(side).post("/v1/stop", Json::object()));
    DETENTE_TRY_VOID(wait_for_end(side));
    context.say("the station has stopped; what waits on its disk is sent when it runs again");
    context.result(answer);
    return {};
  });
}

}  // namespace detente::cli
