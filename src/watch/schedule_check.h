// What is wrong with a line's schedule that its text alone does not show.
//
// parse_annex has refused what the text shows. Here the zones are known: calls
// of two zones that overlap, an exception that runs into another call, a call
// that no day of the accord's time has. For `detente accord check`, before
// anybody signs, and for a station's start.
#pragma once

#include "base/result.h"
#include "watch/schedule.h"

namespace detente::watch {

// kConflict for the first thing that is wrong. Looks from the accord's first date to thirteen
// months after the last date that the annex names; what repeats every year has shown itself by
// then.
Result<void> check_schedule(const Schedule& schedule, const CivilDate& first);

}  // namespace detente::watch
