// Moments of virtual time that what runs stations in it agrees on.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace detente::sim {

inline constexpr std::uint32_t kStartOfTime = 1770000000;  // what honest clocks show at virtual time 0
// A station that asks so often to be woken within so many microseconds of the last time wakes without end.
inline constexpr std::uint32_t kWokenMost = 100'000;
inline constexpr std::int64_t kSameMoment = 20;
inline constexpr Duration kHealing = std::chrono::minutes(10);  // within which both converge when all faults have ended

}  // namespace detente::sim
