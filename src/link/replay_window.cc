#include "link/replay_window.h"

#include <algorithm>

namespace detente::link {

bool ReplayWindow::test_and_set(std::uint64_t counter) {
  std::uint64_t& word = bits_[(counter % kSize) / 64];
  const std::uint64_t mask = std::uint64_t{1} << (counter % 64);
  if ((word & mask) != 0) return false;
  word |= mask;
  return true;
}

bool ReplayWindow::would_refuse(std::uint64_t counter) const {
  if (counter >= next_) return false;
  if (next_ - counter > kSize) return true;
  return (bits_[(counter % kSize) / 64] & (std::uint64_t{1} << (counter % 64))) != 0;
}

bool ReplayWindow::accept(std::uint64_t counter) {
  if (counter >= next_) {
    // Forget what the window moves away from: each slot is reused.
    const std::uint64_t steps = std::min(counter - next_ + 1, kSize);
    for (std::uint64_t i = 0; i < steps; ++i) {
      const std::uint64_t slot = (counter - i) % kSize;
      bits_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    }
    next_ = counter + 1;
    return test_and_set(counter);
  }
  if (next_ - counter > kSize) return false;
  return test_and_set(counter);
}

}  // namespace detente::link
