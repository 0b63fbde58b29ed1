// The machine's clocks: CLOCK_MONOTONIC for timers, CLOCK_REALTIME for what is
// claimed in records.
#pragma once

#include "base/time.h"

namespace detente::io {

Now os_now();
// Seconds since 1970; 0 before, and the last second of 32 bits after.
WallTime os_wall_time();

}  // namespace detente::io
