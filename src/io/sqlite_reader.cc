#include "io/sqlite_reader.h"

#include <algorithm>

#include "io/sqlite_rows.h"
#include "io/sqlite_schema.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kFind =
    "SELECT id FROM logs WHERE lineage = ? AND line = ? AND own = ? AND station = ? AND epoch = ?";
constexpr const char* kExtent =
    "SELECT key, period FROM entries WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1";
constexpr const char* kLines = "SELECT DISTINCT lineage, line FROM logs ORDER BY lineage, line";
constexpr const char* kLogs =
    "SELECT id, own, station, epoch, ordinal FROM logs WHERE lineage = ? AND line = ? ORDER BY id";
constexpr const char* kLogOf =
    "SELECT id, own, station, epoch, ordinal FROM logs WHERE id = "
    "(SELECT max(id) FROM logs INDEXED BY logs_of_epoch WHERE lineage = ? AND line = ? AND own = ? AND epoch = ?)";
constexpr const char* kNewestLog =
    "SELECT id, own, station, epoch, ordinal FROM logs WHERE id = "
    "(SELECT max(id) FROM logs WHERE lineage = ? AND line = ? AND own = ?)";
constexpr const char* kEntries =
    "SELECT key, leaf, salt, period, stored_at, header, body, signatures FROM entries "
    "WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?";
constexpr const char* kEarly =
    "SELECT key, leaf, salt, period, stored_at, header, body, signatures FROM early_entries "
    "WHERE key BETWEEN ? AND ? ORDER BY key";
constexpr const char* kCheckpoint =
    "SELECT key, root, signature FROM checkpoints WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 1";
constexpr const char* kCosignature =
    "SELECT key, root, time, signature FROM cosignatures WHERE key BETWEEN ? AND ? "
    "ORDER BY key LIMIT 1";
constexpr const char* kNewestCosignature =
    "SELECT key, root, time, signature FROM cosignatures WHERE key BETWEEN ? AND ? "
    "ORDER BY key DESC LIMIT 1";
constexpr const char* kOutbox =
    "SELECT id, item FROM outbox WHERE lineage = ? AND line = ? ORDER BY id";
constexpr const char* kCounter =
    "SELECT 1 FROM officer_counters WHERE lineage = ? AND own = ? AND officer = ? AND counter = ?";
constexpr const char* kLinkState =
    "SELECT initiator_reserved, responder_last, psk_epoch, psk, psk_since, digest FROM link_states "
    "WHERE lineage = ? AND counterpart = ?";
constexpr const char* kValue = "SELECT value, digest FROM settings WHERE key = ?";
constexpr const char* kEvidence = "SELECT what, bytes, at, digest FROM evidence WHERE log = ? ORDER BY id";
constexpr const char* kEvidenceOf = "SELECT what, bytes, at, digest FROM evidence WHERE log = ? AND what = ? ORDER BY id";
constexpr const char* kEvidenceAbout =
    "SELECT what, bytes, at, digest FROM evidence WHERE log = ? AND what = ? AND substr(bytes, 1, 8) = ? ORDER BY id";
constexpr const char* kTile = "SELECT hashes FROM tiles WHERE key = ?";
constexpr const char* kLeaves = "SELECT leaf FROM entries WHERE key BETWEEN ? AND ? ORDER BY key";

std::uint32_t narrow(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

StoredEntry read_entry(Query& row) {
  StoredEntry entry;
  entry.index = row.integer(0) & kIndexMax;
  entry.leaf = row.array<32>(1);
  entry.salt = row.array<16>(2);
  entry.period = narrow(row.integer(3));
  entry.stored_at = {narrow(row.integer(4))};
  entry.bytes = {to_bytes(row.blob(5)), to_bytes(row.blob(6)), to_bytes(row.blob(7))};
  return entry;
}

std::optional<crypto::Signature> read_signature(Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.array<crypto::kSignatureSize>(column);
}

Result<std::vector<StoredEntry>> read_entries(Query& query) {
  std::vector<StoredEntry> out;
  for (;;) {
    DETENTE_TRY(more, query.row());
    if (!more) return out;
    out.push_back(read_entry(query));
    DETENTE_TRY_VOID(query.check());
    const StoredEntry& entry = out.back();
    if (leaf_of(entry.bytes, entry.salt) != entry.leaf)
      return tl::unexpected<Error>(query.damage("entry " + std::to_string(entry.index) +
                                                " is not what was written"));
  }
}

}  // namespace

std::uint64_t first_key(LogId log) { return log << kIndexBits; }
std::uint64_t last_key(LogId log) { return first_key(log) | kIndexMax; }

std::optional<std::uint64_t> tile_key(LogId log, TileId id) {
  const bool fits = id.level < (1 << (kIndexBits - kTileIndexBits)) &&
                    id.index < (std::uint64_t{1} << kTileIndexBits);
  if (!fits) return std::nullopt;
  return first_key(log) | (std::uint64_t{id.level} << kTileIndexBits) | id.index;
}

Result<std::optional<LogId>> SqliteReader::find(const LogKey& log) {
  if (const auto known = known_.find(log); known != known_.end()) return known->second;
  Query query = db_.query(kFind);
  query.with(log.line.lineage, log.line.line.value, log.own, log.station_id, log.epoch);
  DETENTE_TRY(found, query.row());
  if (!found) return std::nullopt;
  const LogId id = query.integer(0);
  known_.emplace(log, id);
  return id;
}

Result<SqliteReader::Extent> SqliteReader::extent(LogId log) {
  Query query = db_.query(kExtent);
  query.with(first_key(log), last_key(log));
  DETENTE_TRY(found, query.row());
  if (!found) return Extent{};
  return Extent{(query.integer(0) & kIndexMax) + 1, narrow(query.integer(1))};
}

Result<std::vector<record::LineKey>> SqliteReader::lines() {
  std::vector<record::LineKey> out;
  Query query = db_.query(kLines);
  for (;;) {
    DETENTE_TRY(more, query.row());
    if (!more) return out;
    out.push_back({query.array<32>(0), LineId{static_cast<std::uint16_t>(query.integer(1))}});
  }
}

Result<std::optional<Reader::LogInfo>> SqliteReader::next_log(Query& query, const LineKey& line) {
  DETENTE_TRY(found, query.row());
  if (!found) return std::nullopt;
  DETENTE_TRY(extent, extent(query.integer(0)));
  LogKey log{line, query.integer(1) != 0, query.text(2), query.array<16>(3)};
  return Reader::LogInfo{std::move(log), narrow(query.integer(4)), extent.size, extent.period};
}

Result<std::vector<Reader::LogInfo>> SqliteReader::logs(const LineKey& line) {
  std::vector<Reader::LogInfo> out;
  Query query = db_.query(kLogs);
  query.with(line.lineage, line.line.value);
  for (;;) {
    DETENTE_TRY(next, next_log(query, line));
    if (!next) return out;
    out.push_back(std::move(*next));
  }
}

Result<std::optional<Reader::LogInfo>> SqliteReader::log_of(const LineKey& line, bool own, const EpochId& epoch) {
  Query query = db_.query(kLogOf);
  query.with(line.lineage, line.line.value, own, epoch);
  return next_log(query, line);
}

Result<std::optional<Reader::LogInfo>> SqliteReader::newest_log(const LineKey& line, bool own) {
  Query query = db_.query(kNewestLog);
  query.with(line.lineage, line.line.value, own);
  return next_log(query, line);
}

Result<std::vector<StoredEntry>> SqliteReader::entries(LogId log, std::uint64_t from,
                                                       std::uint64_t to, std::size_t limit) {
  to = std::min(to, kIndexMax + 1);
  if (from >= to || limit == 0) return std::vector<StoredEntry>{};
  Query query = db_.query(kEntries);
  query.with(first_key(log) + from, first_key(log) + to - 1,
             std::min<std::uint64_t>(limit, kIndexMax));
  DETENTE_TRY(out, read_entries(query));
  // A log has no holes: an entry whose number rotted is missed here, and never shown as another.
  for (const StoredEntry& entry : out)
    if (entry.index != from++) return tl::unexpected<Error>(query.damage("entry " + std::to_string(from - 1) + " is missing"));
  return out;
}

Result<std::vector<StoredEntry>> SqliteReader::early_entries(LogId log) {
  Query query = db_.query(kEarly);
  query.with(first_key(log), last_key(log));
  return read_entries(query);
}

Result<std::optional<StoredCheckpoint>> SqliteReader::checkpoint(LogId log, std::uint64_t size) {
  if (size > kIndexMax) return std::nullopt;
  Query query = db_.query(kCheckpoint);
  query.with(first_key(log) + size, last_key(log));
  DETENTE_TRY(found, query.row());
  if (!found) return std::nullopt;
  StoredCheckpoint out{query.integer(0) & kIndexMax, query.array<32>(1), read_signature(query, 2)};
  DETENTE_TRY_VOID(query.check());
  return out;
}

Result<std::optional<StoredCosignature>> SqliteReader::one_cosignature(const char* sql,
                                                                       std::uint64_t from,
                                                                       std::uint64_t to) {
  Query query = db_.query(sql);
  query.with(from, to);
  DETENTE_TRY(found, query.row());
  if (!found) return std::nullopt;
  StoredCosignature out{query.integer(0) & kIndexMax,
                        query.array<32>(1),
                        {narrow(query.integer(2))},
                        read_signature(query, 3)};
  DETENTE_TRY_VOID(query.check());
  return out;
}

Result<std::optional<StoredCosignature>> SqliteReader::cosignature(LogId log, std::uint64_t size) {
  if (size > kIndexMax) return std::nullopt;
  return one_cosignature(kCosignature, first_key(log) + size, last_key(log));
}

Result<std::optional<StoredCosignature>> SqliteReader::newest_cosignature(LogId log) {
  return one_cosignature(kNewestCosignature, first_key(log), last_key(log));
}

Result<std::vector<OutboxItem>> SqliteReader::outbox(const LineKey& line) {
  std::vector<OutboxItem> out;
  Query query = db_.query(kOutbox);
  query.with(line.lineage, line.line.value);
  for (;;) {
    DETENTE_TRY(more, query.row());
    if (!more) return out;
    out.push_back({query.integer(0), to_bytes(query.blob(1))});
  }
}

Result<bool> SqliteReader::counter_used(const UseOfficerCounter& use) {
  Query query = db_.query(kCounter);
  return query.with(use.lineage, use.own, use.officer.value, use.counter).row();
}

Result<std::optional<LinkState>> SqliteReader::link_state(const Digest& lineage,
                                                          const std::string& counterpart) {
  Query query = db_.query(kLinkState);
  DETENTE_TRY(found, query.with(lineage, counterpart).row());
  if (!found) return std::nullopt;
  LinkState out = read_link_state(query, 0);
  DETENTE_TRY_VOID(check_digest(query, 5, link_state_digest(lineage, counterpart, out), "the secret of the pair with " + counterpart));
  return out;
}

Result<std::optional<Bytes>> SqliteReader::value(const std::string& key) {
  Query query = db_.query(kValue);
  DETENTE_TRY(found, query.with(key).row());
  if (!found) return std::nullopt;
  DETENTE_TRY_VOID(check_digest(query, 1, value_digest(key, query.blob(0)), "a value that the station keeps"));
  return to_bytes(query.blob(0));
}

Result<std::vector<PutEvidence>> SqliteReader::evidence(LogId log, const LogKey& key, std::size_t limit) {
  Query query = db_.query(kEvidence);
  query.with(log);
  return read_evidence(query, log, key, limit);
}

Result<std::vector<PutEvidence>> SqliteReader::evidence_of(LogId log, const LogKey& key, const std::string& what,
                                                           const std::optional<EvidenceAbout>& about) {
  Query query = db_.query(about ? kEvidenceAbout : kEvidenceOf);
  query.with(log, what);
  if (about) query.with(*about);
  return read_evidence(query, log, key, SIZE_MAX);
}

Result<std::vector<PutEvidence>> SqliteReader::read_evidence(Query& query, LogId log, const LogKey& key, std::size_t limit) {
  std::vector<PutEvidence> out;
  while (out.size() < limit) {
    DETENTE_TRY(more, query.row());
    if (!more) break;
    PutEvidence one{key, query.text(0), to_bytes(query.blob(1)), {narrow(query.integer(2))}};
    DETENTE_TRY_VOID(check_digest(query, 3, evidence_digest(log, one.what, one.bytes, one.at), "evidence"));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::optional<Bytes>> SqliteReader::tile(LogId log, TileId id) {
  const auto key = tile_key(log, id);
  if (!key) return std::nullopt;
  {
    Query stored = db_.query(kTile);
    DETENTE_TRY(found, stored.with(*key).row());
    if (found) return to_bytes(stored.blob(0));
  }
  if (id.level > 0 || id.index > kIndexMax / kTileWidth) return std::nullopt;
  const std::uint64_t first = first_key(log) + id.index * kTileWidth;
  Query leaves = db_.query(kLeaves);
  leaves.with(first, first + kTileWidth - 1);
  Bytes hashes;
  for (;;) {
    DETENTE_TRY(more, leaves.row());
    if (!more) break;
    append(hashes, leaves.array<32>(0));
  }
  if (hashes.empty()) return std::nullopt;
  return hashes;
}

}  // namespace detente::io
