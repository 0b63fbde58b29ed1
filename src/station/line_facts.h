// What this station knows of a line at this moment, gathered for watch::judge() from
// the core, the bearers, the store and the machine. Judges nothing.
#pragma once

#include "station/running.h"
#include "watch/ladder.h"

namespace detente::station {

// What the lines of one counterpart share: every path, no media. Made once an answer.
watch::LadderFacts gather_shared(const Running& running, const Counterpart& counterpart);

// Of one line: its media, of the paths those that its annex allows, and what the watch knows.
watch::LadderFacts gather_line(const Running& running, const Counterpart& counterpart,
                               const watch::LadderFacts& shared, const accord::Annex& annex);

}  // namespace detente::station
