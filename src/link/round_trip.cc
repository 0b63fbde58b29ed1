#include "link/round_trip.h"

#include <algorithm>

namespace detente::link {

void RoundTrip::measured(Duration sample) {
  if (!known_) {
    known_ = true;
    smoothed_ = sample;
    deviation_ = sample / 2;
    return;
  }
  const Duration error = sample > smoothed_ ? sample - smoothed_ : smoothed_ - sample;
  deviation_ = (deviation_ * 3 + error) / 4;
  smoothed_ = (smoothed_ * 7 + sample) / 8;
}

Duration RoundTrip::timeout(unsigned tries) const {
  Duration base = known_ ? smoothed_ + std::max(kLeast, deviation_ * 4) : kFirst;
  base = std::max(base, Duration(0));
  for (unsigned i = 0; i < tries && base < kMost; ++i) base *= 2;
  return std::min(base, kMost);
}

}  // namespace detente::link
