// FarLog: the other side's log on one line, as this station holds it. Rebuilds
// entries from what travelled, proves them by the author's checkpoint, and makes
// the receipt. spec/record.md sections 6 to 8.
//
// Invariants: nothing is counted in durable_size() before the commit that holds
// it succeeded; no smaller size is cosigned after a larger; the time of receipts
// never falls. What the author signed is taken even when it makes no sense (an
// unknown kind, a bad officer's signature): refusing one entry would stop the
// log for ever. Showing it safely is the desk's work.
#pragma once

#include <deque>
#include <set>

#include "core/document_terms.h"
#include "core/own_log.h"
#include "core/signatures_under_way.h"
#include "record/two_records.h"

namespace detente::core {

// Longer than the other side doubts which epoch of its log is meant, with a receipt that was lost meanwhile.
constexpr Duration kFarEpochSettles = std::chrono::minutes(5);

class FarLog {
 public:
  enum class Verdict {
    kAccepted,   // verified; the batch has it; receipt when durable
    kEarly,      // verified ahead of its predecessors; the batch has it; no receipt yet
    kWaiting,    // kept until an entry with a checkpoint comes
    kDuplicate,  // held already
    kGap,        // cannot be placed or verified with what is held
    kBad,        // cannot be right
  };
  struct Receipt {
    std::uint64_t size = 0;
    Digest root{};
    WallTime time;
    std::optional<crypto::Signature> signature;
  };
  struct Shown {
    std::uint64_t index = 0;
    bool early = false;
  };
  struct Held {  // what a commit makes durable
    std::uint64_t size = 0;
    Digest root{};
  };
  struct Outcome {
    Verdict verdict = Verdict::kBad;
    std::optional<Held> held;        // for kAccepted
    std::string why;                 // for kBad and kGap
    std::optional<Receipt> receipt;  // for kAccepted, unless more was cosigned once than is held
    std::vector<Shown> arrived;      // to notify once durable
    std::vector<NamedDocument> named;  // by what the batch has
    std::vector<std::string> alarms;
    bool equivocation = false;
    std::vector<record::PutEvidence> proofs;  // of that: for keep_refused(), should the disk refuse the batch
    bool new_epoch = false;
  };

  // `seen`: of the accord line alone.
  FarLog(PairIdentity& identity, const LineSetup& line, SignaturesUnderWay& signatures, SeenSignatures* seen)
      : identity_(&identity), line_(&line), signatures_(&signatures), seen_(seen) {}
  void load(Context& context);

  // Takes one entry as it came. Adds what must be durable to `batch`.
  Outcome accept(Context& context, const record::WireEntry& wire, const OwnLog& own,
                 record::Batch& batch);
  // What proves something against the author of this log, and the disk refused: he may never say it a second time. To `batch`,
  // so that it is kept once, whatever came of it since.
  // What is of a log that is not known here (its opening was refused, too) is given back.
  std::vector<record::PutEvidence> keep_refused(Context& context, std::vector<record::PutEvidence> refused, record::Batch& batch);
  // The commit of an accepted entry succeeded.
  void mark_durable(const Held& held, const std::optional<Receipt>& receipt);
  // An entry that came ahead of a missing one, once that one is there, or beside one that is taken by now; it is not kept any
  // longer.
  std::optional<record::WireEntry> take_kept();
  // At the first contact: the other side has this station's cosignature over `size` entries of its newest log. If it is
  // not here, nothing smaller of that log is cosigned.
  void raise_floor(Context& context, const record::EpochId& epoch, std::uint64_t size);
  std::uint64_t floor() const;  // 0: none that was not here when it was shown
  // Something of the other side's log was cosigned once and is not here, of the epoch that is known or of a newer one.
  bool wants_recovery() const { return below_floor() || (floor_ && floor_->epoch != key_.epoch); }
  // Whether this entry is a part of that, as its place says.
  bool was_cosigned(const record::WireEntry& wire) const;
  bool below_floor() const { return frontier_.size() < floor(); }

  bool known() const { return known_; }
  bool shown_early(std::uint64_t index) const { return shown_early_.count(index) > 0; }
  const record::LogKey& key() const { return key_; }
  // It has been the newest for so long that its author knows that it is known here.
  bool settled(Instant now) const { return !begun_ || now - *begun_ >= kFarEpochSettles; }
  std::uint64_t size() const { return frontier_.size(); }
  std::uint64_t durable_size() const { return held_.size; }
  const Held& held() const { return held_; }
  // Bit i: entry durable_size() + i is here ahead of a missing one, or about to be durable.
  std::uint64_t ahead() const;
  // What this station's next entry says it has seen.
  std::optional<record::LogPosition> seen() const;
  const std::optional<Receipt>& newest_receipt() const { return receipt_; }
  std::string origin() const;

 private:
  struct EarlyEntry {
    record::Entry entry;
    crypto::Signature checkpoint;
  };

  static Outcome gap(std::string why);
  static Outcome bad(std::string why);
  static void note_documents(const record::Header& header, Outcome& out);
  void forget_contents();  // of the epoch that is held
  void keep(std::uint64_t index, const record::WireEntry& wire);
  Result<record::Entry> rebuild(Context& context, const record::WireEntry& wire,
                                const OwnLog& own) const;
  Result<Digest> own_root(Context& context, const record::WireEntry& wire, const OwnLog& own) const;
  Result<record::Reference> resolve(Context& context, const record::WireReference& reference,
                                    const OwnLog& own) const;
  std::optional<Digest> leaf_at(Context& context, std::uint64_t index) const;
  std::uint64_t next_index() const { return frontier_.size() + waiting_.size(); }
  std::uint32_t newest_period() const;
  bool knows_epoch(Context& context, const record::EpochId& epoch) const;  // whether the store has a log of it
  bool begin_epoch(Instant now, const record::WireEntry& wire, Outcome& out);
  Outcome take_next(Context& context, PlacedEntry placed,
                    const std::optional<crypto::Signature>& checkpoint, record::Batch& batch);
  void put_checkpoint(const std::optional<crypto::Signature>& signature, record::Batch& batch);
  void take_ready_early(Context& context, record::Batch& batch, Outcome& out);
  Outcome take_early(Context& context, const record::WireEntry& wire, record::Entry entry,
                     std::uint64_t index, record::Batch& batch);
  // An entry's leaf, and the month that its salt is of.
  struct Leaf {
    Digest hash{};
    std::uint32_t period = 0;
  };
  // What stands at a place on this disk, and the leaf that an entry would have there.
  struct AtPlace {
    record::StoredEntry stored;
    std::optional<Digest> leaf;
  };
  std::optional<AtPlace> at_place(Context& context, const record::Entry& entry, std::uint64_t index) const;
  // Where it stands: eight bits of an index mean the nearest place, but for a copy that is late by hundreds of entries
  // (spec/record.md section 7).
  std::uint64_t index_of(Context& context, const record::WireEntry& wire, const record::Entry& entry) const;
  // far_log_second.cc: what its author signed of one place twice.
  Outcome take_duplicate(Context& context, const record::WireEntry& wire, const record::Entry& entry,
                         std::uint64_t index, record::Batch& batch);
  Outcome take_before_it_is_durable(Context& context, const record::WireEntry& wire, const record::Entry& entry,
                                    std::uint64_t index, record::Batch& batch);
  // Of the newest alone, those that wait among them; nothing of an older one.
  std::optional<Leaf> recent_leaf(std::uint64_t index) const;
  // Of the entry before that place; nothing where that is no recent one.
  std::optional<std::uint32_t> period_before(std::uint64_t index) const;
  // That an entry would have at that place behind what is here, or behind what came for the place before it beside.
  std::optional<Leaf> leaf_there(const record::Entry& entry, std::uint64_t index) const;
  void note_beside(const record::Entry& entry, std::uint64_t index);
  void put_beside(std::uint64_t index, const Leaf& leaf);
  // Of everything that a commit was issued for, and of what waits behind it.
  std::optional<record::Frontier> frontier_to(Context& context, std::uint64_t size) const;
  std::optional<record::Checkpoint> signed_behind_what_is_here(Context& context, std::uint64_t index, const Digest& leaf,
                                                               const crypto::Signature& signature) const;
  std::optional<record::Checkpoint> signed_beside(Context& context, std::uint64_t index, const Digest& leaf,
                                                  const crypto::Signature& signature) const;
  std::optional<record::Checkpoint> beside_from(Context& context, std::uint64_t from, std::uint64_t index, const Digest& leaf) const;
  // Another tree than the one that is held.
  void keep_other_tree(Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature,
                       record::Batch& batch, Outcome& out);
  record::PutValue early_claims() const;
  void load_early_claims(Context& context);
  void compare_with_early(Context& context, const Digest& root, std::uint64_t size, record::Batch& batch, Outcome& out);
  // Once, however often and under however many signatures it comes. Whether this is that time.
  bool keep_refused_second(Context& context, const record::SecondCheckpoint& second, record::Batch& batch);
  bool keep_second(Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature, record::Batch& batch, Outcome& out);
  record::PutEvidence proof_of(const Context& context, const record::Checkpoint& claimed, const crypto::Signature& signature) const;
  void stand_on_what_was_issued(record::Batch& batch) const;
  void add_entry(Context& context, const PlacedEntry& placed, record::Batch& batch, Outcome& out);
  // Each counts for the entry with which it came first; of another it is kept as evidence.
  void use_signatures(Context& context, const PlacedEntry& placed, bool early, record::Batch& batch, Outcome& out);
  void load_early_signatures(Context& context);
  Receipt make_receipt(Context& context);

  PairIdentity* identity_;
  const LineSetup* line_;
  SignaturesUnderWay* signatures_;
  SeenSignatures* seen_;
  record::LogKey key_;
  std::uint32_t ordinal_ = 0;
  bool known_ = false;   // the far epoch is known
  bool opens_epoch_ = false;  // it replaced another one, which nobody was told yet: no checkpoint has closed it
  std::optional<Instant> begun_;  // of an epoch that replaced another in this life
  bool opened_ = false;  // and the store knows it
  record::Frontier frontier_;  // of everything in a commit that was issued
  std::uint32_t period_ = 0;
  std::uint64_t loaded_size_ = 0;     // what this life began with
  std::uint32_t loaded_period_ = 0;
  std::deque<PlacedEntry> waiting_;  // in order, no checkpoint yet
  std::deque<std::pair<std::uint64_t, Leaf>> recent_leaves_;
  std::map<std::uint64_t, Leaf> beside_;  // of other entries that came for these places without a checkpoint of their own
  std::map<std::uint64_t, EarlyEntry> early_;
  std::map<std::uint64_t, Digest> shown_early_;  // their leaves
  std::set<NotFirst> early_not_first_;  // of these: whose signatures had been used before, which was told when they came
  std::map<std::uint64_t, record::SecondCheckpoint> early_claims_;  // durable: what the author signed over each of these, and over what is beside the record
  std::map<std::uint64_t, record::SecondCheckpoint> issued_checkpoints_;  // by size: their commits are under way
  std::optional<std::uint64_t> newest_early_;  // whose commit was issued last, in this life
  std::map<std::uint64_t, record::WireEntry> kept_;  // ahead of a missing one
  std::multimap<std::uint64_t, record::WireEntry> kept_beside_;  // signed for a place of one of these, and not the same
  Held held_;                       // durable
  std::optional<Receipt> receipt_;  // the newest that is durable
  struct Floor {
    record::EpochId epoch{};
    std::uint64_t size = 0;
  };
  std::optional<Floor> floor_;  // of the known epoch or of a newer one
  WallTime last_receipt_time_;
  // Second checkpoints of this log that are kept as evidence (size and root); read from the disk when the first is met.
  std::optional<std::set<std::pair<std::uint64_t, Digest>>> second_checkpoints_;
};

}  // namespace detente::core
