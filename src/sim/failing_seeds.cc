#include "sim/failing_seeds.h"

namespace detente::sim {

bool FailingSeeds::add(std::uint64_t seed, const std::vector<std::string>& violations) {
  if (violations.empty()) return true;
  seeds_.push_back({seed, violations});
  return false;
}

std::vector<std::string> FailingSeeds::lines() const {
  std::vector<std::string> out;
  if (seeds_.empty()) return out;
  for (const std::string& violation : seeds_.back().violations)
    out.push_back("seed " + std::to_string(seeds_.back().seed) + ": " + violation);
  return out;
}

std::uint64_t FailingSeeds::violations() const {
  std::uint64_t out = 0;
  for (const Seed& one : seeds_) out += one.violations.size();
  return out;
}

Result<void> FailingSeeds::verdict() const {
  if (seeds_.empty()) return {};
  std::string which;
  for (const Seed& one : seeds_) which += (which.empty() ? "" : ", ") + std::to_string(one.seed);
  const bool many = seeds_.size() > 1;
  return fail(Fault::kConflict, std::to_string(seeds_.size()) + " of the " + runs_ + " broke a promise (" + (many ? "seeds " : "seed ") + which +
                                    "); one alone, with the same trace: detente sim " + alone_ + "--first-seed " +
                                    std::to_string(seeds_.front().seed) + " --seeds 1");
}

}  // namespace detente::sim
