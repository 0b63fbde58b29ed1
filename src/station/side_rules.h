// The own side's rule for grave acts (station.toml, [rules]): how many officers sign one before the station
// takes it. spec/signing.md section 2.
#pragma once

#include <string>

#include "accord/roster.h"
#include "line/proposal.h"
#include "record/entry.h"
#include "station/station_config_rules.h"

namespace detente::station {

// Nothing for every other entry. `answered`: the matter of the proposal that an answer refers to. Stepping back
// (rejecting, withdrawing) is none.
std::optional<GraveAct> grave_act_of(const record::Entry& entry, std::optional<line::Matter> answered);

// kDenied when one person signed twice, under whatever numbers: a renewed credential has the same key.
Result<void> check_distinct_signers(const accord::Roster& own, const record::Entry& entry);

// kDenied when fewer signed than the rule wants, with what to do. The signatures are good and distinct.
Result<void> check_signers(const SideRules& rules, GraveAct act, const record::Entry& entry);

// Before a station starts: kConflict for a rule that the side never had the officers for.
Result<void> check_rules_can_be_met(const SideRules& rules, const accord::Roster& own);
// What to say at a start when the officers who may act now are fewer than a rule wants; empty: they are enough. No
// reason not to start: the lines go on, and a credential can be renewed.
std::string rules_warning(const SideRules& rules, const accord::Roster& own, WallTime now);

}  // namespace detente::station
