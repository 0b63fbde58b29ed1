#include "bench_stations.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "io/os_clock.h"

namespace detente::cli {

namespace {

constexpr Duration kStartMax = std::chrono::seconds(20);
constexpr std::string_view kText =
    "The patrol boats have returned to harbour and the search at the northern limit line ends at 16:00.  ";
static_assert(kText.size() == 100);

bool link_up(const StationClient& client) {
  const Result<Json> status = client.get("/v1/status");
  return status && status->contains("counterparts") && !(*status)["counterparts"].empty() &&
         (*status)["counterparts"][0]["link"]["up"].get<bool>();
}

}  // namespace

Result<std::unique_ptr<TemporaryDirectory>> TemporaryDirectory::make(const std::string& parent) {
  const std::string in = parent.empty() ? std::filesystem::current_path().string() : parent;
  std::string pattern = in + "/detente-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    return fail(Fault::kIo, "cannot make a directory in " + in + ": choose one with --on");
  return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(pattern));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

StationProcess::StationProcess(const io::Path& dir) {
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

StationProcess::~StationProcess() { end(SIGTERM); }
void StationProcess::kill_now() { end(SIGKILL); }

void StationProcess::end(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

double StationProcess::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(file, text);
  // Behind the name in brackets the 12th and 13th fields are user and system time.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double StationProcess::resident_kib() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

Result<std::vector<LabSide>> make_bench_lab(const TemporaryDirectory& directory, LabChoices choices,
                                            Context& context) {
  choices.dir = directory.path() + "/lab";
  return make_lab(choices, io::os_now().wall, context.random());
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

Result<Took> one_message(const StationClient& client, const std::string& line) {
  const Json body = {{"kind", 1}, {"text", kText}, {"wait", "receipt"}, {"timeout_ms", 10000}};
  const Instant began = io::os_now().mono;
  DETENTE_TRY(answer, client.post("/v1/counterparts/north/lines/" + line + "/entries", body));
  if (answer["state"] != "receipted")
    return fail(Fault::kState, "a message drew no receipt within ten seconds");
  return Took{answer["took_us"].get<double>() / 1e3,
              static_cast<double>((io::os_now().mono - began).count()) / 1e3};
}

}  // namespace detente::cli
