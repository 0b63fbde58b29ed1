// Ten thousand idle lines on one station, in virtual time over the same core and
// the same store as the daemon's: memory by the growth of this process, processor
// time of that station alone.
#include <malloc.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "bench.h"
#include "bench_stations.h"
#include "io/sqlite_store.h"
#include "sim/idle_lines.h"
#include "wire/coder.h"

namespace detente::cli {

namespace {

double resident_bytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// What the coder of one dictionary takes, which a station's counterparts share (station/assemble.h) and the simulator's
// two ends, too.
Result<double> coder_bytes() {
  const double before = resident_bytes();
  DETENTE_TRY(coder, wire::TextCoder::with_dictionary(wire::shipped_dictionary()));
  static_cast<void>(coder);
  return resident_bytes() - before;
}

}  // namespace

Result<std::vector<Figure>> bench_scale(const BenchChoices& choices) {
  // What a disk costs is measured elsewhere.
  const std::string memory_disk = "/dev/shm";
  DETENTE_TRY(directory, TemporaryDirectory::make(std::filesystem::is_directory(memory_disk) ? memory_disk : choices.on));
  DETENTE_TRY(store, io::SqliteStore::open(directory->path() + "/record.db"));
  const sim::IdleSetting setting;
  const auto lines = static_cast<double>(setting.counterparts * setting.lines_each);
  const std::string conditions = std::to_string(setting.counterparts) + " counterparts with " +
                                 std::to_string(setting.lines_each) +
                                 " lines each, heartbeat 20 s, one message each way on each";
  Figure memory{"scale.idle_lines", "bytes", {}, {}, 16 * 1024,
                conditions + "; growth of the process while the station starts, finds its counterparts and speaks, which "
                             "their own ends' growth is a part of, and the coder that they share"};
  Figure share{"scale.idle_lines_cpu", "%", {}, {}, 5, conditions + "; of one core, the core's and the store's work"};
  DETENTE_TRY(coder, coder_bytes());
  sim::IdleLines idle(setting, *store);  // the counterparts
  const double before = resident_bytes();
  idle.start();
  if (idle.lines_up() != setting.counterparts * setting.lines_each)
    return fail(Fault::kState, "only " + std::to_string(idle.lines_up()) + " lines came up");
  double began = 0, spent = 0;
  idle.before_near = [&] { began = thread_seconds(); };
  idle.after_near = [&] { spent += thread_seconds() - began; };
  const std::size_t runs = choices.quick ? 5 : 20;
  const Duration span = choices.quick ? std::chrono::minutes(2) : std::chrono::minutes(10);
  for (std::size_t i = 0; i < runs; ++i) {
    spent = 0;
    idle.run(span);
    share.values.push_back(100 * spent / std::chrono::duration<double>(span).count());
    memory.values.push_back((resident_bytes() - before + coder) / lines);
  }
  return std::vector<Figure>{memory, share};
}

}  // namespace detente::cli
