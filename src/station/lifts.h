// Lifts of cuts that are tested, as a station shows them: this side's and the other's. spec/restoration.md section 5.
#pragma once

#include "station/json.h"
#include "station/running.h"
#include "watch/ladder_facts.h"

namespace detente::station {

// {"ok", "now", "lifts": […]}: those of this life of the station, the oldest first. spec/api.md.
Json lifts_json(const Running& running, const Counterpart& counterpart);

// An officer's lift of that line that is being tested goes back to him: kState where none is.
Result<Json> take_back_lift(Running& running, const Counterpart& counterpart, const accord::Annex& annex);

// Whether `place` is the first test of a lift that is being tested now.
bool is_tested_lift(const core::Peer& peer, const line::ActPlace& place);

// Beside the situation of a line that is lifted now.
void add_lift_facts(const core::Peer& peer, LineId line, watch::LadderFacts& facts);

}  // namespace detente::station
