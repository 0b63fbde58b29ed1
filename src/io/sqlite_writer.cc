#include "io/sqlite_writer.h"

#include "io/sqlite_rows.h"
#include "io/sqlite_schema.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kFence = "SELECT fence FROM claims WHERE lineage = ? AND line = ?";
constexpr const char* kClaim = "INSERT OR REPLACE INTO claims VALUES(?, ?, ?)";
constexpr const char* kOpenLog =
    "INSERT INTO logs(lineage, line, own, station, epoch, ordinal) VALUES(?, ?, ?, ?, ?, ?) "
    "RETURNING id";
constexpr const char* kAppend = "INSERT INTO entries VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kPutEarly =
    "INSERT OR REPLACE INTO early_entries VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kDropEarly = "DELETE FROM early_entries WHERE key = ?";
constexpr const char* kEarlyLeaf = "SELECT leaf FROM early_entries WHERE key = ?";
constexpr const char* kAnyEarly = "SELECT 1 FROM early_entries WHERE key BETWEEN ? AND ? LIMIT 1";
constexpr const char* kRootHeld =
    "SELECT root FROM checkpoints WHERE key = ?1 UNION ALL "
    "SELECT root FROM cosignatures WHERE key = ?1 LIMIT 1";
// A signature that is held stays, whatever comes later for the same tree.
constexpr const char* kPutCheckpoint =
    "INSERT INTO checkpoints(key, root, signature) VALUES(?, ?, ?) "
    "ON CONFLICT DO UPDATE SET signature = coalesce(excluded.signature, signature)";
constexpr const char* kPutCosignature = "INSERT OR REPLACE INTO cosignatures VALUES(?, ?, ?, ?)";
constexpr const char* kPutOutbox = "INSERT OR REPLACE INTO outbox VALUES(?, ?, ?, ?)";
constexpr const char* kDeleteOutbox =
    "DELETE FROM outbox WHERE lineage = ? AND line = ? AND id = ?";
constexpr const char* kUseCounter = "INSERT INTO officer_counters VALUES(?, ?, ?, ?)";
constexpr const char* kPutLinkState =
    "INSERT OR REPLACE INTO link_states VALUES(?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kPutEvidence =
    "INSERT INTO evidence(log, what, bytes, at, digest) VALUES(?, ?, ?, ?, ?)";
constexpr const char* kPutValue = "INSERT OR REPLACE INTO settings VALUES(?, ?, ?)";
constexpr const char* kPutTile = "INSERT OR REPLACE INTO tiles VALUES(?, ?)";

// The tree before what the open transaction appends, for extend_tiles. It keeps the error that an
// optional cannot carry.
class TransactionTiles final : public TileReader {
 public:
  TransactionTiles(SqliteReader& reader, LogId log) : reader_(reader), log_(log) {}
  std::optional<Bytes> tile(TileId id) const override {
    auto found = reader_.tile(log_, id);
    if (found) return std::move(*found);
    error_ = found.error();
    return std::nullopt;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  SqliteReader& reader_;
  LogId log_;
  mutable std::optional<Error> error_;
};

}  // namespace

Result<Fence> SqliteWriter::claim(const LineKey& line) {
  DETENTE_TRY(newest, newest_fence(line));
  const Fence fence{line, newest + 1};
  DETENTE_TRY_VOID(db_.query(kClaim).with(line.lineage, line.line.value, fence.number).done());
  return fence;
}

Result<void> SqliteWriter::apply(const Batch& batch) {
  DETENTE_TRY_VOID(check_batch(*this, batch));
  for (const Write& write : batch.writes) {
    DETENTE_TRY_VOID(check_write(*this, batch.fence, write));
    DETENTE_TRY_VOID(std::visit([this](const auto& what) { return put(what); }, write));
  }
  return {};
}

void SqliteWriter::forget() {
  logs_.clear();
  reader_.forget();
}

Result<SqliteWriter::Log*> SqliteWriter::find(const LogKey& key) {
  if (const auto known = logs_.find(key); known != logs_.end()) return &known->second;
  DETENTE_TRY(id, reader_.find(key));
  if (!id) return nullptr;
  DETENTE_TRY(extent, reader_.extent(*id));
  DETENTE_TRY(cosigned, reader_.newest_cosignature(*id));
  Query early = db_.query(kAnyEarly);
  DETENTE_TRY(has_early, early.with(first_key(*id), last_key(*id)).row());
  const Log log{*id, extent.size, cosigned ? cosigned->size : 0, has_early};
  return &logs_.emplace(key, log).first->second;
}

Result<std::uint64_t> SqliteWriter::newest_fence(const LineKey& line) {
  Query query = db_.query(kFence);
  DETENTE_TRY(found, query.with(line.lineage, line.line.value).row());
  return found ? query.integer(0) : 0;
}

Result<std::optional<std::uint64_t>> SqliteWriter::size_of(const LogKey& key) {
  DETENTE_TRY(log, find(key));
  if (log == nullptr) return std::nullopt;
  return log->size;
}

Result<std::optional<Digest>> SqliteWriter::root_held(const LogKey& key, std::uint64_t size) {
  DETENTE_TRY(log, find(key));
  Query query = db_.query(kRootHeld);
  DETENTE_TRY(found, query.with(first_key(log->id) + size).row());
  if (!found) return std::nullopt;
  const Digest root = query.array<32>(0);
  DETENTE_TRY_VOID(query.check());
  return root;
}

Result<std::uint64_t> SqliteWriter::newest_cosigned(const LogKey& key) {
  DETENTE_TRY(log, find(key));
  return log->cosigned;
}

Result<std::optional<Digest>> SqliteWriter::early_leaf(const LogKey& key, std::uint64_t index) {
  DETENTE_TRY(log, find(key));
  if (!log->has_early) return std::nullopt;
  Query query = db_.query(kEarlyLeaf);
  DETENTE_TRY(found, query.with(first_key(log->id) + index).row());
  if (!found) return std::nullopt;
  const Digest leaf = query.array<32>(0);
  DETENTE_TRY_VOID(query.check());
  return leaf;
}

Result<bool> SqliteWriter::counter_used(const UseOfficerCounter& use) {
  return reader_.counter_used(use);
}

Result<void> SqliteWriter::put(const OpenLog& write) {
  const LogKey& key = write.log;
  LogId id = 0;
  {
    Query query = db_.query(kOpenLog);
    query.with(key.line.lineage, key.line.line.value, key.own, key.station_id, key.epoch,
               write.ordinal);
    DETENTE_TRY(given, query.row());
    id = given ? query.integer(0) : 0;
    DETENTE_TRY_VOID(query.done());
  }
  if (id == 0 || id > kLogIdMax) {
    return fail(Fault::kLimit, "the database " + db_.path() + " holds " +
                                   std::to_string(kLogIdMax) + " logs, the most that it can");
  }
  logs_[key] = Log{id, 0, 0, false};
  return {};
}

Result<void> SqliteWriter::put_entry(const char* sql, LogId log, const StoredEntry& entry) {
  Query query = db_.query(sql);
  return query
      .with(first_key(log) + entry.index, entry.leaf, entry.salt, entry.period,
            entry.stored_at.seconds, entry.bytes.header, entry.bytes.body, entry.bytes.signatures)
      .done();
}

Result<void> SqliteWriter::put(const AppendEntry& write) {
  DETENTE_TRY(log, find(write.log));
  DETENTE_TRY_VOID(put_entry(kAppend, log->id, write.entry));
  if (log->has_early) {
    DETENTE_TRY_VOID(db_.query(kDropEarly).with(first_key(log->id) + write.entry.index).done());
  }
  ++log->size;
  if (log->size % kTileWidth != 0) return {};
  return complete_tile(*log);
}

// The level-0 tile that has just become full is stored, and with it what it completes above.
Result<void> SqliteWriter::complete_tile(const Log& log) {
  const std::uint64_t first = log.size - kTileWidth;
  const auto hashes = reader_.tile(log.id, {0, first / kTileWidth});  // moved out of, g++ 12 thinks it uninitialized
  if (!hashes) return tl::unexpected<Error>(hashes.error());
  std::vector<Digest> leaves;
  if (*hashes) {
    for (std::size_t at = 0; at < (*hashes)->size(); at += sizeof(Digest)) {
      leaves.push_back(*to_array<sizeof(Digest)>(ByteView(**hashes).subspan(at, sizeof(Digest))));
    }
  }
  if (leaves.size() != kTileWidth) {
    Error error = damaged(db_.path(), "entries below " + std::to_string(log.size) + " are missing");
    db_.doubt(error);
    return tl::unexpected<Error>(error);
  }
  const TransactionTiles before(reader_, log.id);
  auto tiles = extend_tiles(before, first, leaves);
  if (before.error()) return tl::unexpected<Error>(*before.error());
  if (!tiles) return tl::unexpected<Error>(tiles.error());
  for (const Tile& tile : *tiles) {
    const auto key = tile_key(log.id, tile.id);
    if (!key) return fail(Fault::kLimit, "the log's tree is larger than the database can hold");
    DETENTE_TRY_VOID(db_.query(kPutTile).with(*key, tile.bytes).done());
  }
  return {};
}

Result<void> SqliteWriter::put(const PutEarlyEntry& write) {
  DETENTE_TRY(log, find(write.log));
  log->has_early = true;
  return put_entry(kPutEarly, log->id, write.entry);
}

Result<void> SqliteWriter::put(const PutCheckpoint& write) {
  DETENTE_TRY(log, find(write.log));
  const StoredCheckpoint& given = write.checkpoint;
  return db_.query(kPutCheckpoint)
      .with(first_key(log->id) + given.size, given.root, given.signature)
      .done();
}

Result<void> SqliteWriter::put(const PutCosignature& write) {
  DETENTE_TRY(log, find(write.log));
  const StoredCosignature& given = write.cosignature;
  log->cosigned = given.size;
  return db_.query(kPutCosignature)
      .with(first_key(log->id) + given.size, given.root, given.time.seconds, given.signature)
      .done();
}

Result<void> SqliteWriter::put(const PutOutbox& write) {
  return db_.query(kPutOutbox)
      .with(write.line.lineage, write.line.line.value, write.item.id, write.item.item)
      .done();
}

Result<void> SqliteWriter::put(const DeleteOutbox& write) {
  return db_.query(kDeleteOutbox).with(write.line.lineage, write.line.line.value, write.id).done();
}

Result<void> SqliteWriter::put(const UseOfficerCounter& write) {
  return db_.query(kUseCounter)
      .with(write.lineage, write.own, write.officer.value, write.counter)
      .done();
}

Result<void> SqliteWriter::put(const PutLinkState& write) {
  const LinkState& given = write.state;
  const auto before = reader_.link_state(write.lineage, write.counterpart);
  if (!before) return tl::unexpected<Error>(before.error());
  replaced_secret_ |= before->has_value() && (*before)->psk != given.psk;
  const Digest digest = link_state_digest(write.lineage, write.counterpart, given);
  return db_.query(kPutLinkState)
      .with(write.lineage, write.counterpart, given.initiator_reserved, given.responder_last,
            given.psk_epoch, given.psk, given.psk_since.seconds, digest)
      .done();
}

Result<void> SqliteWriter::put(const PutEvidence& write) {
  DETENTE_TRY(log, find(write.log));
  const Digest digest = evidence_digest(log->id, write.what, write.bytes, write.at);
  return db_.query(kPutEvidence).with(log->id, write.what, write.bytes, write.at.seconds, digest).done();
}

Result<void> SqliteWriter::put(const PutValue& write) {
  const auto digest = write.checks_itself ? std::nullopt : std::optional(value_digest(write.key, write.value));
  return db_.query(kPutValue).with(write.key, write.value, digest).done();
}

}  // namespace detente::io
