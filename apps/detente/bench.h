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
  double goal = 0;             // at most; on the ratio if there is a limit, else on the value
  std::string note;            // p90, conditions
  bool at_least = false;       // the goal is at least that
  bool worst = false;          // the value is the largest of the runs, with its limit, not the median
};

struct BenchChoices {
  bool quick = false;
  std::string on;  // directory of the file system to measure; empty = the current one
};

// Stable order: median of an even number is the mean of the middle two.
double median(std::vector<double> values);
double percentile(std::vector<double> values, double fraction);
// Held-out texts of 100 characters, as many as there are up to `most`.
std::vector<std::string> passages_of(std::size_t most);

// Bytes on the wire, by the core on a network without loss.
Result<std::vector<Figure>> bench_wire(const BenchChoices& choices);
// Two station processes on a real disk.
Result<std::vector<Figure>> bench_latency(const BenchChoices& choices, Context& context);

// Cuts of paths, in virtual time.
Result<std::vector<Figure>> bench_failover(const BenchChoices& choices);
// One line as full as it goes, two station processes on a real disk.
Result<std::vector<Figure>> bench_throughput(const BenchChoices& choices, Context& context);
// A document of 100 MB between two station processes on a real disk.
Result<std::vector<Figure>> bench_document(const BenchChoices& choices, Context& context);
// A FLASH beside a document on a slow path, in virtual time.
Result<std::vector<Figure>> bench_preempt(const BenchChoices& choices);
// Ten thousand idle lines on one station, in virtual time.
Result<std::vector<Figure>> bench_scale(const BenchChoices& choices);
// Years in which the other side of five lines says nothing, in virtual time.
Result<std::vector<Figure>> bench_silence(const BenchChoices& choices);
// A station with a million entries after kill -9.
Result<std::vector<Figure>> bench_recover(const BenchChoices& choices, Context& context);
// A flood of strangers' datagrams at one of two station processes.
Result<std::vector<Figure>> bench_noise(const BenchChoices& choices, Context& context);

}  // namespace detente::cli
