// Proposals, agreements and restorations as a station judges and shows them: whose act counts, what a desk may write,
// what is told. spec/acts.md, spec/restoration.md.
#pragma once

#include "station/json.h"
#include "station/running.h"
#include "station/verdict.h"
#include "watch/ladder_facts.h"

namespace detente::station {

// Whether an act of the accord line counts: on a register, a proposal or an answer, or a desk's word in a
// restoration. A station's own tests need no person.
bool act_counts(const Running& running, const Counterpart& counterpart, record::Whose whose, const record::Entry& entry,
                const std::optional<EntryPlace>& place);

// kDenied, kNotFound, kMalformed with what to do.
Result<void> check_proposal_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry);
Result<void> check_desk_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry);

// The matter of the proposal that an answer refers to; nothing where none is known.
std::optional<line::Matter> matter_answered(const Running& running, const Counterpart& counterpart, record::Whose whose, const record::Entry& entry);
// Which lines an act of a person is about, beside the accord line. Of an answer, those of what it answers.
std::vector<LineId> lines_of_act(const Running& running, const Counterpart& counterpart, record::Whose whose, const record::Entry& entry);

// What is agreed, or tested now, about a line: beside its situation.
void add_restoration_facts(const core::Peer& peer, LineId line, WallTime now, watch::LadderFacts& facts);

// The entry of the accord line there; nothing when it is not here.
std::optional<record::Entry> proposal_entry(const Running& running, const Counterpart& counterpart, const line::ActPlace& place);

struct ProposalsWanted {
  std::optional<std::string> id = {};  // "far-12": those of that name alone, however old
  bool all = false;
};
// {"ok", "now", "proposals": […], "left_out"}: the newest 100 and every older one that binds somebody or may, the oldest
// first. spec/api.md.
Json proposals_json(const Running& running, const Counterpart& counterpart, const ProposalsWanted& wanted);

}  // namespace detente::station
