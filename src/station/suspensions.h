// Suspensions by a duty chief: who may declare one here, and how what both logs
// of the accord line say comes into the rosters. spec/credential.md section 5.
#pragma once

#include "station/running.h"

namespace detente::station {

// Whether a desk may submit it: signed by an officer whose post is among `chiefs` in station.toml.
Result<void> check_suspension_submission(const Running& running, const record::Entry& entry);

// An entry of the accord line. True when it is one that counts: from then on its officer is suspended here.
bool take_suspension(Running& running, Counterpart& counterpart, record::Whose whose, const record::Entry& entry);

// What the record's newest entries and the outbox hold, before the station starts.
void load_suspensions(Running& running, Counterpart& counterpart);

// "suspends officer 3 (duty-officer) until …", for a person.
std::string suspension_words(const accord::Roster& roster, const record::Entry& entry);

}  // namespace detente::station
