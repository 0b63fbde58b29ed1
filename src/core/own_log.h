// OwnLog: the log that this station writes on one line. Gives entries their
// index, salt, leaf and checkpoint, and keeps those that the other side has not
// receipted. spec/record.md sections 1, 4, 6.
//
// Invariants: an index is given once; nothing is appended to an epoch after
// another was opened; a checkpoint is signed only over a tree whose every leaf is in
// the same commit or durable before.
#pragma once

#include <algorithm>
#include <deque>

#include "core/line_setup.h"
#include "record/entry_wire.h"
#include "record/merkle.h"

namespace detente::core {

// A copy may be late by so many times 256 entries, or a little less, and is told from what it could be read as
// (spec/record.md sections 7 and 8).
inline constexpr unsigned kLateTurns = 8;
// What was sent before its author knew of a new epoch does not arrive later than this after the author's first receipt.
constexpr Duration kEpochSettles = std::chrono::seconds(30);

// An entry with its place, as both logs keep it in memory while it is needed.
struct PlacedEntry {
  std::uint64_t index = 0;
  record::Entry entry;
  record::EntryBytes bytes;
  record::Salt salt{};
  Digest leaf{};
  std::uint32_t period = 0;
};
record::StoredEntry to_stored(const PlacedEntry& placed, WallTime now);

// Salt, leaf and period of the entry that comes next in a log.
Result<PlacedEntry> place_entry(const PairIdentity& identity, const record::LogKey& log,
                                std::uint64_t index, std::uint32_t period_before,
                                record::Entry entry);

class OwnLog {
 public:
  struct Sent {  // one entry on its way
    PlacedEntry placed;
    Digest root_after{};                          // of the tree with this entry
    std::optional<crypto::Signature> checkpoint;  // where this entry closed a commit
    bool durable = false;
    bool is_flash() const { return placed.entry.header.precedence == record::Precedence::kFlash; }
  };

  OwnLog(PairIdentity& identity, const LineSetup& line) : identity_(&identity), line_(&line) {}

  // Reads the newest epoch's state back; a new epoch id where there is none.
  void load(Context& context);
  // The next index goes to a new epoch whose first entry names this one. `unknown`: the epoch of this station that the
  // other side named and that this disk does not have, for whose sake that is.
  record::LogPosition open_epoch(Context& context, const std::optional<record::EpochId>& unknown = std::nullopt);

  // Gives `entries` their places in order, `seen` filled in, and adds the writes. kLimit for an entry that is too large once
  // complete: none is placed then.
  Result<void> place(Context& context, std::vector<record::Entry> entries,
                     const std::optional<record::LogPosition>& seen, record::Batch& batch);
  void mark_durable(std::uint64_t size);

  const record::LogKey& key() const { return key_; }
  std::string origin() const;
  std::uint64_t size() const { return frontier_.size(); }
  std::uint64_t durable_size() const { return durable_size_; }
  std::uint64_t receipted_size() const { return receipted_size_; }
  // Of the newest receipt that verified in this life, whether this disk took it or not. What the other side is told of: it
  // must not sign less than that.
  std::uint64_t verified_size() const { return std::max(receipted_size_, verified_epoch_ == key_.epoch ? verified_size_ : 0); }
  // Whether any log of this station on this line has this epoch.
  bool knows_epoch(Context& context, const record::EpochId& epoch) const;
  // Whether the newest log was begun since the other side held that epoch, or a log before it was: until the other side has
  // taken the new one, it names it again, and that is no news (spec/session.md section 8).
  bool was_left(const record::EpochId& epoch) const;
  // Entries from `from` on, as they are sent again to a counterpart that lost them: at least `count` if there
  // are, and up to one with a checkpoint. Only what is durable.
  std::vector<Sent> sent_before(Context& context, std::uint64_t from, std::size_t count) const;
  bool other_knows_epoch() const { return receipted_size_ > 0; }
  // Whether this log is what the other side means when it names no epoch of it: where there was one before, the other side
  // may not know of this one yet, and what it sent until then may still arrive.
  bool is_what_is_meant(Instant now) const {
    return !left_epoch_ || (other_knows_epoch() && (!told_at_ || now - *told_at_ >= kEpochSettles));
  }
  const std::deque<Sent>& unreceipted() const { return unreceipted_; }

  // The root at a size that is durable here; nothing for a size beyond.
  std::optional<Digest> root_at(Context& context, std::uint64_t size) const;
  std::optional<Digest> leaf_at(Context& context, std::uint64_t index) const;

  // The other side's receipt as it is kept, where it is over more entries than were receipted before.
  using News = std::optional<record::StoredCosignature>;
  // kAuthentication or kConflict when it fits none. `size`: of one that names it whole. The other tells eight bits of it, and
  // may be late by hundreds of entries (spec/record.md section 8).
  Result<News> news_of(Context& context, std::uint64_t size, const record::WireCosignature& receipt) const;
  Result<News> news_of(Context& context, const record::WireCosignature& receipt);
  // One that is news. Adds what must be kept to `batch`.
  void take_receipt(const Context& context, const record::StoredCosignature& receipt, record::Batch& batch);
  // Whether the entry 256 before this one may be like it in all, its time too: then eight bits of an index do not tell them apart.
  bool may_repeat(const PlacedEntry& placed) const { return placed.index >= second_began_ + record::kLow8Span; }

 private:
  Result<record::StoredCosignature> receipt_over(Context& context, std::uint64_t size, const record::WireCosignature& receipt) const;
  void load_left(Context& context);
  Sent to_sent(Context& context, record::StoredEntry stored, record::Frontier& frontier) const;
  void load_unreceipted(Context& context);

  PairIdentity* identity_;
  const LineSetup* line_;
  record::LogKey key_;
  std::uint32_t ordinal_ = 0;
  bool opened_ = false;  // the store knows this epoch
  bool left_epoch_ = false;  // there was one before: a receipt for it may still come
  std::vector<record::EpochId> left_;  // of this station, not on this disk: the newest last. Kept with the next log's opening
  std::optional<Instant> told_at_;  // the first receipt of this epoch, where it came in this life
  record::Frontier frontier_;
  std::uint32_t period_ = 0;
  std::uint64_t durable_size_ = 0;
  std::uint64_t receipted_size_ = 0;
  record::EpochId verified_epoch_{};
  std::uint64_t verified_size_ = 0;  // of that epoch
  std::deque<Sent> unreceipted_;
  WallTime newest_time_;            // of the headers that were placed in this life
  std::uint64_t second_began_ = 0;  // the entry that was the first of that time
  Instant no_late_receipt_before_;  // one that fits nothing is looked for in vain once in a while
};

}  // namespace detente::core
