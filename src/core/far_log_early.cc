// FarLog: entries that are shown ahead of missing ones.
#include "core/far_log.h"
#include "record/two_records.h"
#include "wire/cbor.h"

namespace detente::core {

namespace {

constexpr std::size_t kEarlyMax = 16;

}  // namespace

FarLog::Outcome FarLog::take_early(Context& context, const record::WireEntry& wire,
                                   record::Entry entry, std::uint64_t index, record::Batch& batch) {
  const std::uint64_t first_known = index - wire.predecessors.size();
  if (!line_->provable || !wire.checkpoint || wire.predecessors.size() > index ||
      first_known > next_index() || early_.size() >= kEarlyMax)
    return gap("an entry ahead of what is held here");
  Outcome out;
  out.verdict = Verdict::kEarly;
  const bool again = early_.count(index) > 0 || shown_early_.count(index) > 0;
  // Order within a precedence holds: only lower ones may be overtaken.
  for (std::uint64_t at = next_index(); at < index; ++at)
    if (!again && wire.predecessors[at - first_known].precedence >= entry.header.precedence &&
        shown_early_.count(at) == 0)
      return gap("an entry ahead of one of its own precedence");
  Result<PlacedEntry> placed =
      place_entry(*identity_, key_, index, newest_period(), record::Entry(entry));
  if (!placed) return bad(placed.error().message);
  record::Frontier frontier = frontier_;
  for (const PlacedEntry& waiting : waiting_) frontier.append(waiting.leaf);
  for (std::uint64_t at = next_index(); at < index; ++at)
    frontier.append(wire.predecessors[at - first_known].leaf);
  record::Proof inclusion(frontier.hashes().rbegin(), frontier.hashes().rend());  // of the last leaf of a tree
  frontier.append(placed->leaf);
  const record::Checkpoint claimed{origin(), frontier.size(), frontier.root()};
  const auto before = early_claims_.find(index);
  const bool another = before != early_claims_.end() && before->second.checkpoint.root != claimed.root;
  const bool verified = (!again || another) && record::verify_checkpoint(claimed, identity_->their_log, *wire.checkpoint);
  if (another && verified) {
    out.equivocation = true;
    // The entry that is missing may never come, and with it what either contradicts: both are kept, for each other.
    if (keep_second(context, claimed, *wire.checkpoint, batch, out)) {
      out.proofs.push_back({key_, std::string(record::kSecondAhead),
                            record::second_ahead_bytes({before->second, {claimed, *wire.checkpoint}, placed->leaf, std::move(inclusion)}),
                            context.now.wall});
      batch.writes.push_back(out.proofs.back());
    }
  }
  if (again) {
    out.verdict = Verdict::kDuplicate;
    return out;
  }
  if (!verified)
    return gap("an entry ahead of its predecessors whose checkpoint does not verify with them");
  if (!opened_) batch.writes.push_back(record::OpenLog{key_, ordinal_});
  opened_ = true;
  stand_on_what_was_issued(batch);
  newest_early_ = index;
  batch.writes.push_back(record::PutEarlyEntry{key_, to_stored(*placed, context.now.wall)});
  // What it claims is held against the record when that has come so far, also by another life of this station.
  early_claims_.try_emplace(index, record::SecondCheckpoint{claimed, *wire.checkpoint});
  batch.writes.push_back(early_claims());
  use_signatures(context, *placed, true, batch, out);
  note_documents(entry.header, out);
  early_.emplace(index, EarlyEntry{std::move(entry), *wire.checkpoint});
  shown_early_.emplace(index, placed->leaf);
  out.arrived.push_back({index, true});
  return out;
}

void FarLog::take_ready_early(Context& context, record::Batch& batch, Outcome& out) {
  for (auto it = early_.find(frontier_.size()); it != early_.end(); it = early_.find(frontier_.size())) {
    EarlyEntry early = std::move(it->second);
    early_.erase(it);
    Result<PlacedEntry> placed =
        place_entry(*identity_, key_, frontier_.size(), period_, std::move(early.entry));
    if (!placed) return;
    record::Frontier frontier = frontier_;
    frontier.append(placed->leaf);
    if (!record::verify_checkpoint({origin(), frontier.size(), frontier.root()},
                                   identity_->their_log, early.checkpoint)) {
      out.alarms.push_back("what was shown ahead of its predecessors does not fit them");
      compare_with_early(context, frontier.root(), frontier.size(), batch, out);
      return;
    }
    add_entry(context, *placed, batch, out);
    frontier_ = std::move(frontier);
    early_claims_.erase(placed->index);
    put_checkpoint(early.checkpoint, batch);
  }
}

record::PutValue FarLog::early_claims() const {
  wire::CborWriter out;
  out.array(early_claims_.size());
  for (const auto& [index, claim] : early_claims_) out.bytes(record::second_checkpoint_bytes(claim.checkpoint, claim.signature));
  return {"early/" + origin(), out.take()};
}

// What stands in the record by now is not held against it again.
void FarLog::load_early_claims(Context& context) {
  const auto bytes = context.store.value("early/" + origin());
  if (!bytes) return;
  wire::CborReader reader(*bytes);
  const auto count = reader.array();
  for (std::size_t i = 0; count && i < *count; ++i) {
    const auto one = reader.bytes();
    auto claim = one ? record::parse_second_checkpoint_bytes(*one) : std::nullopt;
    if (!claim || claim->checkpoint.size == 0) continue;
    if (claim->checkpoint.size > frontier_.size() || shown_early_.count(claim->checkpoint.size - 1) > 0)
      early_claims_[claim->checkpoint.size - 1] = std::move(*claim);
  }
}

// Of every epoch: what came early in one before the newest never gets its place, and is in the record all the same.
void FarLog::load_early_signatures(Context& context) {
  for (const record::Reader::LogInfo& info : context.store.logs(key_.line)) {
    const auto entries = info.log.own ? std::vector<record::StoredEntry>() : context.store.early_entries(info.log);
    if (entries.empty()) continue;
    std::set<NotFirst> told;
    for (const record::StoredEntry& stored : entries)
      for (const OfficerId officer : not_first_at(context.store, info.log, stored.index)) told.emplace(stored.index, officer);
    for (const record::StoredEntry& stored : entries) {
      const auto entry = record::decode_entry(stored.bytes);
      if (!entry) continue;
      for (const record::OfficerSignature& signature : entry->signatures)
        if (told.count({stored.index, signature.officer}) == 0 && !signatures_->used(context.store, false, signature))
          signatures_->add_early(line_->id, {info.log.epoch, stored.index}, signature);
    }
    if (info.log == key_) early_not_first_ = std::move(told);
  }
}

}  // namespace detente::core
