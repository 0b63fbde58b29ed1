// Figures: what is measured, beside the machine's or the channel's own limit
// taken in the same run. docs/figures.md quotes them by name.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli.h"

namespace detente::cli {

struct Figure {
  std::string name;
  std::string unit;
  std::vector<double> values;  // one a run, in the order taken
  std::vector<double> limits;  // the same runs' limits; empty where the goal is absolute
  double goal = 0;             // at most; on the ratio if there is a limit, else on the median
  std::string note;            // p90, conditions
};

struct BenchChoices {
  bool quick = false;
  std::string on;  // directory of the file system to measure; empty = the current one
};

// Stable order: median of an even number is the mean of the middle two.
double median(std::vector<double> values);
double percentile(std::vector<double> values, double fraction);

// Bytes on the wire, by the core on a network without loss.
Result<std::vector<Figure>> bench_wire(const BenchChoices& choices);
// Two station processes on a real disk.
Result<std::vector<Figure>> bench_latency(const BenchChoices& choices, Context& context);

}  // namespace detente::cli
