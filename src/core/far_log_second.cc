// FarLog: what its author signed of one place twice. spec/record.md section 10.
//
// A checkpoint is held against what was issued to the disk, and not against what is durable alone: who sends both versions
// at once has signed both. An entry without a checkpoint proves nothing, and is remembered for a while where another one
// stands in its place: the checkpoint that closes its commit may come.
#include <algorithm>

#include "base/mutant.h"
#include "core/far_log.h"

namespace detente::core {

namespace {

constexpr std::size_t kSecondCheckpointsMax = 8;  // of one log: a few of them prove as much as a thousand
constexpr std::size_t kBesideMax = 64;            // entries of one commit, and room
constexpr std::size_t kClaimsMax = 32;            // ahead of the record, and beside it

}  // namespace

std::optional<FarLog::Leaf> FarLog::recent_leaf(std::uint64_t index) const {
  if (index >= frontier_.size() && index < next_index()) {
    const PlacedEntry& waiting = waiting_[static_cast<std::size_t>(index - frontier_.size())];
    return Leaf{waiting.leaf, waiting.period};
  }
  for (const auto& [at, leaf] : recent_leaves_)
    if (at == index) return leaf;
  return std::nullopt;
}

std::optional<std::uint32_t> FarLog::period_before(std::uint64_t index) const {
  if (index == loaded_size_) return loaded_period_;
  const auto before = recent_leaf(index - 1);
  return before ? std::optional(before->period) : std::nullopt;
}

std::optional<FarLog::Leaf> FarLog::leaf_there(const record::Entry& entry, std::uint64_t index) const {
  const auto beside = index == 0 ? beside_.end() : beside_.find(index - 1);
  const auto before = beside == beside_.end() ? period_before(index) : beside->second.period;
  if (!before) return std::nullopt;
  const auto placed = place_entry(*identity_, key_, index, *before, entry);
  if (!placed) return std::nullopt;
  return Leaf{placed->leaf, placed->period};
}

void FarLog::note_beside(const record::Entry& entry, std::uint64_t index) {
  if (index + kBesideMax < next_index()) return;
  const auto here = recent_leaf(index);
  if (!here) return;
  const auto leaf = leaf_there(entry, index);
  if (leaf && leaf->hash != here->hash) put_beside(index, *leaf);
}

void FarLog::put_beside(std::uint64_t index, const Leaf& leaf) {
  beside_.insert_or_assign(index, leaf);
  if (beside_.size() > kBesideMax) beside_.erase(beside_.begin());
}

std::optional<record::Frontier> FarLog::frontier_to(Context& context, std::uint64_t size) const {
  auto out = record::frontier_at(*context.store.tiles(key_), std::min(size, durable_size()));
  for (std::uint64_t at = durable_size(); out && at < size; ++at) {
    const auto leaf = recent_leaf(at);
    if (!leaf) return std::nullopt;
    out->append(leaf->hash);
  }
  return out;
}

std::optional<record::Checkpoint> FarLog::signed_behind_what_is_here(Context& context, std::uint64_t index, const Digest& leaf,
                                                                     const crypto::Signature& signature) const {
  auto frontier = frontier_to(context, index);
  if (!frontier) return std::nullopt;
  frontier->append(leaf);
  record::Checkpoint claimed{origin(), index + 1, frontier->root()};
  if (!record::verify_checkpoint(claimed, identity_->their_log, signature)) return std::nullopt;
  return claimed;
}

// The tree of what is here below `from`, of what came beside from there on, and of this leaf. Nothing where it differs from what
// is here in entries alone that wait, for which there is no signature either.
std::optional<record::Checkpoint> FarLog::beside_from(Context& context, std::uint64_t from, std::uint64_t index, const Digest& leaf) const {
  auto frontier = frontier_to(context, from);
  if (!frontier) return std::nullopt;
  bool differs = false;
  for (std::uint64_t at = from; at < index; ++at) {
    const auto here = leaf_at(context, at);
    const auto other = beside_.find(at);
    if (!here) return std::nullopt;
    differs = differs || (at < frontier_.size() && other != beside_.end() && other->second.hash != *here);
    frontier->append(other == beside_.end() ? *here : other->second.hash);
  }
  if (!differs) return std::nullopt;
  frontier->append(leaf);
  return record::Checkpoint{origin(), index + 1, frontier->root()};
}

// Of what came beside, the newest that stand in a row, or else all that are remembered.
std::optional<record::Checkpoint> FarLog::signed_beside(Context& context, std::uint64_t index, const Digest& leaf,
                                                        const crypto::Signature& signature) const {
  const auto first = beside_.lower_bound(index - std::min<std::uint64_t>(index, kBesideMax));
  if (first == beside_.end() || first->first >= index) return std::nullopt;
  auto row = std::prev(beside_.lower_bound(index));
  while (row != first && std::prev(row)->first + 1 == row->first) --row;
  for (const std::uint64_t from : {row->first, first->first}) {
    auto claimed = beside_from(context, from, index, leaf);
    if (claimed && record::verify_checkpoint(*claimed, identity_->their_log, signature)) return claimed;
    if (row == first) break;
  }
  return std::nullopt;
}

void FarLog::keep_other_tree(Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature,
                             record::Batch& batch, Outcome& out) {
  if (mutant(Mutant::kEquivocationOverlooked)) return;
  out.equivocation = true;
  beside_.erase(beside_.begin(), beside_.lower_bound(claimed.size));  // whatever comes beside next is of another tree
  // The record that it contradicts must be there with it.
  if (claimed.size > durable_size()) stand_on_what_was_issued(batch);
  if (claimed.size <= frontier_.size()) {
    keep_second(context, claimed, signature, batch, out);
    return;
  }
  // It shows when the record has come so far.
  if (early_claims_.size() >= kClaimsMax || !early_claims_.try_emplace(claimed.size - 1, record::SecondCheckpoint{claimed, signature}).second)
    return;
  batch.writes.push_back(early_claims());
  out.proofs.push_back(proof_of(context, claimed, signature));
}

FarLog::Outcome FarLog::take_duplicate(Context& context, const record::WireEntry& wire,
                                       const record::Entry& entry, std::uint64_t index,
                                       record::Batch& batch) {
  Outcome out;
  out.verdict = Verdict::kDuplicate;
  if (!line_->provable) return out;
  if (!wire.checkpoint) {
    note_beside(entry, index);
    return out;
  }
  if (index >= durable_size()) return take_before_it_is_durable(context, wire, entry, index, batch);
  const auto here = at_place(context, entry, index);
  if (!here) return out;
  if (mutant(Mutant::kDuplicateDelivery)) out.arrived.push_back({index, false});
  if (!here->leaf) return out;
  // Signed twice at one place: two records that do not agree.
  auto other = here->leaf == here->stored.leaf ? std::nullopt : signed_behind_what_is_here(context, index, *here->leaf, *wire.checkpoint);
  if (!other) other = signed_beside(context, index, *here->leaf, *wire.checkpoint);
  if (other) keep_other_tree(context, *other, *wire.checkpoint, batch, out);
  return out;
}

// Of a place for which there is a commit under way, or an entry that waits for its checkpoint.
FarLog::Outcome FarLog::take_before_it_is_durable(Context& context, const record::WireEntry& wire, const record::Entry& entry,
                                                  std::uint64_t index, record::Batch& batch) {
  Outcome out;
  out.verdict = Verdict::kDuplicate;
  const auto here = recent_leaf(index);
  const auto before = period_before(index);
  if (!here || !before) return out;
  auto placed = place_entry(*identity_, key_, index, *before, record::Entry(entry));
  if (!placed) return out;
  const bool same = placed->leaf == here->hash;
  const auto behind = same ? std::nullopt : signed_behind_what_is_here(context, index, placed->leaf, *wire.checkpoint);
  if (behind && index >= frontier_.size()) {
    // It has its author's signature, and what waits in its place has none yet.
    while (next_index() > index) {
      put_beside(next_index() - 1, Leaf{waiting_.back().leaf, waiting_.back().period});
      waiting_.pop_back();
    }
    return take_next(context, std::move(*placed), wire.checkpoint, batch);
  }
  const auto other = behind ? behind : signed_beside(context, index, placed->leaf, *wire.checkpoint);
  if (other) keep_other_tree(context, *other, *wire.checkpoint, batch, out);
  return out;
}

// `root`: of the record that is held, up to the entry that was shown ahead of it.
void FarLog::compare_with_early(Context& context, const Digest& root, std::uint64_t size, record::Batch& batch, Outcome& out) {
  const auto claim = early_claims_.find(size - 1);
  if (claim == early_claims_.end()) return;
  if (claim->second.checkpoint.root != root) {
    out.equivocation = true;
    keep_second(context, claim->second.checkpoint, claim->second.signature, batch, out);
  }
  early_claims_.erase(claim);
}

std::vector<record::PutEvidence> FarLog::keep_refused(Context& context, std::vector<record::PutEvidence> refused,
                                                      record::Batch& batch) {
  Outcome out;
  std::vector<record::PutEvidence> unknown;
  // Two that came ahead prove each other, whatever the record is: those first.
  std::stable_partition(refused.begin(), refused.end(), [](const auto& one) { return one.what == record::kSecondAhead; });
  for (record::PutEvidence& one : refused) {
    if (one.log != key_ || !opened_) {  // its author has left it, or it is not known yet
      const auto kept = knows_epoch(context, one.log.epoch) ? std::optional(context.store.evidence_of(one.log, one.what, {})) : std::nullopt;
      const auto same = [&one](const record::PutEvidence& other) { return other.bytes == one.bytes; };
      if (!kept) unknown.push_back(std::move(one));
      else if (std::none_of(kept->begin(), kept->end(), same)) batch.writes.push_back(std::move(one));
    } else if (const auto ahead = record::parse_second_ahead(one)) {
      if (keep_second(context, ahead->later.checkpoint, ahead->later.signature, batch, out)) batch.writes.push_back(std::move(one));
    } else if (const auto second = record::parse_second_checkpoint(one); second && !keep_refused_second(context, *second, batch)) {
      unknown.push_back(std::move(one));
    }
  }
  return unknown;
}

// False where nobody can tell yet.
bool FarLog::keep_refused_second(Context& context, const record::SecondCheckpoint& second, record::Batch& batch) {
  Outcome out;
  const std::uint64_t size = second.checkpoint.size;
  if (size > frontier_.size()) {  // what it contradicts was refused with it, or is missing
    if (second_checkpoints_ && second_checkpoints_->count({size, second.checkpoint.root}) > 0) return true;
    const auto claim = early_claims_.find(size - 1);
    if (claim != early_claims_.end()) return claim->second.checkpoint.root == second.checkpoint.root;
    if (early_claims_.size() >= kClaimsMax) return false;
    early_claims_.emplace(size - 1, second);
    batch.writes.push_back(early_claims());
    return true;
  }
  const auto here = frontier_to(context, size);
  if (here && here->root() != second.checkpoint.root) keep_second(context, second.checkpoint, second.signature, batch, out);
  return true;
}

record::PutEvidence FarLog::proof_of(const Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature) const {
  return {key_, std::string(record::kSecondCheckpoint), record::second_checkpoint_bytes(claimed, signature), context.now.wall};
}

bool FarLog::keep_second(Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature,
                         record::Batch& batch, Outcome& out) {
  if (!second_checkpoints_) {
    second_checkpoints_.emplace();
    for (const record::PutEvidence& kept : context.store.evidence_of(key_, record::kSecondCheckpoint, {}))
      if (const auto second = record::parse_second_checkpoint(kept))
        second_checkpoints_->emplace(second->checkpoint.size, second->checkpoint.root);
  }
  const std::pair<std::uint64_t, Digest> place(claimed.size, claimed.root);
  if (second_checkpoints_->size() >= kSecondCheckpointsMax || !second_checkpoints_->insert(place).second) return false;
  out.proofs.push_back(proof_of(context, claimed, signature));
  batch.writes.push_back(out.proofs.back());
  return true;
}

}  // namespace detente::core
