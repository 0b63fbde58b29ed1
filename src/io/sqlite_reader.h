// What is asked of the database: one function a question, over one connection.
// The writer asks the same questions inside its transaction.
//
// Errors of the disk come out as kIo; what an empty answer would mean to the
// caller is SqliteStore's matter. Not thread safe: it lives under its
// connection's mutex.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "io/sqlite.h"
#include "record/store.h"

namespace detente::io {

using LogId = std::uint64_t;  // number of a log's row; never changes, never used again

class SqliteReader {
 public:
  explicit SqliteReader(Connection& connection) : db_(connection) {}

  // Nothing when the log is not open. Numbers that were found are remembered.
  Result<std::optional<LogId>> find(const record::LogKey& log);
  // After a rollback a remembered number may be another log's.
  void forget() { known_.clear(); }

  struct Extent {
    std::uint64_t size = 0;
    std::uint32_t period = 0;
  };
  Result<Extent> extent(LogId log);
  Result<std::vector<record::LineKey>> lines();
  Result<std::vector<record::Reader::LogInfo>> logs(const record::LineKey& line);
  Result<std::optional<record::Reader::LogInfo>> log_of(const record::LineKey& line, bool own, const record::EpochId& epoch);
  Result<std::optional<record::Reader::LogInfo>> newest_log(const record::LineKey& line, bool own);
  Result<std::vector<record::StoredEntry>> entries(LogId log, std::uint64_t from, std::uint64_t to,
                                                   std::size_t limit);
  Result<std::vector<record::StoredEntry>> early_entries(LogId log);
  Result<std::optional<record::StoredCheckpoint>> checkpoint(LogId log, std::uint64_t size);
  Result<std::optional<record::StoredCosignature>> cosignature(LogId log, std::uint64_t size);
  Result<std::optional<record::StoredCosignature>> newest_cosignature(LogId log);
  Result<std::vector<record::OutboxItem>> outbox(const record::LineKey& line);
  Result<bool> counter_used(const record::UseOfficerCounter& use);
  Result<std::optional<record::LinkState>> link_state(const Digest& lineage,
                                                      const std::string& counterpart);
  Result<std::optional<Bytes>> value(const std::string& key);
  Result<std::vector<record::PutEvidence>> evidence(LogId log, const record::LogKey& key, std::size_t limit);
  Result<std::vector<record::PutEvidence>> evidence_of(LogId log, const record::LogKey& key, const std::string& what,
                                                       const std::optional<record::EvidenceAbout>& about);
  Result<std::vector<std::pair<record::BlobKey, record::StoredBlob>>> blobs_from(const record::BlobKey& first,
                                                                                 std::size_t limit);
  struct FoundBlob {
    std::uint64_t id = 0;  // number of its row
    record::StoredBlob blob;
  };
  Result<std::optional<FoundBlob>> blob(const record::BlobKey& key);
  // kIo for a piece that is not what was written.
  Result<std::optional<Bytes>> piece(const record::BlobKey& key, std::uint64_t piece);
  Result<std::vector<std::pair<std::uint64_t, Digest>>> piece_leaves(const record::BlobKey& key);
  // A stored tile, or the level-0 one that still grows, put together from the entries.
  Result<std::optional<Bytes>> tile(LogId log, record::TileId id);

 private:
  static Result<std::vector<record::PutEvidence>> read_evidence(Query& query, LogId log, const record::LogKey& key,
                                                                std::size_t limit);
  Result<std::optional<record::Reader::LogInfo>> next_log(Query& query, const record::LineKey& line);
  Result<std::optional<record::StoredCosignature>> one_cosignature(const char* sql,
                                                                   std::uint64_t from,
                                                                   std::uint64_t to);
  Connection& db_;
  std::map<record::LogKey, LogId> known_;
};

// The first key of a log's rows, and the last.
std::uint64_t first_key(LogId log);
std::uint64_t last_key(LogId log);
// Nothing for tiles of trees larger than any log here.
std::optional<std::uint64_t> tile_key(LogId log, record::TileId id);

}  // namespace detente::io
