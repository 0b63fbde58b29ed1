#include "seed_runs.h"

namespace detente::cli {

std::string seeds_progress(std::uint64_t done, const SeedRuns& runs, std::uint64_t broken, std::chrono::seconds took) {
  const auto left = static_cast<std::uint64_t>(took.count()) * (runs.count - done) / done;
  std::string out = std::to_string(done) + " of " + std::to_string(runs.count) + " seeds, ";
  out += left < 120 ? std::to_string(left) + " s left" : std::to_string(left / 60) + " min left";
  if (broken > 0) out += ", " + std::to_string(broken) + " BROKE A PROMISE";
  return out;
}

}  // namespace detente::cli
