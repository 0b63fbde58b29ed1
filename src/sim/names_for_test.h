// What most tests of two stations name, and what they draw.
#pragma once

#include "sim/quiet_pair.h"

namespace detente::sim {

inline constexpr LineId kLine{1};
inline constexpr PathId kPath{1};
inline constexpr std::size_t kSouth = 0, kNorth = 1;
inline constexpr std::size_t kFraming = 28;  // of IPv4 and UDP, beside a packet

inline Bytes drawn(std::size_t size, std::uint64_t seed = 7) {
  Bytes out(size);
  SeededRandom(seed).fill(out);
  return out;
}

// The events of one kind.
template <typename Event>
std::vector<Event> of(const std::vector<core::DeskEvent>& events) {
  std::vector<Event> out;
  for (const core::DeskEvent& event : events)
    if (const auto* found = std::get_if<Event>(&event)) out.push_back(*found);
  return out;
}

inline PairOptions two_paths() {
  PairOptions options;
  options.paths = 2;
  return options;
}

}  // namespace detente::sim
