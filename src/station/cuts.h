// Cuts as a station judges and shows them: whose act on a register counts, what a desk may write, what is told.
// spec/cut.md.
#pragma once

#include "station/json.h"
#include "station/running.h"
#include "station/verdict.h"
#include "watch/ladder_facts.h"

namespace detente::station {

// Whether it is an officer or a principal whose credential has every one of these lines, and whose post the accord that he
// signed under lets join them and the accord line (`people` of their annexes). `accords`: of the lineage.
bool signer_may(const accord::Roster& roster, const Lineage& accords, const record::OfficerSignature& signature,
                const std::vector<LineId>& lines);

// The same of the own side's, under the accord in force: kDenied says why, and what to do.
Result<void> check_signer_lines(const Running& running, const Counterpart& counterpart, const record::OfficerSignature& signature,
                                const std::vector<LineId>& lines);

// What the accord lets this side do alone: kDenied, kNotFound with what to do.
Result<void> check_register_submission(const Running& running, const Counterpart& counterpart,
                                       const record::Entry& entry);

// "line military-west is cut; the reason: ..."; empty when it cannot be read.
std::string register_act_words(const Counterpart& counterpart, const record::Entry& entry);

// Whether the other side's entry came when this side had cut the line already and its author did not know.
bool crossed_with_cut(const core::Registers& registers, const record::Header& header, WallTime stored_at);

void add_cut_facts(const Running& running, const Counterpart& counterpart, LineId line, watch::LadderFacts& facts);

// {"own": null or {…}, "theirs": …, "own_cut_epoch", "closed": […]}: what is cut, or announced to be.
Json registers_json(const Running& running, const Counterpart& counterpart, LineId line);

}  // namespace detente::station
