// The least that one line's traffic can cost on this machine: what signature, hash,
// AEAD and group commit take, one after the other, with nothing between them.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace detente::cli {

class BareLine {
 public:
  static constexpr std::size_t kBatch = 64;
  // `directory` lies on the disk to measure.
  static Result<std::unique_ptr<BareLine>> on(const std::string& directory);
  ~BareLine();

  // Seconds for kBatch messages of 200 bytes: a checkpoint and a cosignature signed and each verified, for each message two
  // leaf hashes and one seal and open under both AEADs, and one commit of the same rows at each side.
  Result<double> batch();

 private:
  struct State;
  explicit BareLine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace detente::cli
