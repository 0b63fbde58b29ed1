// Randomness of the operating system: getrandom(2), for keys and for jitter.
#pragma once

#include "base/random.h"

namespace detente::io {

class OsKeyRandom final : public KeyRandom {
 public:
  void fill(MutableBytes out) override;
};

// Its own type, so that a back-off never stands where a key is made.
class OsJitterRandom final : public JitterRandom {
 public:
  std::uint64_t next() override;
};

}  // namespace detente::io
