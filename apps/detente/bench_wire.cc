#include "bench.h"
#include "passages.h"
#include "sim/wire_figures.h"

namespace detente::cli {

std::vector<std::string> passages_of(std::size_t most) {
  std::vector<std::string> out;
  std::string_view rest = kPassages100;
  while (!rest.empty() && out.size() < most) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!line.empty()) out.emplace_back(line);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return out;
}

Result<std::vector<Figure>> bench_wire(const BenchChoices& choices) {
  const std::vector<std::string> passages = passages_of(choices.quick ? 120 : 1000);
  struct Row {
    const char* name;
    sim::WireSetting setting;
    double goal;
  };
  const Row rows[] = {{"wire.provable_100_one", {true, false, false}, 250},
                      {"wire.deniable_100_one", {false, false, false}, 130},
                      {"wire.provable_100_both", {true, true, false}, 282},
                      {"wire.deniable_100_both", {false, true, false}, 162},
                      {"wire.cold_100_both", {true, true, true}, 430}};
  std::vector<Figure> figures;
  for (const Row& row : rows) {
    Figure figure;
    figure.name = row.name;
    figure.unit = "bytes";
    figure.goal = row.goal;
    figure.note = "passages of 100 characters that share nothing with the dictionary";
    for (std::uint64_t bytes : sim::wire_bytes(row.setting, passages))
      figure.values.push_back(static_cast<double>(bytes));
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace detente::cli
