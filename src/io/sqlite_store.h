// The embedded store: one SQLite file, its write-ahead log, and a lock beside it.
//
// Threads: commit(), claim() and maintain() are for one writer thread; the
// Reader's functions may be called from another at the same time. Each has its
// own connection under its own mutex, and a read sees committed state only.
//
// A commit is one transaction and one sync of the write-ahead log. Moving the
// log into the database costs more syncs: maintain() does it in a quiet moment,
// and a commit only when the log has grown past kWalLimit.
//
// When the disk lies (damage, a failed sync, a failed read) an answer would be
// empty where it must not be: from then on every commit is refused with that
// error, so that nothing is signed or acknowledged on such ground.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "io/sqlite_keys.h"
#include "io/sqlite_lock.h"
#include "io/sqlite_snapshot.h"
#include "io/sqlite_wal.h"
#include "io/sqlite_writer.h"

namespace detente::io {

class SqliteStore final : public record::Store {
 public:
  // Makes the file (mode 0600) where there is none; its directory must exist. kState when a station
  // has it open, kUnsupported for a newer version, kMalformed for another file, else kIo.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path);
  ~SqliteStore() override;

  Result<record::Fence> claim(const record::LineKey& line) override;
  Result<void> commit(std::span<const record::Batch> batches) override;
  // Call it when nothing is to be written. Starts the write-ahead log over, and overwrites in it
  // the keys that were replaced. kIo: nothing is lost, call it again later.
  Result<void> maintain();
  // A copy of what is committed now (sqlite_snapshot.h), from a thread of its own: commits go on
  // meanwhile, only the log is not started over. kState while another is being made.
  Result<void> snapshot(const std::string& to, const OnProgress& progress);
  // What waits and no line will ever send (sqlite_keys.h); `read`: the lines that look at their own.
  std::vector<AstrayItem> astray_items(const std::set<record::LineKey>& read) const;
  // kIo: a log or a document that is not found under its name (sqlite_keys.h), a small row that is not what was written
  // (sqlite_rows.h). It is remembered as every failed read is.
  Result<void> check_tables() const;
  // Why every commit is refused, once that is so.
  std::optional<Error> fault() const;
  // fault(), or why the newest commit failed (a full disk): gone once one succeeds.
  std::optional<Error> trouble() const;

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
  // True after a failed read: a counter that may have been used is not used again.
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
  class Tiles;
  SqliteStore(StationLock lock, Connection writing, Connection reading);
  // The answer of `ask(reader)`, or `otherwise` after an error, which is remembered.
  template <typename Answer, typename Ask>
  Answer read(Answer otherwise, Ask ask) const;
  // The same about a log; `otherwise` when it is not open, too.
  template <typename Answer, typename Ask>
  Answer read_log(const record::LogKey& log, Answer otherwise, Ask ask) const;
  Result<void> ready() const;
  void remember(const Error& error) const;
  template <typename Work>
  Result<void> transact(Work work);
  Result<void> start_log_over();
  Result<void> move_log();

  StationLock lock_;  // given back last
  std::mutex write_mutex_;
  Connection writing_;
  SqliteWriter writer_;
  LogMarker marker_;
  int frames_ = 0;     // in the write-ahead log, as of the last commit
  bool dirty_ = true;  // something was committed since the log was started over
  bool wipe_due_ = false;
  bool copying_ = false;  // a snapshot reads the log: starting it over would wait for that
  mutable std::mutex read_mutex_;
  mutable Connection reading_;
  mutable SqliteReader reader_;
  mutable std::atomic<bool> failed_ = false;
  mutable std::mutex fault_mutex_;
  mutable std::optional<Error> fault_;
  std::optional<Error> trouble_;  // under fault_mutex_, too
  std::atomic<bool> troubled_ = false;
};

}  // namespace detente::io
