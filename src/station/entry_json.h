// An entry of the record as the API shows it. What the other side wrote is made
// safe to show in every text field; the exact bytes stand beside it in base64.
#pragma once

#include "station/running.h"
#include "station/signatures.h"

namespace detente::station {

struct EntryView {
  const Counterpart* counterpart = nullptr;
  const accord::Annex* annex = nullptr;
  record::LogKey log;
  record::StoredEntry stored;
  bool early = false;  // its predecessors are still missing
};

// The fields of lists.
Json entry_json(Running& running, const EntryView& view);
// What waits in the outbox of a line and has no index yet, as `detente act export` names it: "waiting-12".
// How long before it was on this disk an act was signed, when that is worth a word: an hour; else 0.
std::uint32_t seconds_late(WallTime signed_at, WallTime stored_at);

Json waiting_json(const Running& running, const Counterpart& counterpart, const accord::Annex& annex);
// With evidence: checkpoint, cosignature, officers' signatures and what they are worth, exact
// bytes.
Json full_entry_json(Running& running, const EntryView& view);

Json checkpoint_json(const std::optional<record::StoredCheckpoint>& checkpoint);
Json cosignature_json(const std::optional<record::StoredCosignature>& cosignature);

}  // namespace detente::station
