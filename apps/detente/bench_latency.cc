// Two station processes, each with its database on the disk in question, joined
// by loopback UDP; a text of 100 characters until the far side's durable receipt
// is verified here: by the station's own clock, and beside it as a program sees it
// through the station's API.
#include "bench.h"
#include "bench_machine.h"
#include "bench_stations.h"

namespace detente::cli {

namespace {

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
  DETENTE_TRY(directory, TemporaryDirectory::make(choices.on));
  DETENTE_TRY(machine, Machine::on(directory->path()));
  LabChoices lab;
  lab.seal_both = false;
  lab.lines = {{"provable", false, 3}, {"deniable", true, 3}};
  DETENTE_TRY(sides, make_bench_lab(*directory, std::move(lab), context));
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
