// Two stations that share a line or two, made from one seed: what the ceremony
// makes for real stations, without files. For the simulator and tests.
#pragma once

#include "core/station.h"

namespace detente::sim {

struct PairOptions {
  bool both_aeads = true;
  std::size_t paths = 1;
  core::LinkPolicy policy;
  core::Limits limits;
  std::map<PathId, link::PathTerms> path_terms;
  core::DocumentTerms documents;
  std::vector<core::LineSetup> lines;  // empty: accord line, provable line 1, deniable line 2
  std::vector<core::LineSetup> next_lines;  // under the second accord; empty: the same
};

// Holds the keys that both setups borrow.
class Pair {
 public:
  explicit Pair(std::uint64_t seed, PairOptions options = {});
  // side 0 stands first in the order. `peer`: the other's id at that station. Callable again after a crash.
  core::PeerSetup setup(std::size_t side, PeerId peer = PeerId{0}) const;
  const Digest& lineage() const { return accord_; }
  // What stands in a side's directory beside its disk: that it has the second accord, signed by both, and goes on under it.
  const Digest& second_accord() const { return second_; }
  core::Successor successor() const;
  bool has_second[2] = {false, false};
  bool under_second[2] = {false, false};
  static const char* name(std::size_t side) { return side == 0 ? "south" : "north"; }
  // As the other side's credential names them.
  core::FarKeys public_keys(std::size_t side) const;
  const crypto::SignKey& log_key(std::size_t side) const { return keys_[side].log; }

 private:
  struct Keys {
    crypto::SignKey log;
    crypto::SignKey cosign;
    crypto::AgreeKey noise;
  };
  PairOptions options_;
  std::vector<Keys> keys_;
  SecretBytes psk_;
  Digest accord_{};
  Digest second_{};
  wire::TextCoder coder_;
};

}  // namespace detente::sim
