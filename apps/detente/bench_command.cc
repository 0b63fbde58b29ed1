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

// The run whose ratio (or value) is the largest.
std::size_t worst_run(const Figure& figure) {
  std::size_t out = 0;
  const auto weight = [&](std::size_t i) {
    return figure.limits.empty() ? figure.values[i] : figure.values[i] / figure.limits[i];
  };
  for (std::size_t i = 1; i < figure.values.size(); ++i)
    if (weight(i) > weight(out)) out = i;
  return out;
}

Judged judge(const Figure& figure) {
  Judged out;
  const auto pick = [&](const std::vector<double>& of) {
    return figure.worst ? of[worst_run(figure)] : median(of);
  };
  out.value = pick(figure.values);
  double judged = out.value;
  if (!figure.limits.empty()) {
    out.limit = pick(figure.limits);
    out.ratio = judged = out.limit > 0 ? out.value / out.limit : 0;
  }
  out.met = figure.at_least ? judged >= figure.goal : judged <= figure.goal;
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
  if (figure.at_least) out["goal_is"] = "at least";
  out["met"] = judged.met;
  if (!figure.note.empty()) out["note"] = figure.note;
  return out;
}

std::string to_line(const Figure& figure) {
  const Judged judged = judge(figure);
  const char* sign = figure.at_least ? ">=" : "<=";
  char line[200];
  if (figure.limits.empty()) {
    std::snprintf(line, sizeof line, "%-28s %8.1f %-6s p90 %8.1f   goal %s %.0f  %s", figure.name.c_str(),
                  judged.value, figure.unit.c_str(), percentile(figure.values, 0.9), sign, figure.goal,
                  judged.met ? "met" : "NOT met");
  } else {
    std::snprintf(line, sizeof line, "%-28s %8.1f %-6s limit %8.1f  ratio %.2f  goal %s %.2f  %s",
                  figure.name.c_str(), judged.value, figure.unit.c_str(), judged.limit, judged.ratio, sign,
                  figure.goal, judged.met ? "met" : "NOT met");
  }
  return line;
}

// Each with its name in the menu.
Result<std::vector<Figure>> measure_part(const std::string& part, const BenchChoices& choices,
                                         Context& context) {
  if (part == "wire") return bench_wire(choices);
  if (part == "failover") return bench_failover(choices);
  if (part == "throughput") {
    DETENTE_TRY(figures, bench_throughput(choices, context));
    DETENTE_TRY(document, bench_document(choices, context));
    std::move(document.begin(), document.end(), std::back_inserter(figures));
    return figures;
  }
  if (part == "preempt") return bench_preempt(choices);
  if (part == "scale") return bench_scale(choices);
  if (part == "silence") return bench_silence(choices);
  if (part == "recover") return bench_recover(choices, context);
  if (part == "noise") return bench_noise(choices, context);
  return bench_latency(choices, context);
}

Result<void> run_bench(const std::string& part, const BenchChoices& choices, Context& context) {
  DETENTE_TRY(figures, measure_part(part, choices, context));
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
    command->add_option("--on", choices->on, "Directory whose disk is measured; default: the current one");
    example(*command, "detente bench " + part + " --json");
    on_run(*command, context, [part, choices, &context] { return run_bench(part, *choices, context); });
  };
  add("wire", "Bytes of all packets for 100 characters and their receipt");
  add("latency", "From a text to its verified durable receipt, two stations on this disk");
  add("throughput", "200-byte messages a second on one line, and a document; two stations on this disk");
  add("preempt", "What a FLASH waits for beside a document on a slow path; in virtual time");
  add("failover", "What a cut of one path, and of all, costs; in virtual time");
  add("silence", "What grows in years without an answer, and the first word after them; in virtual time");
  add("scale", "Memory and processor of ten thousand idle lines; in virtual time");
  add("recover", "A station with a million entries, ready after kill -9, on this disk");
  add("noise", "What a stranger's flood from one core costs the line of two stations");
}

}  // namespace detente::cli
