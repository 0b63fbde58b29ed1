// detente sim: the simulator from the command line. Every failing run names its seed.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "accord/accord_text.h"
#include "cli.h"
#include "io/os_clock.h"
#include "seed_runs.h"
#include "sim/failing_seeds.h"
#include "sim/hostile.h"
#include "sim/story.h"
#include "sim/world.h"

namespace detente::cli {

namespace {

struct SimArguments {
  std::uint64_t seeds = 10;
  std::uint64_t first = 1;
  double days = 1;
  std::uint32_t loss_percent = 10;
  std::size_t paths = 2;
  std::string mutant;
  std::uint64_t mutant_seeds = 40;
  bool story = false;
  double silence_days = 0.2;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());

  SeedRuns runs() const { return {first, seeds, jobs}; }
};

// A run's report, and how long it took.
template <typename Report>
struct Timed {
  Report report;
  double seconds = 0;
};

template <typename Run>
auto timed(const Run& run) {
  const Instant began = io::os_now().mono;
  Timed<decltype(run())> out{run()};
  out.seconds = static_cast<double>((io::os_now().mono - began).count()) / 1e6;
  return out;
}

sim::Options to_options(const SimArguments& arguments, std::uint64_t seed) {
  sim::Options options;
  options.seed = seed;
  options.duration = Duration(static_cast<std::int64_t>(arguments.days * 86400e6));
  options.faults.loss_per_mille = arguments.loss_percent * 10;
  options.faults.dark_every = std::chrono::hours(60);
  options.faults.courier_every = std::chrono::hours(5);
  options.pair.paths = arguments.paths;
  return options;
}

// Takes what a run broke, and shows it. Whether it kept every promise.
bool take_violations(sim::FailingSeeds& failing, std::uint64_t seed, const std::vector<std::string>& violations, const Context& context) {
  if (failing.add(seed, violations)) return true;
  for (const std::string& line : failing.lines()) context.say(line);
  return false;
}

Json to_json(const sim::FailingSeeds& failing) {
  Json out = Json::array();
  for (const sim::FailingSeeds::Seed& one : failing.seeds()) out.push_back({{"seed", one.seed}, {"violations", one.violations}});
  return out;
}

// The shortest way to write it that reads the same: an option that a person types.
std::string option(const std::string& name, double value) { return name + " " + Json(value).dump() + " "; }

Result<void> run_simulator(const SimArguments& arguments, Context& context) {
  sim::Report sum;
  std::uint64_t equivocations = 0;
  double real = 0;
  sim::FailingSeeds failing("seeds", option("--days", arguments.days) + "--loss " + std::to_string(arguments.loss_percent) + " --paths " +
                                         std::to_string(arguments.paths) + " ");
  struct Run {
    Timed<sim::Report> world;
    sim::Hostile::Report hostile;
  };
  // The same promises to a counterpart that breaks every one of its own.
  const auto run = [&](std::uint64_t seed) {
    return Run{timed([&] { return sim::World(to_options(arguments, seed)).run(); }), sim::Hostile(seed).run()};
  };
  const auto take = [&](std::uint64_t seed, Run ended) {
    sim::Report& report = ended.world.report;
    real += ended.world.seconds;
    equivocations += ended.hostile.equivocations;
    for (const std::string& violation : ended.hostile.violations)
      report.violations.push_back("hostile counterpart: " + violation);
    sum.add(report);
    return take_violations(failing, seed, report.violations, context);
  };
  run_seeds<Run>(arguments.runs(), context, run, take);
  const double simulated = arguments.days * 86400 * static_cast<double>(arguments.seeds);
  context.say(std::to_string(arguments.seeds) + " seeds of " + std::to_string(arguments.days) +
              " days: " + std::to_string(sum.submitted) + " messages and " + std::to_string(sum.documents_sent) +
              " documents, delivered " + std::to_string(sum.delivered) + " and " + std::to_string(sum.documents_arrived) +
              " times (again after a disk was rolled back), " +
              std::to_string(sum.crashes) + " crashes, " +
              std::to_string(sum.rollbacks) + " disks rolled back (" + std::to_string(sum.rotten) + " of them rotten), " + std::to_string(sum.takeovers) +
              " processes taken over, " + std::to_string(sum.files_packed) + " courier files (" +
              std::to_string(sum.files_taken) + " taken), " + std::to_string(equivocations) + " equivocations proved, " +
              std::to_string(sum.dropped) + " datagrams lost, " + std::to_string(sum.duplicated) + " doubled, " +
              std::to_string(sum.reordered) + " out of order, " + std::to_string(sum.flipped) + " damaged, " + std::to_string(sum.replayed) + " replayed, " +
              std::to_string(sum.partitions) + " times no way (" + std::to_string(sum.one_way) + " in one direction), " +
              std::to_string(sum.clock_steps) + " steps of a clock (" + std::to_string(sum.far_steps) + " by a year), " + std::to_string(failing.violations()) +
              " violations; " + std::to_string(static_cast<long>(simulated / real)) +
              " times as fast as time on one core");
  context.result({{"violations", failing.violations()},
                  {"crashes", sum.crashes},
                  {"dropped", sum.dropped},
                  {"duplicated", sum.duplicated},
                  {"reordered", sum.reordered},
                  {"slowed", sum.slowed},
                  {"flipped", sum.flipped},
                  {"replayed", sum.replayed},
                  {"partitions", sum.partitions},
                  {"one_way", sum.one_way},
                  {"clock_steps", sum.clock_steps},
                  {"far_steps", sum.far_steps},
                  {"rollbacks", sum.rollbacks},
                  {"rotten", sum.rotten},
                  {"rot_read", sum.rot_read},
                  {"takeovers", sum.takeovers},
                  {"refused_commits", sum.refused},
                  {"equivocations", equivocations},
                  {"submitted", sum.submitted},
                  {"delivered", sum.delivered},
                  {"files_packed", sum.files_packed},
                  {"files_taken", sum.files_taken},
                  {"cuts_respected", sum.cuts_respected},
                  {"lifts_tested", sum.lifts_tested},
                  {"documents_sent", sum.documents_sent},
                  {"documents_arrived", sum.documents_arrived},
                  {"trace", sum.trace},
                  {"speed", simulated / real},
                  {"failing", to_json(failing)}});
  return failing.verdict();
}

// The report's story instead of chance (sim/story.h).
Result<void> run_story(const SimArguments& arguments, Context& context) {
  std::uint64_t crashes = 0, sent = 0, dropped = 0, submitted = 0, delivered = 0, refused = 0;
  std::uint64_t packed = 0, taken = 0, lost = 0, restorations = 0, released = 0;
  double real = 0, days = 0;
  std::string trace;
  sim::FailingSeeds failing("stories", "--story " + option("--silence", arguments.silence_days));
  using Run = Timed<sim::StoryReport>;
  const auto run = [&](std::uint64_t seed) {
    sim::StoryOptions options;
    options.seed = seed;
    options.silence = Duration(static_cast<std::int64_t>(arguments.silence_days * 86400e6));
    return timed([&] { return sim::Story(options).run(); });
  };
  const auto take = [&](std::uint64_t seed, Run ended) {
    const sim::StoryReport& report = ended.report;
    real += ended.seconds;
    days += report.days;
    crashes += report.crashes;
    sent += report.sent;
    dropped += report.dropped;
    submitted += report.submitted;
    delivered += report.delivered;
    refused += report.tries;
    packed += report.files_packed;
    taken += report.files_taken;
    lost += report.files_lost;
    restorations += report.restorations;
    released += report.released;
    trace = report.trace;
    return take_violations(failing, seed, report.violations, context);
  };
  run_seeds<Run>(arguments.runs(), context, run, take);
  context.say(std::to_string(arguments.seeds) + " stories of " + std::to_string(static_cast<long>(days)) + " days in all: " +
              std::to_string(delivered) + " of " + std::to_string(submitted) + " messages delivered, " +
              std::to_string(refused) + " refused while the lines were cut, " + std::to_string(packed) + " courier files (" +
              std::to_string(lost) + " lost), " + std::to_string(restorations) + " restorations until all lines were open, " +
              std::to_string(released) + " announcements released, " + std::to_string(crashes) + " crashes, " +
              std::to_string(dropped) + " of " + std::to_string(sent) + " datagrams lost, " + std::to_string(failing.violations()) +
              " violations");
  context.result({{"violations", failing.violations()},
                  {"crashes", crashes},
                  {"dropped", dropped},
                  {"submitted", submitted},
                  {"delivered", delivered},
                  {"refused_while_cut", refused},
                  {"files_packed", packed},
                  {"files_taken", taken},
                  {"files_lost", lost},
                  {"restorations", restorations},
                  {"announcements_released", released},
                  {"days", days},
                  {"trace", trace},
                  {"speed", days * 86400 / real},
                  {"failing", to_json(failing)}});
  return failing.verdict();
}

Result<std::string> output_of(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Fault::kIo, "no pipe to " + program);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child)
    return fail(Fault::kIo, program + " could not be run to its end");
  return out;
}

// The planted bugs are in a program of their own, so that this one cannot contain them.
Result<void> run_mutants(const SimArguments& arguments, Context& context) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "detente-mutants").string();
  if (error || ::access(program.c_str(), X_OK) != 0)
    return fail(Fault::kNotFound, "there is no detente-mutants beside this program (" + program +
                                      "): it is built with it, and not installed with a station");
  DETENTE_TRY(output, output_of(program, {arguments.mutant, std::to_string(arguments.mutant_seeds)}));
  const Json report = Json::parse(output, nullptr, false);
  if (report.is_discarded() || !report.contains("mutants"))
    return fail(Fault::kNotFound, "there is no planted bug " + arguments.mutant +
                                      "; `detente-mutants` without a name lists them");
  std::string uncaught;
  for (const Json& one : report["mutants"]) {
    const std::string name = one["name"];
    const bool caught = one["caught"];
    context.say(name + ": " + (caught ? "caught with seed " + one["seed"].dump() + ", " +
                                            one["violation"].get<std::string>()
                                      : "NOT CAUGHT"));
    if (!caught) uncaught += " " + name;
  }
  context.result({{"mutants", report["mutants"]}});
  if (!uncaught.empty()) return fail(Fault::kConflict, "no checker caught" + uncaught);
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
  command->add_option("--paths", arguments->paths, "Paths between the two stations")->check(CLI::Range(std::size_t{1}, accord::kPathsMax));
  command->add_option("--mutant", arguments->mutant,
                      "Plant this bug (or all, one after the other) and see that a checker catches it; prints JSON");
  command->add_option("--mutant-seeds", arguments->mutant_seeds, "Seeds to try for each planted bug")
      ->check(CLI::Range(1, 100000));
  command->add_option("--jobs", arguments->jobs, "Runs side by side (else one a core); the results are the same for any number")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--story", arguments->story,
                    "Play the story instead of chance: five lines, a cut that is announced, silence, letters and an "
                    "agreement by courier files alone, the restoration, the announcement, the first words after it");
  command->add_option("--silence", arguments->silence_days, "Days of the story's silence, at most (a quarter at least)")
      ->check(CLI::Range(0.01, 1000.0));
  example(*command, "detente sim --story --seeds 100 --json");
  example(*command, "detente sim --seeds 100 --days 2 --json");
  example(*command, "detente sim --mutant all");
  on_run(*command, context, [arguments, &context] {
    if (!arguments->mutant.empty()) return run_mutants(*arguments, context);
    return arguments->story ? run_story(*arguments, context) : run_simulator(*arguments, context);
  });
}

}  // namespace detente::cli
