#include "io/sqlite_check.h"

#include "io/sqlite.h"
#include "io/sqlite_keys.h"
#include "io/sqlite_reader.h"
#include "io/sqlite_rows.h"
#include "io/sqlite_schema.h"
#include "io/sqlite_wal_check.h"

namespace detente::io {

using namespace record;

namespace {

constexpr std::uint64_t kStep = 512;  // entries held at once
constexpr std::int64_t kSameTables = 2;  // versions from here on are read alike

constexpr const char* kEveryLog =
    "SELECT id, lineage, line, own, station, epoch, ordinal FROM logs ORDER BY id";
constexpr const char* kRoots =
    "SELECT key, root FROM checkpoints WHERE key BETWEEN ?1 AND ?2 "
    "UNION ALL SELECT key, root FROM cosignatures WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
constexpr const char* kNewestCheckpoint =
    "SELECT key & ? FROM checkpoints WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1";
constexpr const char* kDocumentOwners = "SELECT DISTINCT lineage, counterpart FROM blobs";
constexpr const char* kSettings = "SELECT key, value FROM settings";
constexpr const char* kEntryCount = "SELECT count(*) FROM entries";

// The tree of one log as its leaves come, beside what the database says of it.
class Tree {
 public:
  Tree(SqliteReader& reader, LogId log) : reader_(reader), log_(log) {}

  Result<bool> append(const Digest& leaf) {
    frontier_.append(leaf);
    return push(0, leaf);
  }
  const Frontier& frontier() const { return frontier_; }
  // After the last: the tiles above the leaves are stored while they grow, too.
  Result<bool> finish() {
    for (std::size_t level = 1; level < levels_.size(); ++level) {
      const Level& at = levels_[level];
      if (at.open.empty()) continue;
      DETENTE_TRY(stored, reader_.tile(log_, {static_cast<std::uint8_t>(level), at.complete}));
      if (stored != at.open) return false;
    }
    return true;
  }

 private:
  // False when a stored tile is not the one that follows from the leaves.
  Result<bool> push(std::uint8_t level, const Digest& hash) {
    if (levels_.size() <= level) levels_.emplace_back();
    Bytes& open = levels_[level].open;
    detente::append(open, hash);
    if (open.size() < kTileBytesMax) return true;
    DETENTE_TRY(stored, reader_.tile(log_, {level, levels_[level].complete}));
    if (stored != open) return false;
    Frontier above;
    for (std::size_t at = 0; at < open.size(); at += sizeof(Digest))
      above.append(*to_array<sizeof(Digest)>(ByteView(open).subspan(at, sizeof(Digest))));
    // A tile's own root is that of the same number of nodes one level up, whatever they are of.
    open.clear();
    ++levels_[level].complete;
    return push(static_cast<std::uint8_t>(level + 1), above.root());
  }

  struct Level {
    Bytes open;  // hashes of the tile that is not full yet
    std::uint64_t complete = 0;
  };
  SqliteReader& reader_;
  LogId log_;
  Frontier frontier_;
  std::vector<Level> levels_;
};

class Check {
 public:
  Check(Connection& db, std::int64_t version, const OnProgress& progress)
      : db_(db), version_(version), reader_(db), progress_(progress) {}

  Result<CheckedRecord> run() {
    DETENTE_TRY_VOID(check_pages());
    DETENTE_TRY_VOID(check_owners(db_, version_));
    DETENTE_TRY_VOID(check_orphans(db_));
    Query count = db_.query(kEntryCount);
    DETENTE_TRY(counted, count.row());
    of_ = counted ? count.integer(0) : 0;
    std::vector<std::pair<LogId, CheckedLog>> logs;
    {
      Query query = db_.query(kEveryLog);
      for (;;) {
        DETENTE_TRY(more, query.row());
        if (!more) break;
        CheckedLog log;
        log.log.line.lineage = query.array<32>(1);
        log.log.line.line.value = static_cast<std::uint16_t>(query.integer(2));
        log.log.own = query.integer(3) != 0;
        log.log.station_id = query.text(4);
        log.log.epoch = query.array<16>(5);
        log.ordinal = static_cast<std::uint32_t>(query.integer(6));
        DETENTE_TRY_VOID(query.check());
        logs.emplace_back(query.integer(0), std::move(log));
      }
    }
    CheckedRecord out;
    for (auto& [id, log] : logs) {
      DETENTE_TRY_VOID(check_log(id, log));
      out.entries += log.size;
      out.logs.push_back(std::move(log));
    }
    if (version_ >= kRowDigestsSince) DETENTE_TRY_VOID(check_rows(db_));
    DETENTE_TRY_VOID(check_documents());
    DETENTE_TRY_VOID(check_outbox());
    Query settings = db_.query(kSettings);
    for (;;) {
      DETENTE_TRY(more, settings.row());
      if (!more) break;
      out.values[settings.text(0)] = to_bytes(settings.blob(1));
    }
    // An entry of no log is found by no number, so a reader would never miss it.
    if (out.entries != of_) return broken("entries that belong to no log");
    return out;
  }

 private:
  tl::unexpected<Error> broken(const std::string& how) const {
    return tl::unexpected<Error>(damaged(db_.path(), how));
  }

  Result<void> check_pages() {
    DETENTE_TRY(said, db_.text("PRAGMA integrity_check(1)"));
    if (said != "ok") return broken(said);
    return {};
  }

  // What waits without an index has a digest in place of a leaf, and the claim of its line in place of a log.
  Result<void> check_outbox() {
    DETENTE_TRY(astray, astray_items(db_, {}));
    if (astray.empty()) return {};
    const AstrayItem& first = astray.front();
    return broken("what waits on line " + std::to_string(first.line.line.value) + " as number " +
                  std::to_string(first.item.id) + " of its queue " +
                  (first.of_no_line ? "belongs to no line that this station had" : "is not what was written"));
  }

  // Every piece against its leaf, and what is whole against its root.
  Result<void> check_documents() {
    std::vector<std::pair<BlobKey, StoredBlob>> documents;
    {
      Query owners = db_.query(kDocumentOwners);
      for (;;) {
        DETENTE_TRY(more, owners.row());
        if (!more) break;
        DETENTE_TRY(some, reader_.blobs_from(lowest_blob_key(owners.array<32>(0), owners.text(1)), SIZE_MAX));
        documents.insert(documents.end(), some.begin(), some.end());
      }
    }
    for (const auto& [key, blob] : documents) {
      const std::string name = "document " + to_hex(ByteView(key.root).first(4)) + "…";
      Frontier tree;
      DETENTE_TRY(leaves, reader_.piece_leaves(key));
      for (const auto& [piece, leaf] : leaves) {
        DETENTE_TRY(bytes, reader_.piece(key, piece));
        if (!bytes || bytes->size() != piece_bytes(blob.length, piece))
          return broken(name + " has a piece that is not its own");
        tree.append(leaf);
        if (progress_ && piece % 64 == 0 && !progress_(done_, of_))
          return fail(Fault::kState, "the check of the record was broken off");
      }
      const bool whole = blob.state == BlobState::kHere || blob.state == BlobState::kNamed ||
                         blob.state == BlobState::kReady || blob.state == BlobState::kConfirmed;
      if (whole && (leaves.size() != piece_count(blob.length) || tree.root() != key.root))
        return broken(name + " is not what its root says");
    }
    return {};
  }

  Result<void> check_log(LogId id, CheckedLog& log) {
    DETENTE_TRY(extent, reader_.extent(id));
    Tree tree(reader_, id);
    Query roots = db_.query(kRoots);
    roots.with(first_key(id), last_key(id));
    DETENTE_TRY(next_root, roots.row());
    const std::string name =
        log.log.station_id + ", line " + std::to_string(log.log.line.line.value);
    for (std::uint64_t at = 0;;) {
      while (next_root && (roots.integer(0) & kIndexMax) == at) {
        const Digest root = roots.array<32>(1);
        if (root != tree.frontier().root())
          return broken("the log of " + name + " does not give the root that was signed for " +
                        std::to_string(at) + " entries");
        DETENTE_TRY(more, roots.row());
        next_root = more;
      }
      if (at == extent.size) break;
      if (entries_.empty()) {
        DETENTE_TRY(some, reader_.entries(id, at, std::min(extent.size, at + kStep), kStep));
        entries_ = std::move(some);
        taken_ = 0;
        if (progress_ && !progress_(done_, of_))
          return fail(Fault::kState, "the check of the record was broken off");
      }
      if (entries_.empty() || entries_[taken_].index != at)
        return broken("entry " + std::to_string(at) + " of " + name + " is missing");
      DETENTE_TRY(good, tree.append(entries_[taken_].leaf));
      if (!good) return broken("the tree of " + name + " does not fit its entries");
      ++at;
      ++done_;
      if (++taken_ == entries_.size()) entries_.clear();
    }
    DETENTE_TRY(fits, tree.finish());
    if (!fits) return broken("the tree of " + name + " does not fit its entries");
    if (next_root) return broken("the log of " + name + " is shorter than what was signed of it");
    return read_newest(id, extent.size, log);
  }

  Result<void> read_newest(LogId id, std::uint64_t size, CheckedLog& log) {
    log.size = size;
    DETENTE_TRY(early, reader_.early_entries(id));
    log.early = early.size();
    Query newest = db_.query(kNewestCheckpoint);
    newest.with(kIndexMax, first_key(id), last_key(id));
    DETENTE_TRY(found, newest.row());
    if (found) {
      DETENTE_TRY(checkpoint, reader_.checkpoint(id, newest.integer(0)));
      log.checkpoint = std::move(checkpoint);
    }
    DETENTE_TRY(cosignature, reader_.newest_cosignature(id));
    log.cosignature = std::move(cosignature);
    return {};
  }

  Connection& db_;
  std::int64_t version_;
  SqliteReader reader_;
  const OnProgress& progress_;
  std::uint64_t done_ = 0;
  std::uint64_t of_ = 0;
  std::vector<StoredEntry> entries_;  // of the log under way, from entries_[taken_] on
  std::size_t taken_ = 0;
};

}  // namespace

Result<CheckedRecord> check_record(const std::string& path, const OnProgress& progress) {
  DETENTE_TRY_VOID(check_wal(path));
  DETENTE_TRY(db, Connection::open(path, Connection::Mode::kRead));
  DETENTE_TRY(version, recognise_database(db));
  if (version < kSameTables)
    return fail(Fault::kUnsupported, "the database " + path + " is of version " +
                                         std::to_string(version) + ", this program checks " +
                                         std::to_string(kSchemaVersion) +
                                         ": start the station with it once, that brings it up");
  return Check(db, version, progress).run();
}

}  // namespace detente::io
