// FailingSeeds: which seeds of many runs broke a promise, by which violations, and what a person is told of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace detente::sim {

class FailingSeeds {
 public:
  struct Seed {
    std::uint64_t seed = 0;
    std::vector<std::string> violations;
  };

  // `runs`: what one of them is called, as "seed". `alone`: the options that run one of that kind again.
  FailingSeeds(std::string runs, std::string alone) : runs_(std::move(runs)), alone_(std::move(alone)) {}

  // Whether the run kept every promise. The lines of one that did not are given to be shown at once.
  bool add(std::uint64_t seed, const std::vector<std::string>& violations);
  std::vector<std::string> lines() const;  // of the one that was added last

  const std::vector<Seed>& seeds() const { return seeds_; }
  std::uint64_t violations() const;
  // kConflict with the seeds and how to run one of them alone, if there are any.
  Result<void> verdict() const;

 private:
  std::string runs_, alone_;
  std::vector<Seed> seeds_;
};

}  // namespace detente::sim
