// Runs of the simulator side by side: each seed's run stands by itself, and its report is taken in the order of the seeds,
// so that a sum over them is the same however many ran at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "cli.h"

namespace detente::cli {

struct SeedRuns {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  unsigned at_once = 1;
};

// "12 of 1000 seeds, 41 min left", and "3 BROKE A PROMISE" where some did.
std::string seeds_progress(std::uint64_t done, const SeedRuns& runs, std::uint64_t broken, std::chrono::seconds took);

// `run` is called on several threads at once, `take` on one at a time; it says whether the run kept every promise.
template <typename Report>
void run_seeds(const SeedRuns& runs, const Context& context, const std::function<Report(std::uint64_t seed)>& run,
               const std::function<bool(std::uint64_t seed, Report report)>& take) {
  const auto began = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{0};
  std::mutex taking;
  std::map<std::uint64_t, Report> ended;  // that wait for one before them
  std::uint64_t taken = 0, done = 0, broken = 0;
  const auto work = [&] {
    for (std::uint64_t i = next++; i < runs.count; i = next++) {
      Report report = run(runs.first + i);
      const std::lock_guard lock(taking);
      ++done;
      ended.emplace(i, std::move(report));
      context.progress({});
      for (auto it = ended.find(taken); it != ended.end(); it = ended.find(++taken)) {
        if (!take(runs.first + taken, std::move(it->second))) ++broken;
        ended.erase(it);
      }
      if (done < runs.count)
        context.progress(seeds_progress(
            done, runs, broken, std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began)));
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < runs.at_once && i < runs.count; ++i) others.emplace_back(work);
  work();
}

}  // namespace detente::cli
