// Randomness comes in as an argument. Key randomness and jitter randomness are
// two types, so that a back-off never draws from the stream that makes keys.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace detente {

// For keys, nonces, salts, ids. In a station: the operating system.
class KeyRandom {
 public:
  virtual ~KeyRandom() = default;
  virtual void fill(MutableBytes out) = 0;
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    fill(out);
    return out;
  }
};

// For back-off, simulated loss and the like. Not for anything secret.
class JitterRandom {
 public:
  virtual ~JitterRandom() = default;
  virtual std::uint64_t next() = 0;
  // Uniform in [0, bound), bound > 0. The same on every compiler.
  std::uint64_t below(std::uint64_t bound);
};

// xoshiro256** seeded by SplitMix64 (Blackman and Vigna). For the simulator and
// tests only: predictable by design.
class SeededRandom final : public KeyRandom, public JitterRandom {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutableBytes out) override;
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace detente
