// kill -9 of a station with a million entries while it writes; the time from its
// next start until it has taken a message durably; and whether all that it had
// acknowledged is there.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "bench.h"
#include "bench_machine.h"
#include "bench_million.h"
#include "bench_stations.h"
#include "io/os_clock.h"

namespace detente::cli {

namespace {

constexpr std::uint64_t kEntries = 1'000'000;
constexpr std::size_t kWriters = 4;
constexpr std::size_t kBeforeKill = 60;  // acknowledged in each life
constexpr Duration kReadyMax = std::chrono::seconds(30);
constexpr std::string_view kTarget = "/v1/counterparts/north/lines/full/entries";

// What the station said it has durably.
class Acknowledged {
 public:
  void add(std::string text) {
    const std::lock_guard guard(mutex_);
    texts_.push_back(std::move(text));
  }
  std::size_t size() const {
    const std::lock_guard guard(mutex_);
    return texts_.size();
  }
  // How many of them do not stand exactly once in `held`.
  std::size_t missing(const std::vector<std::string>& held) const {
    const std::multiset<std::string> all(held.begin(), held.end());
    return static_cast<std::size_t>(std::count_if(
        texts_.begin(), texts_.end(), [&](const std::string& text) { return all.count(text) != 1; }));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

bool submit(const StationClient& client, const std::string& text, Acknowledged& acknowledged) {
  const auto answer = client.post(std::string(kTarget), {{"text", text}, {"wait", "durable"}});
  if (!answer || ((*answer)["state"] != "queued" && (*answer)["state"] != "placed")) return false;
  acknowledged.add(text);
  return true;
}

// Seconds from now, when the process was just made, until it has taken a message durably.
Result<double> until_ready(const StationClient& client, Instant began, const std::string& text,
                           Acknowledged& acknowledged) {
  while (!submit(client, text, acknowledged)) {
    if (io::os_now().mono - began > kReadyMax)
      return fail(Fault::kState, "the station was not ready within 30 seconds");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return static_cast<double>((io::os_now().mono - began).count()) / 1e6;
}

// Several programs write without pause until the station is killed under them.
void write_and_kill(StationProcess& process, const StationClient& client, const std::string& life,
                    Acknowledged& acknowledged) {
  std::atomic<bool> over = false;
  const std::size_t enough = acknowledged.size() + kBeforeKill;
  std::vector<std::jthread> writers;
  for (std::size_t w = 0; w < kWriters; ++w)
    writers.emplace_back([&, w] {
      for (std::size_t i = 0; !over; ++i)
        submit(client, life + ", writer " + std::to_string(w) + ", message " + std::to_string(i), acknowledged);
    });
  while (acknowledged.size() < enough) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  process.kill_now();
  over = true;
}

}  // namespace

Result<std::vector<Figure>> bench_recover(const BenchChoices& choices, Context& context) {
  DETENTE_TRY(directory, TemporaryDirectory::make(choices.on));
  DETENTE_TRY(machine, Machine::on(directory->path()));  // refuses a tmpfs
  LabChoices lab;
  lab.lines = {{"full", false, 3}};
  DETENTE_TRY(sides, make_bench_lab(*directory, std::move(lab), context));
  DETENTE_TRY(side, SideDir::open(sides[0].dir));
  const StationClient client(side);
  Acknowledged acknowledged;
  {
    const StationProcess first(sides[0].dir);  // a station like any other, before its years
    DETENTE_TRY(ready, until_ready(client, io::os_now().mono, "The first message.", acknowledged));
    static_cast<void>(ready);
  }
  context.progress("writing a record of a million entries");
  DETENTE_TRY_VOID(write_record(sides[0], sides[1], kEntries));
  context.progress("");
  Figure ready{"recover.million", "ms", {}, {}, 1000,
               "a million entries on one line, killed while four programs write; from the start of the process until "
               "it has taken a message durably; the file system's cache is warm"};
  ready.worst = true;
  const std::size_t runs = choices.quick ? 7 : 12;
  for (std::size_t i = 0; i < runs; ++i) {
    const Instant began = io::os_now().mono;
    StationProcess process(sides[0].dir);
    const std::string life = "Life " + std::to_string(i);
    DETENTE_TRY(took, until_ready(client, began, life, acknowledged));
    if (i > 0) ready.values.push_back(took * 1e3);  // the first comes after no kill
    write_and_kill(process, client, life, acknowledged);
  }
  DETENTE_TRY(texts, outbox_texts(sides[0]));
  DETENTE_TRY(size, record_size(sides[0]));
  const std::size_t lost = acknowledged.missing(texts);
  Figure lost_figure{"recover.lost", "", {static_cast<double>(lost + (kEntries - size))}, {}, 0,
                     "of " + std::to_string(acknowledged.size()) + " acknowledged and the million"};
  return std::vector<Figure>{ready, lost_figure};
}

}  // namespace detente::cli
