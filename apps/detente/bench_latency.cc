// Two station processes, each with its database on the disk in question, joined
// by loopback UDP; a text of 100 characters until the far side's durable receipt
// is verified here: by the station's own clock, and beside it as a program sees it
// through the station's API.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "bench.h"
#include "bench_machine.h"
#include "client_http.h"
#include "io/os_clock.h"
#include "io/os_random.h"
#include "lab.h"

namespace detente::cli {

namespace {

constexpr Duration kStartMax = std::chrono::seconds(20);
constexpr std::string_view kText =
    "The patrol boats have returned to harbour and the search at the northern limit line ends at 16:00.  ";
static_assert(kText.size() == 100);

// A station as a process of its own; stopped when this goes.
class StationProcess {
 public:
  explicit StationProcess(const io::Path& dir) {
    const std::string argument = dir.string();
    pid_ = fork();
    if (pid_ == 0) {
      const int null = open("/dev/null", O_RDWR);
      dup2(null, 1);
      dup2(null, 2);
      execl("/proc/self/exe", "detente", "station", "run", "--dir", argument.c_str(), nullptr);
      _exit(127);
    }
  }
  StationProcess(const StationProcess&) = delete;
  ~StationProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool link_up(const StationClient& client) {
  const Result<Json> status = client.get("/v1/status");
  return status && status->contains("counterparts") && !(*status)["counterparts"].empty() &&
         (*status)["counterparts"][0]["link"]["up"].get<bool>();
}

Result<void> wait_for_link(const StationClient& client) {
  const Instant began = io::os_now().mono;
  while (!link_up(client)) {
    if (io::os_now().mono - began > kStartMax)
      return fail(Fault::kState, "the two stations did not find each other within 20 seconds");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

struct Took {
  double station_ms = 0;  // from the text's acceptance to its verified receipt
  double api_ms = 0;      // the same for the program that sent it, connection and JSON included
};

Result<Took> one_message(const StationClient& client, const std::string& line) {
  const Json body = {{"kind", 1}, {"text", kText}, {"wait", "receipt"}, {"timeout_ms", 10000}};
  const Instant began = io::os_now().mono;
  DETENTE_TRY(answer, client.post("/v1/counterparts/north/lines/" + line + "/entries", body));
  if (answer["state"] != "receipted")
    return fail(Fault::kState, "a message drew no receipt within ten seconds");
  return Took{answer["took_us"].get<double>() / 1e3,
              static_cast<double>((io::os_now().mono - began).count()) / 1e3};
}

Result<std::vector<Figure>> measure(const StationClient& client, Machine& machine, bool provable, std::size_t runs) {
  Figure figure;
  figure.name = provable ? "latency.provable_100" : "latency.deniable_100";
  figure.unit = "ms";
  figure.goal = 1.5;
  figure.note = provable ? "limit: 2 syncs of 512 B, 1 UDP round trip, 2 signatures, 2 verifications"
                         : "limit: 2 syncs of 512 B, 1 UDP round trip";
  Figure api = figure;
  api.name += "_api";
  api.note = "as a program sees it: a connection, HTTP and JSON more";
  const std::string line = provable ? "provable" : "deniable";
  for (std::size_t i = 0; i < runs + 3; ++i) {
    double limit = machine.sync() + machine.sync() + machine.udp_round_trip();
    if (provable)
      for (int both = 0; both < 2; ++both) limit += machine.sign() + machine.verify();
    DETENTE_TRY(took, one_message(client, line));
    if (i < 3) continue;  // epochs are told, caches are warm
    figure.values.push_back(took.station_ms);
    api.values.push_back(took.api_ms);
    figure.limits.push_back(limit * 1e3);
    api.limits.push_back(limit * 1e3);
  }
  return std::vector<Figure>{std::move(figure), std::move(api)};
}

}  // namespace

Result<std::vector<Figure>> bench_latency(const BenchChoices& choices, Context& context) {
  const std::string parent =
      choices.on.empty() ? std::filesystem::current_path().string() : choices.on;
  std::string pattern = parent + "/detente-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    return fail(Fault::kIo, "cannot make a directory in " + parent + ": choose one with --on");
  const TemporaryDirectory directory(pattern);
  DETENTE_TRY(machine, Machine::on(directory.path()));
  LabChoices lab;
  lab.dir = directory.path() + "/lab";
  lab.seal_both = false;
  lab.work_factor = 10;  // keys that live for a minute
  lab.lines = {{"provable", false, 3}, {"deniable", true, 3}};
  DETENTE_TRY(sides, make_lab(lab, io::os_now().wall, context.random()));
  const StationProcess south(sides[0].dir);
  const StationProcess north(sides[1].dir);
  DETENTE_TRY(side, SideDir::open(sides[0].dir));
  const StationClient client(side);
  DETENTE_TRY_VOID(wait_for_link(client));
  const std::size_t runs = choices.quick ? 200 : 1000;
  DETENTE_TRY(provable, measure(client, *machine, true, runs));
  DETENTE_TRY(deniable, measure(client, *machine, false, runs));
  std::move(deniable.begin(), deniable.end(), std::back_inserter(provable));
  return provable;
}

}  // namespace detente::cli
