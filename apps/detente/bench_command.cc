// detente bench PART: figures as a table or as JSON.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "bench.h"

namespace detente::cli {

double percentile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = fraction * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

namespace {

struct Judged {
  double value = 0, limit = 0, ratio = 0;
  bool met = false;
};

Judged judge(const Figure& figure) {
  Judged out;
  out.value = median(figure.values);
  if (figure.limits.empty()) {
    out.met = out.value <= figure.goal;
    return out;
  }
  out.limit = median(figure.limits);
  out.ratio = out.limit > 0 ? out.value / out.limit : 0;
  out.met = out.ratio <= figure.goal;
  return out;
}

Json to_json(const Figure& figure) {
  const Judged judged = judge(figure);
  const auto [least, most] = std::minmax_element(figure.values.begin(), figure.values.end());
  Json out = {{"name", figure.name},
              {"value", judged.value},
              {"unit", figure.unit},
              {"min", *least},
              {"max", *most},
              {"p90", percentile(figure.values, 0.9)},
              {"runs", figure.values.size()}};
  if (!figure.limits.empty()) {
    out["limit"] = judged.limit;
    out["ratio"] = judged.ratio;
  }
  out["goal"] = figure.goal;
  out["met"] = judged.met;
  if (!figure.note.empty()) out["note"] = figure.note;
  return out;
}

std::string to_line(const Figure& figure) {
  const Judged judged = judge(figure);
  char line[200];
  if (figure.limits.empty()) {
    std::snprintf(line, sizeof line, "%-28s %8.1f %-6s p90 %8.1f   goal <= %.0f  %s", figure.name.c_str(),
                  judged.value, figure.unit.c_str(), percentile(figure.values, 0.9), figure.goal,
                  judged.met ? "met" : "NOT met");
  } else {
    std::snprintf(line, sizeof line, "%-28s %8.1f %-6s limit %8.1f  ratio %.2f  goal <= %.2f  %s",
                  figure.name.c_str(), judged.value, figure.unit.c_str(), judged.limit, judged.ratio,
                  figure.goal, judged.met ? "met" : "NOT met");
  }
  return line;
}

Result<void> run_bench(const std::string& part, const BenchChoices& choices, Context& context) {
  std::vector<Figure> figures;
  if (part == "wire") {
    DETENTE_TRY(wire, bench_wire(choices));
    figures = std::move(wire);
  } else {
    DETENTE_TRY(latency, bench_latency(choices, context));
    figures = std::move(latency);
  }
  Json list = Json::array();
  for (const Figure& figure : figures) {
    list.push_back(to_json(figure));
    context.say(to_line(figure));
  }
  context.result({{"figures", list}});
  return {};
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  CLI::App* bench = app.add_subcommand("bench", "Measure, each figure beside the machine's own limit in the same run");
  bench->require_subcommand(1);
  const auto add = [&](const std::string& part, const std::string& what) {
    auto choices = std::make_shared<BenchChoices>();
    CLI::App* command = bench->add_subcommand(part, what);
    command->add_flag("--quick", choices->quick, "Fewer runs, within 50 seconds");
    command->add_option("--on", choices->on, "Directory whose disk is measured (latency); default: the current one");
    example(*command, "detente bench " + part + " --json");
    on_run(*command, context, [part, choices, &context] { return run_bench(part, *choices, context); });
  };
  add("wire", "Bytes of all packets for 100 characters and their receipt");
  add("latency", "From a text to its verified durable receipt, two stations on this disk");
}

}  // namespace detente::cli
