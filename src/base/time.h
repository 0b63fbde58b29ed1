// Two times that never mix. Instant is monotonic, is passed in, and drives
// timers. WallTime is what a clock claims: it goes into records and decides
// nothing that safety hangs on.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace detente {

using Duration = std::chrono::microseconds;

inline constexpr std::uint32_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

struct Instant {
  std::int64_t micros = 0;  // since the start of the process or the simulation
  auto operator<=>(const Instant&) const = default;
};
inline Instant operator+(Instant t, Duration d) { return {t.micros + d.count()}; }
inline Instant operator-(Instant t, Duration d) { return {t.micros - d.count()}; }
inline Duration operator-(Instant a, Instant b) { return Duration(a.micros - b.micros); }

// Seconds since 1970 as somebody's clock had them. Never negative, below 2^32
// in every format of ours (until 2106).
struct WallTime {
  std::uint32_t seconds = 0;
  auto operator<=>(const WallTime&) const = default;
};

// Both readings of one moment, as a driver hands them to the core.
struct Now {
  Instant mono;
  WallTime wall;
};

}  // namespace detente
