#include "io/sqlite.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cstring>

namespace detente::io {
namespace {

constexpr int kBusyMs = 5000;  // only our own second connection can hold a lock, and not for long

std::string system_words(sqlite3* handle) {
  const int number = sqlite3_system_errno(handle);
  return number == 0 ? "" : std::string(" (") + std::strerror(number) + ")";
}

Error describe(sqlite3* handle, const std::string& path) {
  const std::string what = "the database " + path;
  switch (sqlite3_errcode(handle) & 0xff) {
    case SQLITE_FULL:
      return {Fault::kIo, "the disk that holds " + path +
                              " is full: nothing of this write was kept; make room on it"};
    // All that this program asks, SQLite understands: what it does not is the file (its format, a table that is gone).
    case SQLITE_ERROR:
    case SQLITE_CORRUPT: return damaged(path, sqlite3_errmsg(handle));
    case SQLITE_NOTADB: return {Fault::kMalformed, damaged(path, "its head is not that of a database").message};
    case SQLITE_READONLY:
      // A head that asks for a later SQLite than any is opened for reading, whoever may write the file.
      if (sqlite3_extended_errcode(handle) == SQLITE_READONLY && ::access(path.c_str(), W_OK) == 0)
        return {Fault::kMalformed, damaged(path, "its head does not let it be written").message};
      [[fallthrough]];
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return {Fault::kIo, what + " cannot be opened for writing" + system_words(handle) +
                              ": give this user the right to write the file and its directory"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Fault::kIo, what + " is in use by another program: close it and try again"};
    case SQLITE_IOERR:
      // What was not synced may be on the disk or not; only what is read from it after a start is known.
      if (sqlite3_extended_errcode(handle) == SQLITE_IOERR_FSYNC)
        return {Fault::kIo, what + " could not be synced to the disk" + system_words(handle) +
                                ": whether this write was kept is not known until the next start, and nothing more is "
                                "written until then; check the disk, then start anew and look what is there"};
      return {Fault::kIo, what + " could not be read or written" + system_words(handle) +
                              ": nothing of this write was kept; check the disk"};
    default:
      return {Fault::kIo, what + ": " + sqlite3_errmsg(handle) + " (SQLite " +
                              std::to_string(sqlite3_extended_errcode(handle)) + ")"};
  }
}

bool leaves_doubt(int code) {
  const int primary = code & 0xff;
  // After a failed sync the kernel may have dropped the pages and call the next sync good.
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLITE_IOERR_FSYNC ||
         code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ;
}

}  // namespace

Error damaged(const std::string& path, const std::string& how) {
  return {Fault::kIo, "the database " + path + " is damaged (" + how +
                          "): stop the station, keep a copy of its whole directory, and recover the "
                          "record from a backup (detente restore) or the other side"};
}

Result<Connection> Connection::open(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return fail(Fault::kIo, path + ": no memory for a database connection");
  Connection connection(handle, path);
  if (code != SQLITE_OK) return tl::unexpected<Error>(connection.failure());
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMs);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  DETENTE_TRY_VOID(
      connection.run("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
                     "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"));
  if (mode == Mode::kRead) DETENTE_TRY_VOID(connection.run("PRAGMA query_only=ON"));
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : handle_(other.handle_),
      path_(std::move(other.path_)),
      statements_(std::move(other.statements_)),
      doubt_(std::move(other.doubt_)) {
  other.handle_ = nullptr;
  other.statements_.clear();
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Query Connection::query(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  }
  return {*this, statement};
}

Result<void> Connection::run(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return tl::unexpected<Error>(failure());
  }
  return {};
}

Result<std::string> Connection::text(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  Query query(*this, statement, Query::Statement::kOnce);
  DETENTE_TRY(found, query.row());
  return found ? query.text(0) : std::string();
}

Result<std::int64_t> Connection::integer(const std::string& sql) {
  DETENTE_TRY(value, text(sql));
  return std::strtoll(value.c_str(), nullptr, 10);
}

Error Connection::failure() {
  Error error = describe(handle_, path_);
  if (leaves_doubt(sqlite3_extended_errcode(handle_))) doubt(error);
  return error;
}

void Connection::doubt(Error why) {
  if (!doubt_) doubt_ = std::move(why);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Query::~Query() {
  if (statement_ == nullptr) return;
  if (kind_ == Statement::kOnce) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);  // they point to what the caller is about to free
}

Result<bool> Query::row() {
  if (statement_ == nullptr) return tl::unexpected<Error>(not_prepared());
  if (failed_) return tl::unexpected<Error>(connection_.failure());
  DETENTE_TRY_VOID(check());
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected<Error>(connection_.failure());
}

Result<void> Query::done() {
  DETENTE_TRY(more, row());
  static_cast<void>(more);
  return {};
}

Result<void> Query::check() {
  if (!damaged_) return {};
  return tl::unexpected<Error>(damage("a value of a wrong length"));
}

// Our statements fit our schema: where they do not, the schema is no longer what it was.
Error Query::not_prepared() {
  sqlite3* handle = connection_.handle();
  return sqlite3_errcode(handle) == SQLITE_ERROR ? damage(sqlite3_errmsg(handle))
                                                 : connection_.failure();
}

Error Query::damage(const std::string& how) {
  Error error = damaged(connection_.path(), how);
  connection_.doubt(error);
  return error;
}

std::uint64_t Query::integer(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

ByteView Query::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? ByteView{} : ByteView{data, static_cast<std::size_t>(size)};
}

void Query::bind(std::uint64_t value) {
  failed_ |=
      sqlite3_bind_int64(statement_, next_++, static_cast<sqlite3_int64>(value)) != SQLITE_OK;
}

void Query::bind(ByteView value) {
  // An empty view may have no address, and SQLite would take that for NULL.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  failed_ |=
      sqlite3_bind_blob64(statement_, next_++, data, value.size(), SQLITE_STATIC) != SQLITE_OK;
}

void Query::bind(const std::string& value) {
  failed_ |= sqlite3_bind_text64(statement_, next_++, value.data(), value.size(), SQLITE_STATIC,
                                 SQLITE_UTF8) != SQLITE_OK;
}

void Query::bind_null() { failed_ |= sqlite3_bind_null(statement_, next_++) != SQLITE_OK; }

Result<Transaction> Transaction::begin(Connection& connection) {
  DETENTE_TRY_VOID(connection.query("BEGIN IMMEDIATE").done());
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  // SQLite keeps nothing of it even when this fails: an open transaction dies with the connection.
  static_cast<void>(connection_->query("ROLLBACK").done());
}

Result<void> Transaction::commit() {
  DETENTE_TRY_VOID(connection_->query("COMMIT").done());
  connection_ = nullptr;
  return {};
}

}  // namespace detente::io
