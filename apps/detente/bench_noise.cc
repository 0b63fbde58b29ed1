// A stranger sends from one core at full speed at a station that is in use: noise,
// recorded packets of the session itself, half-handshakes. What it costs the line
// beside the same line just before, what it costs in memory, and what it draws.
#include <thread>

#include "bench.h"
#include "bench_flood.h"
#include "bench_stations.h"
#include "io/os_clock.h"
#include "link/handshake.h"

namespace detente::cli {

namespace {

constexpr std::size_t kDatagrams = 1024;      // different ones; they are sent in turn
constexpr std::size_t kGenuineCallEvery = 8;  // among the half-handshakes, a recorded one
constexpr Duration kFloodAlone = std::chrono::seconds(2);
constexpr double kGrowthMaxKib = 256;   // of the station's memory while nobody says anything
constexpr double kFloodLeast = 50'000;  // a second; less would be no flood
constexpr std::string_view kQuietLine = "provable";

struct Kind {
  std::string name, what;
  std::vector<Bytes> datagrams;
};

std::vector<Bytes> random_noise(KeyRandom& random) {
  std::vector<Bytes> out(kDatagrams);
  for (Bytes& datagram : out) {
    const ByteArray<2> drawn = random.array<2>();
    datagram.resize(1 + read_be(drawn) % wire::kPacketBytesMax);
    random.fill(datagram);
  }
  return out;
}

// Calls that only the counterpart could make, but for the MAC: right hint, counters that rise.
std::vector<Bytes> half_handshakes(const std::vector<Bytes>& recorded, KeyRandom& random) {
  std::vector<Bytes> out(kDatagrams, recorded.back());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % kGenuineCallEvery == 0) {
      out[i] = recorded[(i / kGenuineCallEvery) % recorded.size()];
      continue;
    }
    const std::uint64_t counter = read_be(ByteView(out[i]).subspan(7, 4)) + i;
    Bytes tail(link::kFirstPacketSize - 7);
    random.fill(tail);
    out[i].resize(7);
    append(out[i], tail);
    for (std::size_t b = 0; b < 4; ++b)
      out[i][7 + b] = static_cast<std::uint8_t>(counter >> (24 - 8 * b));
  }
  return out;
}

// The line between two stations, one of which hears the stranger too.
class Bench {
 public:
  Bench(const StationClient& client, const StationProcess& station, std::uint16_t port, bool quick)
      : client_(client),
        station_(station),
        port_(port),
        rounds_(quick ? 3 : 9),
        messages_(quick ? 60 : 200) {}

  Result<void> warm_up() {
    DETENTE_TRY(ignored, median_of_messages());
    static_cast<void>(ignored);
    return {};
  }

  Result<void> run(const Kind& kind) {
    Figure latency{"noise." + kind.name, "ms", {}, {}, 2, ""};
    Figure rate{"noise." + kind.name + "_rate", "/s", {}, {}, kFloodLeast, ""};
    rate.at_least = true;
    std::vector<double> taken;
    for (std::size_t i = 0; i < rounds_; ++i) {
      DETENTE_TRY(quiet, median_of_messages());
      DETENTE_TRY(dropped_before, dropped());
      const Instant began = io::os_now().mono;
      Flood flood(port_, kind.datagrams);
      DETENTE_TRY(noisy, median_of_messages());
      const double seconds = static_cast<double>((io::os_now().mono - began).count()) / 1e6;
      const double sent = static_cast<double>(flood.sent());
      DETENTE_TRY(dropped_after, dropped());
      answered_ += flood.answered();
      latency.values.push_back(noisy);
      latency.limits.push_back(quiet);
      rate.values.push_back(sent / seconds);
      taken.push_back(static_cast<double>(dropped_after - dropped_before) / seconds);
    }
    flood_alone(kind);
    latency.note = "limit: the same line in the same run, just before";
    rate.note = kind.what + "; of these the station looked at " +
                std::to_string(std::lround(median(taken))) +
                " a second, the kernel dropped the others";
    figures_.push_back(std::move(latency));
    figures_.push_back(std::move(rate));
    return {};
  }

  std::vector<Figure> take_figures() {
    Figure memory{
        "noise.memory",
        "KiB",
        growth_,
        {},
        kGrowthMaxKib,
        "growth of the station's resident memory in two seconds of each kind, without messages"};
    memory.worst = true;
    figures_.push_back(std::move(memory));
    figures_.push_back({"noise.answered",
                        "",
                        {static_cast<double>(answered_)},
                        {},
                        0,
                        "datagrams that came back"});
    return std::move(figures_);
  }

 private:
  // Messages take memory of their own (the list of events): its growth is measured without them.
  void flood_alone(const Kind& kind) {
    const double before = station_.resident_kib();
    Flood flood(port_, kind.datagrams);
    std::this_thread::sleep_for(std::chrono::microseconds(kFloodAlone.count()));
    growth_.push_back(station_.resident_kib() - before);
    answered_ += flood.answered();
  }
  Result<double> median_of_messages() {
    std::vector<double> out;
    for (std::size_t i = 0; i < messages_; ++i) {
      DETENTE_TRY(took, one_message(client_, std::string(kQuietLine)));
      out.push_back(took.station_ms);
    }
    return median(std::move(out));
  }
  Result<std::uint64_t> dropped() {
    DETENTE_TRY(status, client_.get("/v1/status"));
    return status["datagrams"]["dropped"].get<std::uint64_t>();
  }

  const StationClient& client_;
  const StationProcess& station_;
  std::uint16_t port_;
  std::size_t rounds_, messages_;
  std::vector<double> growth_;
  std::uint64_t answered_ = 0;
  std::vector<Figure> figures_;
};

Recorder::End end_of(const LabSide& side) {
  const station::PathConfig& path = side.links[0].paths[0];
  return {path.listen.port, path.peer.port};
}

}  // namespace

Result<std::vector<Figure>> bench_noise(const BenchChoices& choices, Context& context) {
  DETENTE_TRY(directory, TemporaryDirectory::make(choices.on));
  LabChoices lab;
  lab.gap = true;  // the recorder stands in it
  lab.lines = {{std::string(kQuietLine), false, 3}};
  DETENTE_TRY(sides, make_bench_lab(*directory, std::move(lab), context));
  DETENTE_TRY(recorder, Recorder::between(end_of(sides[0]), end_of(sides[1])));
  const StationProcess south(sides[0].dir);
  const StationProcess north(sides[1].dir);
  DETENTE_TRY(side, SideDir::open(sides[0].dir));
  const StationClient client(side);
  DETENTE_TRY_VOID(wait_for_link(client));
  Bench bench(client, south, end_of(sides[0]).listens, choices.quick);
  DETENTE_TRY_VOID(bench.warm_up());
  if (recorder->calls().empty() || recorder->packets().empty())
    return fail(Fault::kState, "nothing could be recorded between the two stations");
  const Kind kinds[] = {
      {"random", "random bytes, 1 to 1200 of them", random_noise(context.random())},
      {"replay", "recorded packets of the same session", recorder->packets()},
      {"half_handshakes",
       "calls with the right hint and a wrong MAC, one in eight a recorded genuine one",
       half_handshakes(recorder->calls(), context.random())}};
  for (const Kind& kind : kinds) DETENTE_TRY_VOID(bench.run(kind));
  return bench.take_figures();
}

}  // namespace detente::cli
