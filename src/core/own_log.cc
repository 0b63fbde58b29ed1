#include "core/own_log.h"

#include <algorithm>

#include "base/check.h"
#include "base/civil.h"
#include "base/mutant.h"
#include "record/checkpoint.h"

namespace detente::core {

namespace {
constexpr std::size_t kLoadStep = 256;
constexpr Duration kNoLateReceiptFor = std::chrono::milliseconds(100);
constexpr std::size_t kEpochBytes = std::tuple_size_v<record::EpochId>;
constexpr std::size_t kLeftEpochs = 16;  // one a start at most, and no counterpart names an older one for long

std::string left_epochs_value(const record::LineKey& line) {
  return "left-epochs/" + to_hex(line.lineage) + "/" + std::to_string(line.line.value);
}

Bytes left_epochs_bytes(const std::vector<record::EpochId>& left) {
  Bytes out;
  for (const record::EpochId& epoch : left) out.insert(out.end(), epoch.begin(), epoch.end());
  return out;
}
}  // namespace

record::StoredEntry to_stored(const PlacedEntry& placed, WallTime now) {
  return {placed.index, placed.bytes, placed.salt, placed.leaf, placed.period, now};
}

Result<PlacedEntry> place_entry(const PairIdentity& identity, const record::LogKey& log,
                                std::uint64_t index, std::uint32_t period_before,
                                record::Entry entry) {
  PlacedEntry out;
  out.index = index;
  out.bytes = record::encode_entry(entry);
  if (out.bytes.size() > record::kEntryBytesMax)
    return fail(Fault::kLimit, "an entry of " + std::to_string(out.bytes.size()) +
                                   " bytes with its header and signatures; at most " +
                                   std::to_string(record::kEntryBytesMax) + " fit: shorten the text");
  out.period = std::max(period_before, month_index(entry.header.time));
  DETENTE_TRY(key, identity.salts.period_key(out.period));
  const std::string origin =
      record::log_origin(identity.lineage, log.line.line, log.station_id, log.epoch);
  out.salt = record::salt_for(key.view(), origin, index);
  out.leaf = record::leaf_of(out.bytes, out.salt);
  out.entry = std::move(entry);
  return out;
}

std::string OwnLog::origin() const {
  return record::log_origin(identity_->lineage, line_->id, identity_->our_station, key_.epoch);
}

void OwnLog::load(Context& context) {
  const record::LineKey line{identity_->lineage, line_->id};
  key_ = record::LogKey{line, true, identity_->our_station, {}};
  opened_ = false;
  frontier_ = record::Frontier();
  unreceipted_.clear();
  period_ = 0;
  durable_size_ = receipted_size_ = second_began_ = 0;
  told_at_.reset();
  for (const record::Reader::LogInfo& info : context.store.logs(line)) {
    if (!info.log.own || info.log.station_id != identity_->our_station) continue;
    if (opened_ && info.ordinal < ordinal_) continue;
    key_ = info.log;
    ordinal_ = info.ordinal;
    opened_ = true;
    durable_size_ = info.size;
    period_ = info.period;
  }
  load_left(context);
  left_epoch_ = left_epoch_ || ordinal_ > 0 || !left_.empty();
  if (!opened_) {
    key_.epoch = context.keys.array<16>();
    ordinal_ = 0;
    return;
  }
  if (auto frontier = record::frontier_at(*context.store.tiles(key_), durable_size_))
    frontier_ = std::move(*frontier);
  if (auto newest = context.store.newest_cosignature(key_)) receipted_size_ = newest->size;
  load_unreceipted(context);
}

OwnLog::Sent OwnLog::to_sent(Context& context, record::StoredEntry stored,
                             record::Frontier& frontier) const {
  Result<record::Entry> entry = record::decode_entry(stored.bytes);
  DETENTE_CHECK(entry.has_value());  // our own bytes, checked by the store
  frontier.append(stored.leaf);
  Sent sent;
  sent.placed = {stored.index, std::move(*entry), std::move(stored.bytes), stored.salt,
                 stored.leaf, stored.period};
  sent.root_after = frontier.root();
  sent.durable = true;
  const auto checkpoint = context.store.checkpoint_covering(key_, sent.placed.index + 1);
  if (checkpoint && checkpoint->size == sent.placed.index + 1)
    sent.checkpoint = checkpoint->signature;
  return sent;
}

void OwnLog::load_unreceipted(Context& context) {
  if (mutant(Mutant::kTailForgotten)) return;
  auto frontier = record::frontier_at(*context.store.tiles(key_), receipted_size_);
  if (!frontier) return;  // as below
  std::uint64_t next = receipted_size_;
  while (next < durable_size_) {
    const auto stored = context.store.entries(key_, next, durable_size_, kLoadStep);
    // A damaged disk, whose store takes no commit any more: what it does not show is not sent, and a person restores it.
    if (stored.empty()) return;
    for (const record::StoredEntry& entry : stored)
      unreceipted_.push_back(to_sent(context, entry, *frontier));
    next += stored.size();
  }
}

bool OwnLog::knows_epoch(Context& context, const record::EpochId& epoch) const {
  return epoch == key_.epoch || context.store.log_of(key_.line, true, epoch).has_value();
}

std::vector<OwnLog::Sent> OwnLog::sent_before(Context& context, std::uint64_t from,
                                              std::size_t count) const {
  std::vector<Sent> out;
  auto frontier = record::frontier_at(*context.store.tiles(key_), from);
  if (!frontier) return out;
  const auto done = [&] {
    return out.size() >= count && (out.back().checkpoint || !line_->provable);
  };
  for (std::uint64_t next = from; next < durable_size_ && (out.empty() || !done());) {
    const auto stored = context.store.entries(key_, next, durable_size_, count);
    if (stored.empty()) break;
    for (const record::StoredEntry& entry : stored) {
      out.push_back(to_sent(context, entry, *frontier));
      if (done()) break;
    }
    next = out.back().placed.index + 1;
  }
  return out;
}

bool OwnLog::was_left(const record::EpochId& epoch) const {
  return std::find(left_.begin(), left_.end(), epoch) != left_.end();
}

// After a refused commit, too: what this life left stays.
void OwnLog::load_left(Context& context) {
  const auto kept = context.store.value(left_epochs_value(key_.line));
  if (!kept) return;
  std::vector<record::EpochId> before;
  for (std::size_t at = 0; at + kEpochBytes <= kept->size() && before.size() < kLeftEpochs; at += kEpochBytes) {
    record::EpochId& epoch = before.emplace_back();
    std::copy_n(kept->begin() + static_cast<std::ptrdiff_t>(at), kEpochBytes, epoch.begin());
    if (was_left(epoch)) before.pop_back();
  }
  left_.insert(left_.begin(), before.begin(), before.end());
}

record::LogPosition OwnLog::open_epoch(Context& context, const std::optional<record::EpochId>& unknown) {
  if (unknown && !was_left(*unknown)) left_.push_back(*unknown);
  while (left_.size() > kLeftEpochs) left_.erase(left_.begin());
  const record::LogPosition before{key_.epoch, frontier_.size(), frontier_.root()};
  key_.epoch = context.keys.array<16>();
  left_epoch_ = true;
  ordinal_ = opened_ ? ordinal_ + 1 : 0;
  opened_ = false;
  frontier_ = record::Frontier();
  period_ = 0;
  durable_size_ = receipted_size_ = 0;
  told_at_.reset();
  unreceipted_.clear();
  return before;
}

Result<void> OwnLog::place(Context& context, std::vector<record::Entry> entries,
                           const std::optional<record::LogPosition>& seen, record::Batch& batch) {
  DETENTE_CHECK(!entries.empty());
  record::Frontier frontier = frontier_;
  std::uint32_t period = period_;
  std::vector<Sent> placed;
  for (record::Entry& entry : entries) {
    entry.header.seen = seen;
    DETENTE_TRY(next, place_entry(*identity_, key_, frontier.size(), period, std::move(entry)));
    frontier.append(next.leaf);
    period = next.period;
    if (next.entry.header.time > newest_time_) {
      newest_time_ = next.entry.header.time;
      second_began_ = next.index;
    }
    placed.push_back({std::move(next), frontier.root(), std::nullopt, false});
  }
  if (line_->provable)
    placed.back().checkpoint = record::sign_checkpoint(
        {origin(), frontier.size(), frontier.root()}, *identity_->log_key);

  if (!opened_) {
    batch.writes.push_back(record::OpenLog{key_, ordinal_});
    // In the same commit: a log that is there without it would be left for the next one at the next start.
    if (!left_.empty()) batch.writes.push_back(record::PutValue{left_epochs_value(key_.line), left_epochs_bytes(left_)});
  }
  opened_ = true;
  batch.expected_size = {key_, frontier_.size()};
  for (const Sent& sent : placed) {
    batch.writes.push_back(record::AppendEntry{key_, to_stored(sent.placed, context.now.wall)});
    for (const record::OfficerSignature& signature : sent.placed.entry.signatures)
      batch.writes.push_back(record::UseOfficerCounter{identity_->lineage, true, signature.officer,
                                                       signature.counter});
  }
  batch.writes.push_back(
      record::PutCheckpoint{key_, {frontier.size(), frontier.root(), placed.back().checkpoint}});
  frontier_ = std::move(frontier);
  period_ = period;
  for (Sent& sent : placed) unreceipted_.push_back(std::move(sent));
  return {};
}

void OwnLog::mark_durable(std::uint64_t size) {
  durable_size_ = std::max(durable_size_, size);
  for (Sent& sent : unreceipted_)
    if (sent.placed.index < durable_size_) sent.durable = true;
}

std::optional<Digest> OwnLog::root_at(Context& context, std::uint64_t size) const {
  if (size == 0 || size > durable_size_) return std::nullopt;
  if (size == frontier_.size()) return frontier_.root();
  for (const Sent& sent : unreceipted_)
    if (sent.placed.index + 1 == size) return sent.root_after;
  return record::root_at(*context.store.tiles(key_), size);
}

std::optional<Digest> OwnLog::leaf_at(Context& context, std::uint64_t index) const {
  if (index >= durable_size_) return std::nullopt;
  const auto entries = context.store.entries(key_, index, index + 1, 1);
  return entries.empty() ? std::nullopt : std::optional(entries.front().leaf);
}

Result<record::StoredCosignature> OwnLog::receipt_over(Context& context, std::uint64_t size, const record::WireCosignature& receipt) const {
  if (size > durable_size_)
    return fail(Fault::kConflict, "a receipt over " + std::to_string(size) + " entries of a log that has " + std::to_string(durable_size_));
  const std::optional<Digest> root = root_at(context, size);
  if (!root) return fail(Fault::kConflict, "a receipt for a size that cannot be computed here");
  if (!line_->provable) {
    if (record::root_prefix(*root) == receipt.root_prefix) return record::StoredCosignature{size, *root, {}, std::nullopt};
    return fail(Fault::kConflict, "a receipt for another root than this side's record has");
  }
  if (!receipt.signed_part) return fail(Fault::kMalformed, "an unsigned receipt on a provable line");
  const auto& [time, signature] = *receipt.signed_part;
  if (mutant(Mutant::kCosignatureUnchecked) ||
      record::verify_cosignature({origin(), size, *root}, {time.seconds, signature}, identity_->their_cosign))
    return record::StoredCosignature{size, *root, time, signature};
  return fail(Fault::kAuthentication, "a receipt whose signature does not verify over this side's record");
}

Result<OwnLog::News> OwnLog::news_of(Context& context, std::uint64_t size, const record::WireCosignature& receipt) const {
  if (size <= receipted_size_) return std::nullopt;
  auto fits = receipt_over(context, size, receipt);
  if (fits) return std::move(*fits);
  // Of the epoch before, from a counterpart that has not met this one yet.
  if (left_epoch_ && receipted_size_ == 0 && fits.error().fault != Fault::kMalformed) return std::nullopt;
  return tl::unexpected<Error>(std::move(fits.error()));
}

Result<OwnLog::News> OwnLog::news_of(Context& context, const record::WireCosignature& receipt) {
  std::uint64_t size = record::restore_low8(receipt.size_low, durable_size_);
  if (size > durable_size_ && size >= record::kLow8Span) size -= record::kLow8Span;  // nobody has more of it than is here
  Result<News> greatest = news_of(context, size, receipt);
  if (greatest || context.now.mono < no_late_receipt_before_) return greatest;
  for (unsigned turn = 0; turn < kLateTurns && size > record::kLow8Span; ++turn) {
    size -= record::kLow8Span;
    auto late = receipt_over(context, size, receipt);
    if (!late) continue;
    return size > receipted_size_ ? News(std::move(*late)) : std::nullopt;
  }
  // Whoever sends what fits nothing costs no more than one look of each.
  no_late_receipt_before_ = context.now.mono + kNoLateReceiptFor;
  return greatest;
}

void OwnLog::take_receipt(const Context& context, const record::StoredCosignature& receipt, record::Batch& batch) {
  batch.writes.push_back(record::PutCosignature{key_, receipt});
  if (receipted_size_ == 0) told_at_ = context.now.mono;
  receipted_size_ = receipt.size;
  verified_epoch_ = key_.epoch;
  verified_size_ = receipt.size;
  while (!unreceipted_.empty() && unreceipted_.front().placed.index < receipt.size) unreceipted_.pop_front();
}

}  // namespace detente::core
