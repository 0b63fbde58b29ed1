// Keys of tests: the same for the same seed.
#pragma once

#include "base/random.h"
#include "crypto/sign.h"

namespace detente::record {

inline crypto::SignKey key(std::uint64_t seed) {
  SeededRandom random(seed);
  return crypto::SignKey::generate(random);
}

}  // namespace detente::record
