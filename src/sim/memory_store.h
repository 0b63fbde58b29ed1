// The simulator's store: memory that behaves like a disk.
//
// commit() is durable at once. The simulator stages commits instead, makes them
// durable in their order with sync(), and loses the staged ones in a crash. A
// Snapshot is a backup: restoring an old one is a disk rolled back. Everything
// is ordered, so a run depends on nothing but its seed. One thread.
#pragma once

#include <deque>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "base/random.h"
#include "record/store_rules.h"

namespace detente::sim {

class MemoryStore final : public record::Store {
 private:
  struct Log {
    std::uint32_t ordinal = 0;
    std::uint64_t opened = 0;  // number of the opening, over all logs
    std::vector<record::StoredEntry> entries;
    std::map<std::uint64_t, record::StoredEntry> early;
    std::map<record::TileId, Bytes> tiles;
    std::map<std::uint64_t, record::StoredCheckpoint> checkpoints;
    std::map<std::uint64_t, record::StoredCosignature> cosignatures;
    std::vector<record::PutEvidence> evidence;
  };
  using Counter = std::tuple<Digest, bool, OfficerId, std::uint64_t>;
  struct State {
    std::map<record::LineKey, std::uint64_t> fences;
    std::map<record::LogKey, Log> logs;
    std::map<record::LineKey, std::map<std::uint64_t, Bytes>> outbox;
    std::set<Counter> counters;
    std::map<std::pair<Digest, std::string>, record::LinkState> links;
    std::map<std::string, Bytes> values;
    std::map<record::BlobKey, record::StoredBlob> blobs;
    // Shared with the snapshots: a piece never changes, it is replaced.
    std::map<std::pair<record::BlobKey, std::uint64_t>, std::shared_ptr<const record::PutPiece>> pieces;
  };

 public:
  // Everything that was durable at one moment.
  class Snapshot {
    friend class MemoryStore;
    State state_;
  };

  Result<record::Fence> claim(const record::LineKey& line) override;
  Result<void> commit(std::span<const record::Batch> batches) override;

  // Stages a commit; nothing reads it before sync().
  void submit(std::vector<record::Batch> batches);
  std::size_t staged() const { return staged_.size(); }
  // Commits the oldest `at_most` staged ones, one after the other; a refused one leaves the others.
  std::vector<Result<void>> sync(std::size_t at_most = std::numeric_limits<std::size_t>::max());
  void crash() { staged_.clear(); }
  // A full disk takes no commit and no claim: kIo.
  void set_full(bool full) { full_ = full; }

  // Flips a bit in one entry's body, drawn; false when there is none. Who reads such an entry gets nothing, and from then
  // on every commit and claim is refused, as by the store on a disk.
  bool damage(SeededRandom& random);
  // The same in each of the newest entries of every log: what a running station reads again.
  bool damage_recent(SeededRandom& random);
  bool damaged() const { return damaged_; }
  bool damage_found() const { return damage_found_; }
  // Every entry against its leaf, as a store checks itself at a start; kIo says what does not fit.
  Result<void> check() const;

  // How many entries were read, ahead of their place or not, and how much evidence.
  std::uint64_t rows_read() const { return rows_read_; }

  Snapshot snapshot() const;
  // Staged commits are gone, as after a crash.
  void restore(Snapshot snapshot);

  std::vector<record::LineKey> lines() const override;
  std::vector<LogInfo> logs(const record::LineKey& line) const override;
  std::optional<LogInfo> log_of(const record::LineKey& line, bool own, const record::EpochId& epoch) const override;
  std::optional<LogInfo> newest_log(const record::LineKey& line, bool own) const override;
  std::vector<record::StoredEntry> entries(const record::LogKey& log, std::uint64_t from,
                                           std::uint64_t to, std::size_t limit) const override;
  std::vector<record::StoredEntry> early_entries(const record::LogKey& log) const override;
  std::optional<record::StoredCheckpoint> checkpoint_covering(const record::LogKey& log,
                                                              std::uint64_t size) const override;
  std::optional<record::StoredCosignature> cosignature_covering(const record::LogKey& log,
                                                                std::uint64_t size) const override;
  std::optional<record::StoredCosignature> newest_cosignature(
      const record::LogKey& log) const override;
  std::vector<record::OutboxItem> outbox(const record::LineKey& line) const override;
  bool officer_counter_used(const Digest& lineage, bool own, OfficerId officer,
                            std::uint64_t counter) const override;
  std::optional<record::LinkState> link_state(const Digest& lineage,
                                              const std::string& counterpart) const override;
  std::optional<Bytes> value(const std::string& key) const override;
  std::vector<std::pair<record::BlobKey, record::StoredBlob>> blobs_from(const record::BlobKey& first,
                                                                         std::size_t limit) const override;
  std::optional<record::StoredBlob> blob(const record::BlobKey& key) const override;
  std::optional<Bytes> piece(const record::BlobKey& key, std::uint64_t piece) const override;
  std::vector<std::pair<std::uint64_t, Digest>> piece_leaves(const record::BlobKey& key) const override;
  std::vector<record::PutEvidence> evidence(const record::LogKey& log, std::size_t limit) const override;
  std::vector<record::PutEvidence> evidence_of(const record::LogKey& log, std::string_view what,
                                               const std::optional<record::EvidenceAbout>& about) const override;
  std::unique_ptr<record::TileReader> tiles(const record::LogKey& log) const override;

 private:
  static std::optional<Bytes> tile_of(const Log& log, record::TileId id);
  Result<void> takes_writes() const;
  void flip_bit(record::StoredEntry& entry, SeededRandom& random);
  // Nothing, where one of them is not what was written.
  std::vector<record::StoredEntry> sound(std::vector<record::StoredEntry> read) const;
  class Facts;
  class Change;
  class Tiles;
  const Log* find(const record::LogKey& log) const;
  static LogInfo info_of(const record::LogKey& key, const Log& log);
  // Of those that are asked for, the one that was opened last.
  template <typename Wanted>
  std::optional<LogInfo> last_opened(const Wanted& wanted) const;

  State state_;
  std::deque<std::vector<record::Batch>> staged_;
  mutable std::uint64_t rows_read_ = 0;
  bool full_ = false;
  bool damaged_ = false;  // since the last restore; spares checking what cannot be wrong
  mutable bool damage_found_ = false;  // by a read
};

}  // namespace detente::sim
