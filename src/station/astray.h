// What waits in the queue under a key that no line of this station has: no line reads it, so the
// station itself tells people of it.
#pragma once

#include "station/running.h"

namespace detente::station {

// After the lines have read theirs. Counts it for the status and raises the alarm, or ends it.
void look_for_astray(Running& running);

}  // namespace detente::station
