// ReplayWindow decides whether a packet counter is fresh.
//
// Why not "greater than the last one": a path may reorder honest packets.
//
// Invariants: (1) accept() is true at most once per counter. (2) A counter
// older than the window is refused, so memory does not grow with silence.
//
// Call accept() only after the tag verified; else a forger could advance the window
// and silence the real peer. One per path and direction. spec/packet.md section 2.
#pragma once

#include <array>
#include <cstdint>

namespace detente::link {

class ReplayWindow {
 public:
  static constexpr std::uint64_t kSize = 1024;

  bool accept(std::uint64_t counter);
  // Whether accept() would refuse it; changes nothing, so it may be asked before the tag is verified.
  bool would_refuse(std::uint64_t counter) const;
  // Highest accepted counter + 1; 0 when nothing was accepted yet.
  std::uint64_t next() const { return next_; }

 private:
  bool test_and_set(std::uint64_t counter);
  std::uint64_t next_ = 0;
  std::array<std::uint64_t, kSize / 64> bits_{};
};

}  // namespace detente::link
