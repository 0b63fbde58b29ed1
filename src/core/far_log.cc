#include "core/far_log.h"

#include <algorithm>

#include "base/civil.h"
#include "base/mutant.h"

namespace detente::core {

namespace {

constexpr std::size_t kWaitingMax = 64;
constexpr std::size_t kRecentLeaves = 128;
constexpr std::size_t kKeptMax = 64;
constexpr std::size_t kKeptBesideMax = 8;

bool names_no_epoch_of_its_reader(const record::WireEntry& wire) {
  if (wire.seen_size > 0 && !wire.seen_epoch) return true;
  return std::any_of(wire.references.begin(), wire.references.end(), [](const record::WireReference& one) {
    return one.whose == record::Whose::kOthers && !one.epoch;
  });
}

}  // namespace

FarLog::Outcome FarLog::gap(std::string why) {
  Outcome out;
  out.verdict = Verdict::kGap;
  out.why = std::move(why);
  return out;
}

FarLog::Outcome FarLog::bad(std::string why) {
  Outcome out;
  out.verdict = Verdict::kBad;
  out.why = std::move(why);
  return out;
}

void FarLog::note_documents(const record::Header& header, Outcome& out) {
  for (const record::Attachment& attachment : header.attachments)
    out.named.push_back({attachment, header.precedence});
}

std::string FarLog::origin() const {
  return record::log_origin(identity_->lineage, line_->id, identity_->their_station, key_.epoch);
}

void FarLog::forget_contents() {
  opened_ = false;
  frontier_ = record::Frontier();
  period_ = 0;
  loaded_size_ = loaded_period_ = 0;
  waiting_.clear();
  early_.clear();
  shown_early_.clear();
  early_not_first_.clear();
  early_claims_.clear();
  issued_checkpoints_.clear();
  newest_early_.reset();
  recent_leaves_.clear();
  beside_.clear();
  kept_.clear();
  kept_beside_.clear();
  held_ = {};
  receipt_.reset();
  second_checkpoints_.reset();
}

void FarLog::load(Context& context) {
  const record::LineKey line{identity_->lineage, line_->id};
  key_ = record::LogKey{line, false, identity_->their_station, {}};
  known_ = false;
  opens_epoch_ = false;
  signatures_->forget(false, line_->id);
  forget_contents();
  std::uint64_t size = 0;
  for (const record::Reader::LogInfo& info : context.store.logs(line)) {
    if (info.log.own || info.log.station_id != identity_->their_station) continue;
    if (known_ && info.ordinal < ordinal_) continue;
    key_ = info.log;
    ordinal_ = info.ordinal;
    known_ = opened_ = true;
    size = info.size;
    period_ = info.period;
  }
  load_early_signatures(context);
  if (!known_) return;
  if (auto frontier = record::frontier_at(*context.store.tiles(key_), size))
    frontier_ = std::move(*frontier);
  loaded_size_ = frontier_.size();
  loaded_period_ = period_;
  held_ = {frontier_.size(), frontier_.root()};
  if (auto newest = context.store.newest_cosignature(key_)) {
    receipt_ = Receipt{newest->size, newest->root, newest->time, newest->signature};
    last_receipt_time_ = newest->time;
  }
  for (const record::StoredEntry& early : context.store.early_entries(key_))
    shown_early_.emplace(early.index, early.leaf);
  load_early_claims(context);
}

std::optional<record::LogPosition> FarLog::seen() const {
  if (held_.size == 0) return std::nullopt;
  return record::LogPosition{key_.epoch, held_.size, held_.root};
}

void FarLog::mark_durable(const Held& held, const std::optional<Receipt>& receipt) {
  if (held.size > held_.size) held_ = held;
  issued_checkpoints_.erase(issued_checkpoints_.begin(), issued_checkpoints_.upper_bound(held_.size));
  if (receipt && (!receipt_ || receipt->size > receipt_->size)) receipt_ = receipt;
}

void FarLog::raise_floor(Context& context, const record::EpochId& epoch, std::uint64_t size) {
  if (epoch == key_.epoch && receipt_ && receipt_->size >= size) return;  // it is here
  // A log that is closed here: its author's disk is the older copy, and begins another one.
  if (epoch != key_.epoch && knows_epoch(context, epoch)) return;
  floor_ = Floor{epoch, size};
}

std::uint64_t FarLog::floor() const { return floor_ && floor_->epoch == key_.epoch ? floor_->size : 0; }

bool FarLog::was_cosigned(const record::WireEntry& wire) const {
  return wire.index && floor_ && floor_->epoch == wire.epoch.value_or(key_.epoch) && *wire.index < floor_->size;
}

bool FarLog::knows_epoch(Context& context, const record::EpochId& epoch) const {
  return context.store.log_of(key_.line, false, epoch).has_value();
}

std::uint64_t FarLog::ahead() const {
  std::uint64_t out = 0;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const std::uint64_t index = held_.size + i;
    if (index < next_index() || kept_.count(index) > 0 || early_.count(index) > 0)
      out |= std::uint64_t{1} << i;
  }
  return out;
}

void FarLog::keep(std::uint64_t index, const record::WireEntry& wire) {
  const auto [kept, fresh] = kept_.emplace(index, wire);
  if (fresh || !wire.checkpoint || wire.checkpoint == kept->second.checkpoint) return;
  if (kept_beside_.size() < kKeptBesideMax) kept_beside_.emplace(index, wire);
}

std::optional<record::WireEntry> FarLog::take_kept() {
  const auto take = [](auto& from) {
    record::WireEntry out = std::move(from.begin()->second);
    from.erase(from.begin());
    return out;
  };
  // What was shown ahead may have taken its place: signed for it, too, it is held against that.
  while (!kept_.empty() && kept_.begin()->first < next_index() && !kept_.begin()->second.checkpoint) kept_.erase(kept_.begin());
  if (!kept_.empty() && kept_.begin()->first <= next_index()) return take(kept_);
  if (!kept_beside_.empty() && kept_beside_.begin()->first < next_index()) return take(kept_beside_);
  return std::nullopt;
}

std::optional<Digest> FarLog::leaf_at(Context& context, std::uint64_t index) const {
  if (const auto recent = recent_leaf(index)) return recent->hash;
  const auto entries = context.store.entries(key_, index, index + 1, 1);
  return entries.empty() ? std::nullopt : std::optional(entries.front().leaf);
}

Result<Digest> FarLog::own_root(Context& context, const record::WireEntry& wire,
                                const OwnLog& own) const {
  std::optional<Digest> root;
  if (!wire.seen_epoch || *wire.seen_epoch == own.key().epoch) {
    root = own.root_at(context, wire.seen_size);
  } else {
    record::LogKey old = own.key();
    old.epoch = *wire.seen_epoch;
    const auto info = context.store.log_of(old.line, true, old.epoch);
    if (info && info->log == old && wire.seen_size <= info->size) root = record::root_at(*context.store.tiles(old), wire.seen_size);
  }
  // This disk may have lost what its author saw: the author's own checkpoint vouches for the root then.
  if (!root && wire.seen_root) return *wire.seen_root;
  if (!root)
    return fail(Fault::kConflict, "an entry that has seen " + std::to_string(wire.seen_size) +
                                      " entries of this side's log, which has fewer");
  return *root;
}

Result<record::Reference> FarLog::resolve(Context& context, const record::WireReference& reference,
                                          const OwnLog& own) const {
  record::Reference out;
  out.whose = reference.whose;
  out.index = reference.index;
  const record::LogKey& newest = reference.whose == record::Whose::kAuthors ? key_ : own.key();
  out.epoch = reference.epoch.value_or(newest.epoch);
  std::optional<Digest> leaf;
  if (out.epoch == newest.epoch) {
    leaf = reference.whose == record::Whose::kAuthors ? leaf_at(context, out.index)
                                                      : own.leaf_at(context, out.index);
  } else {
    record::LogKey old = newest;
    old.epoch = out.epoch;
    const auto entries = context.store.entries(old, out.index, out.index + 1, 1);
    if (!entries.empty()) leaf = entries.front().leaf;
  }
  if (!leaf) leaf = reference.leaf;
  if (!leaf) return fail(Fault::kConflict, "an entry that refers to one that is not in the record");
  out.leaf = *leaf;
  return out;
}

Result<record::Entry> FarLog::rebuild(Context& context, const record::WireEntry& wire,
                                      const OwnLog& own) const {
  record::Entry entry;
  entry.header = wire.header;
  entry.header.line = line_->id;
  entry.signatures = wire.signatures;
  if (wire.seen_size > 0) {
    DETENTE_TRY(root, own_root(context, wire, own));
    entry.header.seen =
        record::LogPosition{wire.seen_epoch.value_or(own.key().epoch), wire.seen_size, root};
  }
  for (const record::WireReference& reference : wire.references) {
    DETENTE_TRY(resolved, resolve(context, reference, own));
    entry.header.references.push_back(resolved);
  }
  if (!line_->provable && !entry.signatures.empty())
    return fail(Fault::kMalformed, "an officer's signature on an unattested line");
  DETENTE_TRY(body, identity_->coder->decode(wire.coder, wire.coded_body, record::kEntryBytesMax));
  entry.body = std::move(body);
  return entry;
}

bool FarLog::begin_epoch(Instant now, const record::WireEntry& wire, Outcome& out) {
  if (!wire.epoch || (known_ && *wire.epoch == key_.epoch)) return known_;
  if (wire.index_low != 0) return false;  // a new epoch begins with its first entry
  if (known_ && wire.header.kind != record::kEpochOpening) return false;
  out.new_epoch = known_;
  if (known_) begun_ = now;
  ordinal_ = known_ ? ordinal_ + 1 : 0;
  key_.epoch = *wire.epoch;
  known_ = true;
  // What else was cosigned is of logs that its author has left: he sends it no more.
  if (floor_ && floor_->epoch != key_.epoch) floor_.reset();
  forget_contents();
  return true;
}

std::optional<FarLog::AtPlace> FarLog::at_place(Context& context, const record::Entry& entry, std::uint64_t index) const {
  auto held = context.store.entries(key_, index == 0 ? 0 : index - 1, index + 1, 2);
  if (held.empty() || held.back().index != index) return std::nullopt;
  AtPlace out{std::move(held.back()), {}};
  const std::uint32_t period = index == 0 ? 0 : held.front().period;
  if (auto placed = place_entry(*identity_, key_, index, period, entry)) out.leaf = placed->leaf;
  return out;
}

std::uint64_t FarLog::index_of(Context& context, const record::WireEntry& wire, const record::Entry& entry) const {
  if (wire.index) return *wire.index;
  const std::uint64_t nearest = record::restore_low8(wire.index_low, next_index());
  // At the next place of a provable line the checkpoint tells; there a look at the disk for every entry would cost too much.
  if (nearest < next_index() || (nearest == next_index() && line_->provable)) return nearest;
  std::uint64_t index = nearest;
  for (unsigned turn = 0; turn < kLateTurns && index >= record::kLow8Span; ++turn) {
    index -= record::kLow8Span;
    if (index >= durable_size()) continue;
    const auto here = at_place(context, entry, index);
    if (!here) break;
    if (here->leaf == here->stored.leaf) return index;
    // What its author wrote after that one is no copy of an earlier one.
    const auto stored = record::decode_entry(here->stored.bytes);
    if (!stored || stored->header.time < entry.header.time) break;
  }
  return nearest;
}

FarLog::Outcome FarLog::accept(Context& context, const record::WireEntry& wire, const OwnLog& own,
                               record::Batch& batch) {
  // Far behind, eight bits of an index may mean another place; without a checkpoint nothing would show it. A new log's
  // opening has one place.
  const bool opens = wire.epoch && *wire.epoch != key_.epoch && wire.header.kind == record::kEpochOpening;
  if (wants_recovery() && !wire.index && !opens) return gap("an entry while this disk has not yet again what it had");
  // No signature proves there what is filled in here.
  if (!line_->provable && names_no_epoch_of_its_reader(wire) && !own.is_what_is_meant(context.now.mono))
    return gap("an entry of an author who may not know of this side's new epoch");
  const bool other_epoch = wire.epoch && known_ && *wire.epoch != key_.epoch;
  if (other_epoch && knows_epoch(context, *wire.epoch)) return gap("an entry of an earlier epoch");
  // A new epoch replaces the known one only when its first entry verifies: keep
  // the old state to fall back on.
  std::optional<FarLog> before;
  if (wire.epoch && (!known_ || other_epoch)) before = *this;
  Outcome epoch_change;
  if (!begin_epoch(context.now.mono, wire, epoch_change)) return gap("an entry of an epoch that is not known here");
  Result<record::Entry> entry = rebuild(context, wire, own);
  Outcome out;
  if (!entry) {
    out = entry.error().fault == Fault::kConflict ? gap(entry.error().message)
                                                  : bad(entry.error().message);
  } else {
    const std::uint64_t index = index_of(context, wire, *entry);
    // Whatever date its clock claims: an entry that was refused for it would stop the log for ever.
    if (index < next_index()) {
      out = take_duplicate(context, wire, *entry, index, batch);
    } else if (index > next_index()) {
      out = take_early(context, wire, std::move(*entry), index, batch);
      if (out.verdict == Verdict::kGap && index < next_index() + kKeptMax) keep(index, wire);
    } else {
      Result<PlacedEntry> placed =
          place_entry(*identity_, key_, index, newest_period(), std::move(*entry));
      if (!placed) {
        out = bad(placed.error().message);
      } else if (line_->provable && !wire.checkpoint) {
        if (waiting_.size() >= kWaitingMax) return gap("too many entries without a checkpoint");
        waiting_.push_back(std::move(*placed));
        out.verdict = Verdict::kWaiting;
      } else {
        out = take_next(context, std::move(*placed), wire.checkpoint, batch);
      }
    }
  }
  // What it contradicts may be refused with it, and its author then go on with either.
  if (out.equivocation)
    for (auto issued = issued_checkpoints_.rbegin(); issued != issued_checkpoints_.rend(); ++issued)
      out.proofs.push_back(proof_of(context, issued->second.checkpoint, issued->second.signature));
  const bool took = out.verdict == Verdict::kAccepted || out.verdict == Verdict::kWaiting;
  if (before && !took) *this = std::move(*before);
  if (took) opens_epoch_ = opens_epoch_ || epoch_change.new_epoch;
  out.new_epoch = out.verdict == Verdict::kAccepted && std::exchange(opens_epoch_, false);
  return out;
}

std::uint32_t FarLog::newest_period() const {
  return waiting_.empty() ? period_ : waiting_.back().period;
}

// What is shown, and in which order, was decided in the belief that everything issued before is on the disk. A
// full disk may refuse that and have room again for this: then this must fall too, and both come again.
void FarLog::stand_on_what_was_issued(record::Batch& batch) const {
  batch.expected_size = {key_, frontier_.size()};
  if (newest_early_) batch.expected_early = {key_, *newest_early_};
}

void FarLog::use_signatures(Context& context, const PlacedEntry& placed, bool early, record::Batch& batch, Outcome& out) {
  const TheirPlace place{key_.epoch, placed.index};
  for (const record::OfficerSignature& signature : placed.entry.signatures) {
    const bool seen = seen_ != nullptr && seen_->take(place, signature);
    const bool its_own = signatures_->is_of_early(line_->id, place, signature);
    if (seen || (!its_own && signatures_->used(context.store, false, signature))) {
      const NotFirst what{placed.index, signature.officer};
      if (early_not_first_.count(what) > 0) continue;
      out.alarms.push_back("entry " + std::to_string(placed.index) + " carries a signature of officer " +
                           std::to_string(signature.officer.value) +
                           " that was used before; it does not count");
      batch.writes.push_back(not_first_evidence(key_, what, context.now.wall));
      if (early) early_not_first_.insert(what);
      continue;
    }
    if (early) {
      signatures_->add_early(line_->id, place, signature);
      continue;
    }
    batch.writes.push_back(record::UseOfficerCounter{identity_->lineage, false, signature.officer,
                                                     signature.counter});
    signatures_->add(context.store, false, line_->id, signature);
  }
  if (!early) std::erase_if(early_not_first_, [&](const NotFirst& what) { return what.first == placed.index; });
}

void FarLog::add_entry(Context& context, const PlacedEntry& placed, record::Batch& batch, Outcome& out) {
  batch.writes.push_back(record::AppendEntry{key_, to_stored(placed, context.now.wall)});
  if (mutant(Mutant::kStoredOtherwise)) std::get<record::AppendEntry>(batch.writes.back()).entry.leaf[0] ^= 1;
  if (mutant(Mutant::kBytesOtherwise)) std::get<record::AppendEntry>(batch.writes.back()).entry.salt[0] ^= 1;
  use_signatures(context, placed, false, batch, out);
  recent_leaves_.emplace_back(placed.index, Leaf{placed.leaf, placed.period});
  if (recent_leaves_.size() > kRecentLeaves) recent_leaves_.pop_front();
  period_ = std::max(period_, placed.period);
  // Another one in its place is told, too: nobody has seen it.
  const auto shown = shown_early_.find(placed.index);
  const bool was_shown = shown != shown_early_.end() && shown->second == placed.leaf;
  if (shown != shown_early_.end()) shown_early_.erase(shown);
  if (!was_shown) out.arrived.push_back({placed.index, false});
  note_documents(placed.entry.header, out);
}

FarLog::Outcome FarLog::take_next(Context& context, PlacedEntry placed,
                                  const std::optional<crypto::Signature>& checkpoint,
                                  record::Batch& batch) {
  record::Frontier frontier = frontier_;
  for (const PlacedEntry& waiting : waiting_) frontier.append(waiting.leaf);
  frontier.append(placed.leaf);
  if (line_->provable &&
      !mutant(Mutant::kCheckpointUnchecked) &&
      !record::verify_checkpoint({origin(), frontier.size(), frontier.root()}, identity_->their_log,
                                 *checkpoint)) {
    Outcome refused = gap("an entry whose checkpoint does not verify over what is held here");
    if (const auto other = signed_beside(context, placed.index, placed.leaf, *checkpoint))
      keep_other_tree(context, *other, *checkpoint, batch, refused);
    // One of them is not what the author wrote; he sends them again.
    waiting_.clear();
    return refused;
  }
  Outcome out;
  out.verdict = Verdict::kAccepted;
  if (!opened_) batch.writes.push_back(record::OpenLog{key_, ordinal_});
  opened_ = true;
  stand_on_what_was_issued(batch);
  for (const PlacedEntry& waiting : waiting_) {
    add_entry(context, waiting, batch, out);
    frontier_.append(waiting.leaf);
    compare_with_early(context, frontier_.root(), frontier_.size(), batch, out);
  }
  add_entry(context, placed, batch, out);
  waiting_.clear();
  frontier_ = std::move(frontier);
  compare_with_early(context, frontier_.root(), frontier_.size(), batch, out);
  put_checkpoint(checkpoint, batch);
  take_ready_early(context, batch, out);
  out.held = Held{frontier_.size(), frontier_.root()};
  if (below_floor() && !mutant(Mutant::kFloorIgnored)) return out;
  out.receipt = make_receipt(context);
  batch.writes.push_back(record::PutCosignature{
      key_, {out.receipt->size, out.receipt->root, out.receipt->time, out.receipt->signature}});
  return out;
}

// Over all that is issued.
void FarLog::put_checkpoint(const std::optional<crypto::Signature>& signature, record::Batch& batch) {
  const record::Checkpoint checkpoint{origin(), frontier_.size(), frontier_.root()};
  batch.writes.push_back(record::PutCheckpoint{key_, {checkpoint.size, checkpoint.root, signature}});
  if (signature) issued_checkpoints_[checkpoint.size] = {checkpoint, *signature};
}

FarLog::Receipt FarLog::make_receipt(Context& context) {
  Receipt receipt;
  receipt.size = frontier_.size();
  receipt.root = frontier_.root();
  if (!line_->provable) return receipt;
  last_receipt_time_ = std::max(last_receipt_time_, context.now.wall);
  receipt.time = last_receipt_time_;
  receipt.signature = record::cosign({origin(), receipt.size, receipt.root}, receipt.time.seconds,
                                     *identity_->cosign_key)
                          .signature;
  return receipt;
}

}  // namespace detente::core
