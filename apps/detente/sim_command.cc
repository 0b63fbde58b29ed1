// detente sim: the simulator from the command line. Every failing run names its seed.
#include <chrono>

#include "cli.h"
#include "io/os_clock.h"
#include "sim/world.h"

namespace detente::cli {

namespace {

struct SimArguments {
  std::uint64_t seeds = 10;
  std::uint64_t first = 1;
  double days = 1;
  std::uint32_t loss_percent = 10;
  std::size_t paths = 2;
};

sim::Options to_options(const SimArguments& arguments, std::uint64_t seed) {
  sim::Options options;
  options.seed = seed;
  options.duration = Duration(static_cast<std::int64_t>(arguments.days * 86400e6));
  options.faults.loss_per_mille = arguments.loss_percent * 10;
  options.pair.paths = arguments.paths;
  return options;
}

Result<void> run_simulator(const SimArguments& arguments, Context& context) {
  const Instant began = io::os_now().mono;
  std::uint64_t violations = 0, crashes = 0, dropped = 0, delivered = 0, submitted = 0, rollbacks = 0;
  std::string trace;
  Json failing = Json::array();
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    const std::uint64_t seed = arguments.first + i;
    const sim::Report report = sim::World(to_options(arguments, seed)).run();
    violations += report.violations.size();
    crashes += report.crashes;
    rollbacks += report.rollbacks;
    dropped += report.dropped;
    delivered += report.delivered;
    submitted += report.submitted;
    trace = report.trace;
    if (report.violations.empty()) continue;
    failing.push_back({{"seed", seed}, {"violations", report.violations}});
    context.say("seed " + std::to_string(seed) + ": " + report.violations.front());
  }
  const double real = static_cast<double>((io::os_now().mono - began).count()) / 1e6;
  const double simulated = arguments.days * 86400 * static_cast<double>(arguments.seeds);
  context.say(std::to_string(arguments.seeds) + " seeds of " + std::to_string(arguments.days) +
              " days: " + std::to_string(delivered) + " of " + std::to_string(submitted) +
              " messages delivered, " + std::to_string(crashes) + " crashes, " +
              std::to_string(dropped) + " datagrams lost, " + std::to_string(violations) +
              " violations; " + std::to_string(static_cast<long>(simulated / real)) +
              " times as fast as time");
  context.result({{"violations", violations},
                  {"crashes", crashes},
                  {"dropped", dropped},
                  {"rollbacks", rollbacks},
                  {"submitted", submitted},
                  {"delivered", delivered},
                  {"trace", trace},
                  {"speed", simulated / real},
                  {"failing", failing}});
  if (violations > 0)
    return fail(Fault::kConflict, std::to_string(failing.size()) +
                                      " seeds broke a promise; run one alone with --first-seed N --seeds 1");
  return {};
}

}  // namespace

void add_sim_command(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<SimArguments>();
  CLI::App* command = app.add_subcommand(
      "sim", "Simulate two stations with loss, delay, duplication and crashes, and check every promise");
  command->add_option("--seeds", arguments->seeds, "How many runs")->check(CLI::Range(1, 1000000));
  command->add_option("--first-seed", arguments->first, "Seed of the first run");
  command->add_option("--days", arguments->days, "Simulated days of each run")->check(CLI::Range(0.01, 40000.0));
  command->add_option("--loss", arguments->loss_percent, "Datagrams lost, in per cent")->check(CLI::Range(0, 90));
  command->add_option("--paths", arguments->paths, "Paths between the two stations")->check(CLI::Range(1, 16));
  example(*command, "detente sim --seeds 100 --days 2 --json");
  on_run(*command, context, [arguments, &context] { return run_simulator(*arguments, context); });
}

}  // namespace detente::cli
