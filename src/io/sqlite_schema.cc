#include "io/sqlite_schema.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "io/sqlite.h"
#include "io/sqlite_wal.h"
#include "io/sqlite_wal_check.h"

namespace detente::io {
namespace {

// What a check after a crash may cost: larger files are checked where they are read.
constexpr std::int64_t kCheckedBytesMax = 64 << 20;

constexpr const char* kVersion1 = R"sql(
CREATE TABLE claims(
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), line INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  PRIMARY KEY(lineage, line)) STRICT, WITHOUT ROWID;
CREATE TABLE logs(
  id INTEGER PRIMARY KEY,
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), line INTEGER NOT NULL,
  own INTEGER NOT NULL, station TEXT NOT NULL,
  epoch BLOB NOT NULL CHECK(length(epoch) = 16), ordinal INTEGER NOT NULL,
  UNIQUE(lineage, line, own, station, epoch)) STRICT;
CREATE TABLE entries(
  key INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL CHECK(length(leaf) = 32), salt BLOB NOT NULL CHECK(length(salt) = 16),
  period INTEGER NOT NULL, stored_at INTEGER NOT NULL,
  header BLOB NOT NULL, body BLOB NOT NULL, signatures BLOB NOT NULL,
  log INTEGER AS (key >> 40) VIRTUAL REFERENCES logs(id)) STRICT;
CREATE TABLE early_entries(
  key INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL CHECK(length(leaf) = 32), salt BLOB NOT NULL CHECK(length(salt) = 16),
  period INTEGER NOT NULL, stored_at INTEGER NOT NULL,
  header BLOB NOT NULL, body BLOB NOT NULL, signatures BLOB NOT NULL,
  log INTEGER AS (key >> 40) VIRTUAL REFERENCES logs(id)) STRICT;
CREATE TABLE tiles(
  key INTEGER PRIMARY KEY,
  hashes BLOB NOT NULL CHECK(length(hashes) % 32 = 0),
  log INTEGER AS (key >> 40) VIRTUAL REFERENCES logs(id)) STRICT;
CREATE TABLE checkpoints(
  key INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32), signature BLOB CHECK(length(signature) = 64),
  log INTEGER AS (key >> 40) VIRTUAL REFERENCES logs(id)) STRICT;
CREATE TABLE cosignatures(
  key INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32), time INTEGER NOT NULL,
  signature BLOB CHECK(length(signature) = 64),
  log INTEGER AS (key >> 40) VIRTUAL REFERENCES logs(id)) STRICT;
CREATE TABLE outbox(
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), line INTEGER NOT NULL,
  id INTEGER NOT NULL, item BLOB NOT NULL,
  PRIMARY KEY(lineage, line, id)) STRICT, WITHOUT ROWID;
CREATE TABLE officer_counters(
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), own INTEGER NOT NULL,
  officer INTEGER NOT NULL, counter INTEGER NOT NULL,
  PRIMARY KEY(lineage, own, officer, counter)) STRICT, WITHOUT ROWID;
CREATE TABLE link_states(
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), counterpart TEXT NOT NULL,
  initiator_reserved INTEGER NOT NULL, responder_last INTEGER NOT NULL,
  psk_epoch INTEGER NOT NULL, psk BLOB NOT NULL, psk_since INTEGER NOT NULL,
  PRIMARY KEY(lineage, counterpart)) STRICT, WITHOUT ROWID;
CREATE TABLE evidence(
  id INTEGER PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs(id),
  what TEXT NOT NULL, bytes BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX evidence_of_log ON evidence(log);
CREATE TABLE settings(key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// Documents. The leaf hash stands before the bytes: it is read without the pages that they run over.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE blobs(
  id INTEGER PRIMARY KEY,
  lineage BLOB NOT NULL CHECK(length(lineage) = 32), counterpart TEXT NOT NULL,
  own INTEGER NOT NULL, root BLOB NOT NULL CHECK(length(root) = 32),
  length INTEGER NOT NULL, line INTEGER NOT NULL, precedence INTEGER NOT NULL,
  state INTEGER NOT NULL, since INTEGER NOT NULL,
  UNIQUE(lineage, counterpart, own, root)) STRICT;
CREATE TABLE pieces(
  key INTEGER PRIMARY KEY,
  leaf BLOB NOT NULL CHECK(length(leaf) = 32), bytes BLOB NOT NULL,
  blob INTEGER AS (key >> 31) VIRTUAL REFERENCES blobs(id)) STRICT;
)sql";

// The outbox's items may carry digests (core/outbox.h): a program that does not know them would drop them unsent.
constexpr const char* kVersion3 = "";

// Rows that nothing else checks carry digests (sqlite_rows.h): a program that does not know them would write rows without.
constexpr const char* kVersion4 = R"sql(
ALTER TABLE link_states ADD COLUMN digest BLOB CHECK(digest IS NULL OR length(digest) = 32);
ALTER TABLE settings ADD COLUMN digest BLOB CHECK(digest IS NULL OR length(digest) = 32);
ALTER TABLE evidence ADD COLUMN digest BLOB CHECK(digest IS NULL OR length(digest) = 32);
)sql";

// What a piece of evidence is about is found without the others, and so is the log of an epoch.
constexpr const char* kVersion5 = R"sql(
CREATE INDEX evidence_about ON evidence(log, what, substr(bytes, 1, 8));
CREATE INDEX logs_of_epoch ON logs(lineage, line, own, epoch);
)sql";

// kMigrations[n] brings version n to n + 1.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5};

// Through its name, never its descriptor: closing one would drop SQLite's locks on the file.
Result<void> make_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(Fault::kIo, "cannot open the database " + path + " (" + std::strerror(errno) +
                                "): give this user the right to write the file and its directory");
  }
  ::close(file);
  return {};
}

Result<void> restrict_mode(const std::string& path) {
  if (::chmod(path.c_str(), 0600) == 0) return {};
  return fail(Fault::kIo, "cannot close the database " + path + " to other users (" +
                              std::strerror(errno) + "): make this user its owner");
}

Result<void> migrate(Connection& db, std::int64_t version) {
  if (version == 0) DETENTE_TRY_VOID(db.run("PRAGMA page_size=4096"));
  DETENTE_TRY(mode, db.text("PRAGMA journal_mode=WAL"));
  if (mode != "wal") {
    return fail(Fault::kIo, "the database " + db.path() +
                                " cannot use a write-ahead log here: put it on a local disk");
  }
  for (; version < kSchemaVersion; ++version) {
    DETENTE_TRY(transaction, Transaction::begin(db));
    DETENTE_TRY_VOID(db.run(kMigrations[static_cast<std::size_t>(version)]));
    DETENTE_TRY_VOID(db.run("PRAGMA application_id=" + std::to_string(kApplicationId) +
                            "; PRAGMA user_version=" + std::to_string(version + 1)));
    DETENTE_TRY_VOID(transaction.commit());
  }
  return {};
}

// After a crash. Committed frames carry checksums and were found whole (sqlite_wal_check.h); what
// this finds is a disk that lied.
Result<void> check_after_crash(Connection& db, const std::string& path) {
  DETENTE_TRY(pages, db.integer("PRAGMA page_count"));
  DETENTE_TRY(page_size, db.integer("PRAGMA page_size"));
  if (pages * page_size > kCheckedBytesMax) return {};
  DETENTE_TRY(said, db.text("PRAGMA quick_check(1)"));
  if (said != "ok") return tl::unexpected<Error>(damaged(path, said));
  return {};
}

// Old frames may hold old keys: everything goes into the database, and zeros over the log.
Result<void> start_log_over(Connection& db, const std::string& path) {
  // Busy is an answer and no error. What a reader of an older state holds up is then in the log alone: zeros would be its end.
  DETENTE_TRY(busy, db.integer("PRAGMA wal_checkpoint(RESTART)"));
  if (busy != 0)
    return fail(Fault::kIo, "the database " + path +
                                " is being read by another program, so what a crash left in its log cannot be moved into "
                                "it: nothing is lost; end that program and start again");
  DETENTE_TRY_VOID(wipe_wal(path));
  int keep = 1;
  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  return {};
}

}  // namespace

Result<std::int64_t> recognise_database(Connection& db) {
  DETENTE_TRY(application, db.integer("PRAGMA application_id"));
  DETENTE_TRY(version, db.integer("PRAGMA user_version"));
  DETENTE_TRY(tables, db.integer("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && version == 0 && tables == 0) return 0;  // a new file
  if (application != kApplicationId) {
    return tl::unexpected<Error>(Error{Fault::kMalformed, damaged(db.path(), "its head says that it is of another program").message});
  }
  if (version > kSchemaVersion) {
    return fail(Fault::kUnsupported,
                "the database " + db.path() + " was written by a newer détente (version " +
                    std::to_string(version) + ", this program knows " +
                    std::to_string(kSchemaVersion) + "): nothing was changed; run the newer one");
  }
  if (version < 1) return tl::unexpected<Error>(damaged(db.path(), "it names no version"));
  return version;
}

Result<void> prepare_database(const std::string& path) {
  const bool crashed = wal_left_behind(path);
  if (crashed) DETENTE_TRY_VOID(check_wal(path));
  DETENTE_TRY_VOID(make_file(path));
  {
    DETENTE_TRY(db, Connection::open(path, Connection::Mode::kWrite));
    // Until it is known to be ours, closing must not move the log into the file.
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    DETENTE_TRY(version, recognise_database(db));
    sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    DETENTE_TRY_VOID(restrict_mode(path));
    if (crashed) DETENTE_TRY_VOID(check_after_crash(db, path));
    DETENTE_TRY_VOID(migrate(db, version));
    if (crashed) DETENTE_TRY_VOID(start_log_over(db, path));
  }
  presize_wal(path);
  return {};
}

}  // namespace detente::io
