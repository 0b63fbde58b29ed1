#include "link/round_trip.h"

#include <algorithm>

namespace detente::link {

void RoundTrip::measured(Duration sample) {
  newest_ = sample;
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

Duration RoundTrip::doubled(Duration base, unsigned times) {
  for (unsigned i = 0; i < times && base < kMost; ++i) base *= 2;
  return std::min(base, kMost);
}

Duration RoundTrip::timeout(unsigned tries) const {
  const Duration first = known_ ? smoothed_ + std::max(kLeast, deviation_ * 4) : kFirst;
  return doubled(std::max(first, Duration(0)), tries);
}

Duration RoundTrip::steady_timeout(unsigned tries) const {
  const Duration steady = std::max(kSteady, timeout(1));
  if (tries <= kSteadyTries) return std::min(timeout(tries), steady);
  return doubled(steady, tries - kSteadyTries);
}

}  // namespace detente::link
