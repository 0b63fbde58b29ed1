// One line as full as it goes: two station processes on one real disk, joined by
// loopback UDP; several programs hand in messages of 200 bytes, many in one request,
// and each waits for the verified receipts of its own.
#include <atomic>
#include <thread>

#include "bench.h"
#include "bench_bare.h"
#include "bench_machine.h"
#include "bench_stations.h"
#include "io/os_clock.h"

namespace detente::cli {

namespace {

constexpr std::size_t kSenders = 4;
constexpr std::size_t kPerRequest = 128;  // times the senders: below what a line lets wait
constexpr std::size_t kBareBatches = 24;
constexpr std::string_view kTarget = "/v1/counterparts/north/lines/full/entries";
constexpr std::string_view kReceipted = R"("state":"receipted")";

// Requests that differ: each text is two passages of 100 characters.
std::vector<std::string> make_requests(const std::vector<std::string>& passages, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0, text = 0; i < count; ++i) {
    Json body = {{"wait", "receipt"}, {"timeout_ms", 30000}};
    for (std::size_t k = 0; k < kPerRequest; ++k, ++text)
      body["messages"].push_back(
          {{"text", passages[text % passages.size()] + passages[(text * 7 + 1) % passages.size()]}});
    out.push_back(body.dump());
  }
  return out;
}

std::size_t count_receipted(std::string_view answer) {
  std::size_t out = 0;
  for (std::size_t at = answer.find(kReceipted); at != std::string_view::npos;
       at = answer.find(kReceipted, at + kReceipted.size()))
    ++out;
  return out;
}

// Messages a second, from the first request until the last receipt; all of them must be receipted.
Result<double> fill(const StationClient& client, const std::vector<std::string>& requests) {
  std::atomic<std::size_t> next = 0, receipted = 0;
  const Instant began = io::os_now().mono;
  {
    std::vector<std::jthread> senders;
    for (std::size_t i = 0; i < kSenders; ++i)
      senders.emplace_back([&] {
        for (std::size_t at = next++; at < requests.size(); at = next++)
          if (const auto answer = client.post_text(std::string(kTarget), requests[at]))
            receipted += count_receipted(*answer);
      });
  }
  const double seconds = static_cast<double>((io::os_now().mono - began).count()) / 1e6;
  const std::size_t all = requests.size() * kPerRequest;
  if (receipted != all)
    return fail(Fault::kState, std::to_string(all - receipted) + " of " + std::to_string(all) +
                                   " messages drew no receipt within 30 seconds");
  return static_cast<double>(all) / seconds;
}

Result<double> bare_rate(BareLine& bare) {
  double seconds = 0;
  for (std::size_t i = 0; i < kBareBatches; ++i) {
    DETENTE_TRY(took, bare.batch());
    seconds += took;
  }
  return static_cast<double>(kBareBatches * BareLine::kBatch) / seconds;
}

}  // namespace

Result<std::vector<Figure>> bench_throughput(const BenchChoices& choices, Context& context) {
  DETENTE_TRY(directory, TemporaryDirectory::make(choices.on));
  DETENTE_TRY(machine, Machine::on(directory->path()));  // refuses a tmpfs
  DETENTE_TRY(bare, BareLine::on(directory->path()));
  LabChoices lab;
  lab.lines = {{"full", false, 3}};
  DETENTE_TRY(sides, make_bench_lab(*directory, std::move(lab), context));
  const StationProcess south(sides[0].dir);
  const StationProcess north(sides[1].dir);
  DETENTE_TRY(side, SideDir::open(sides[0].dir));
  const StationClient client(side);
  DETENTE_TRY_VOID(wait_for_link(client));
  const auto requests = make_requests(passages_of(400), 40);
  Figure figure{"throughput.one_line_200", "1/s", {}, {}, 0.8,
                "limit: the bare loop of docs/figures.md, both sides' work on one core"};
  figure.at_least = true;
  std::vector<double> near, far;  // microseconds of processor time a message
  const std::size_t runs = choices.quick ? 6 : 20;
  for (std::size_t i = 0; i < runs + 1; ++i) {
    DETENTE_TRY(limit, bare_rate(*bare));
    const double near_before = south.cpu_seconds(), far_before = north.cpu_seconds();
    DETENTE_TRY(rate, fill(client, requests));
    if (i == 0) continue;  // epochs are told, caches are warm
    figure.values.push_back(rate);
    figure.limits.push_back(limit);
    const auto messages = static_cast<double>(requests.size() * kPerRequest);
    near.push_back((south.cpu_seconds() - near_before) / messages * 1e6);
    far.push_back((north.cpu_seconds() - far_before) / messages * 1e6);
  }
  char cpu[120];
  std::snprintf(cpu, sizeof cpu, "; processor time a message: %.0f us in the sending station, %.0f us in the receiving one",
                median(near), median(far));
  figure.note += cpu;
  return std::vector<Figure>{figure};
}

}  // namespace detente::cli
