// The machine's clocks: CLOCK_MONOTONIC for timers, CLOCK_REALTIME for what is
// claimed in records.
#pragma once

#include <optional>

#include "base/time.h"

namespace detente::io {

Now os_now();
// As os_now()'s instant, but it goes on while the host is suspended.
Instant os_elapsed();
// Seconds since 1970; 0 before, and the last second of 32 bits after.
WallTime os_wall_time();
// Microseconds since 1970, for measuring another clock.
std::int64_t os_wall_micros();
// Whether the kernel says that something (NTP, PTP, GPS) keeps its clock right; nothing when it
// does not say. Inside a container it is the machine's.
std::optional<bool> os_clock_synchronised();

}  // namespace detente::io
