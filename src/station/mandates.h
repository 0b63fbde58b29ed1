// Mandates as a station judges and shows them: what both sides can check of the proof in an act, and what the own side
// checks of the text besides. spec/signing.md section 4.
#pragma once

#include "record/mandate.h"
#include "station/json.h"
#include "station/running.h"

namespace detente::station {

// The proof that an act carries; nothing for everything that has none.
std::optional<record::MandateProof> mandate_of(const record::Entry& entry);

// What either side can check: a principal's credential of that number, valid at `at`, signed this for such an act under
// one of these accords. kDenied with why not.
Result<const accord::Credential*> check_mandate_proof(const Lineage& accords, const accord::Roster& roster,
                                                      record::GraveAct act, const record::MandateProof& proof, WallTime at);

// An act for which a mandate is used.
struct MandateUse {
  std::string side, counterpart;
  record::GraveAct act = record::GraveAct::kCut;
  std::vector<LineId> lines;
  record::MandateProof proof;
  WallTime signed_at, now;
};
// Whether the text orders this very act, and the proof is of it. kDenied, kConflict with why not.
Result<void> check_mandate_text(const accord::AccordInForce& accord, const record::MandateFile& file, const MandateUse& use);

// What an officer reads of it before he signs, and its giver: one fact a line.
Result<std::vector<std::string>> mandate_lines(const accord::AccordInForce& accord, const accord::Roster& own, const record::MandateFile& file);

// What a desk submits: the mandate that the side's rule wants, or that the act names; not used before.
Result<void> check_mandate_submission(const Running& running, const Counterpart& counterpart, const record::Entry& entry,
                                      std::optional<record::GraveAct> act, const std::vector<LineId>& lines,
                                      const std::optional<record::MandateFile>& file, WallTime now);

// "by mandate of its president", or that it is not valid and why; empty where there is none.
std::string mandate_words(const Lineage& accords, const accord::Roster& roster, record::GraveAct act,
                          const std::optional<record::MandateProof>& proof, WallTime at);
// null, or {"principal", "post", "digest", "verdict", "why"}.
Json mandate_json(const Lineage& accords, const accord::Roster& roster, record::GraveAct act,
                  const std::optional<record::MandateProof>& proof, WallTime at);

}  // namespace detente::station
