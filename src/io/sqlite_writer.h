// Puts batches into the database, inside a transaction that its caller holds.
#pragma once

#include <map>

#include "io/sqlite_reader.h"
#include "record/store_rules.h"

namespace detente::io {

class SqliteWriter final : private record::StoreFacts {
 public:
  explicit SqliteWriter(Connection& connection) : db_(connection), reader_(connection) {}

  // The line's next fence.
  Result<record::Fence> claim(const record::LineKey& line);
  // Refuses as record/store_rules.h says. After an error the caller rolls back and calls forget().
  Result<void> apply(const record::Batch& batch);
  void forget();
  // Whether a key of a link was replaced since the last call: its old frames are to be overwritten.
  bool take_replaced_secret() { return std::exchange(replaced_secret_, false); }

 private:
  // What is known of a log that is written to; true as long as the transaction is.
  struct Log {
    LogId id = 0;
    std::uint64_t size = 0;
    std::uint64_t cosigned = 0;
    bool has_early = false;
  };

  Result<std::uint64_t> newest_fence(const record::LineKey& line) override;
  Result<std::optional<std::uint64_t>> size_of(const record::LogKey& log) override;
  Result<std::optional<Digest>> root_held(const record::LogKey& log, std::uint64_t size) override;
  Result<std::uint64_t> newest_cosigned(const record::LogKey& log) override;
  Result<std::optional<Digest>> early_leaf(const record::LogKey& log, std::uint64_t index) override;
  Result<bool> counter_used(const record::UseOfficerCounter& use) override;
  Result<std::optional<std::uint64_t>> blob_length(const record::BlobKey& key) override;

  Result<Log*> find(const record::LogKey& log);  // null when it is not open

  Result<void> put(const record::OpenLog& write);
  Result<void> put(const record::AppendEntry& write);
  Result<void> put(const record::PutEarlyEntry& write);
  Result<void> put(const record::PutCheckpoint& write);
  Result<void> put(const record::PutCosignature& write);
  Result<void> put(const record::PutOutbox& write);
  Result<void> put(const record::DeleteOutbox& write);
  Result<void> put(const record::UseOfficerCounter& write);
  Result<void> put(const record::PutLinkState& write);
  Result<void> put(const record::PutEvidence& write);
  Result<void> put(const record::PutBlob& write);
  Result<void> put(const record::PutPiece& write);
  Result<void> put(const record::DropBlob& write);
  Result<void> put(const record::PutValue& write);
  Result<void> put_entry(const char* sql, LogId log, const record::StoredEntry& entry);
  Result<void> complete_tile(const Log& log);

  Connection& db_;
  SqliteReader reader_;
  std::map<record::LogKey, Log> logs_;
  bool replaced_secret_ = false;
};

}  // namespace detente::io
