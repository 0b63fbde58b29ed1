// Proposals and restorations in words, and how their tests go and went. spec/acts.md, spec/restoration.md.
#pragma once

#include "station/json.h"
#include "station/running.h"

namespace detente::station {

std::string matter_name(line::Matter matter);
// Of one that was retired, the name that it had.
std::string line_name(const Counterpart& counterpart, LineId line);
// Of a proposal of another matter, none.
std::vector<line::RestoredLine> restored_lines(const line::Proposal& proposal);
std::string offer_words(const Counterpart& counterpart, const line::Proposal& proposal);

// What a proposal, an answer, a test or a report says; empty for everything else.
std::string restoration_words(const Counterpart& counterpart, const record::Entry& entry);

// What of a run of tests has passed: "state", "end", "lines", "paths".
Json test_run_json(const Counterpart& counterpart, const core::TestRun& run);
// Why one is missed: nobody was here to try it, or it was not known here yet that it was agreed.
inline constexpr const char* kMissedWords =
    "nothing was tested here within two hours after its hour: this station did not run then, or did not have the agreement yet";
// How an agreed restoration goes, or went; null before its tests, and of what is none.
Json restoration_json(const Counterpart& counterpart, const core::Peer& peer, const std::vector<core::AgreedRestoration>& agreed,
                      const line::ActPlace& at, WallTime now);

}  // namespace detente::station
