// A small hold on SQLite: connections, statements and transactions that clean
// up after themselves and speak Result.
//
// A Connection belongs to one thread at a time (its owner has a mutex) and
// keeps every statement prepared. A Query borrows one of them; it is reset when
// the Query goes, so no read transaction outlives the call that made it (an
// open one would keep the write-ahead log from starting over).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace detente::io {

class Query;

// What a damaged file is told as, wherever it is noticed.
Error damaged(const std::string& path, const std::string& how);

class Connection {
 public:
  enum class Mode { kWrite, kRead };
  // `path` must exist. kRead refuses every change (query_only).
  static Result<Connection> open(const std::string& path, Mode mode);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  // `sql` is a literal: it is remembered by its address.
  Query query(const char* sql);
  // One or more statements without values.
  Result<void> run(const std::string& sql);
  // First column of the first row of a pragma.
  Result<std::int64_t> integer(const std::string& sql);
  Result<std::string> text(const std::string& sql);

  // What the call that just failed says, as a person can use it. kIo, or kMalformed for no
  // database.
  Error failure();
  // The first failure that leaves in doubt what is on the disk or what was read from it (damage,
  // a failed sync, a failed read): going on would build on sand.
  const std::optional<Error>& doubt() const { return doubt_; }
  void doubt(Error why);
  bool in_transaction() const;
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_ = nullptr;
  std::string path_;
  std::map<const char*, sqlite3_stmt*> statements_;
  std::optional<Error> doubt_;
};

// One run of a statement. Values are bound in the order of the question marks and must outlive
// the Query; columns count from 0. A view of a column holds until the next row.
class Query {
 public:
  enum class Statement { kKept, kOnce };
  Query(Connection& connection, sqlite3_stmt* statement, Statement kind = Statement::kKept)
      : connection_(connection), statement_(statement), kind_(kind) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  template <typename... Values>
  Query& with(const Values&... values) {
    (bind(values), ...);
    return *this;
  }
  Result<bool> row();   // the next row; false after the last
  Result<void> done();  // runs a statement that gives no rows

  std::uint64_t integer(int column) const;
  bool is_null(int column) const;
  ByteView blob(int column) const;
  std::string text(int column) const { return as_string(blob(column)); }
  // A blob of exactly N bytes. The schema checks lengths; another one is a damaged file, which
  // the next row() or a call of check() reports.
  template <std::size_t N>
  ByteArray<N> array(int column) {
    auto value = to_array<N>(blob(column));
    damaged_ |= !value.has_value();
    return value.value_or(ByteArray<N>{});
  }
  Result<void> check();
  // What was read cannot be what was written: told, and remembered as the connection's doubt.
  Error damage(const std::string& how);

 private:
  void bind(std::uint64_t value);
  void bind(std::int64_t value) { bind(static_cast<std::uint64_t>(value)); }
  void bind(std::uint32_t value) { bind(std::uint64_t{value}); }
  void bind(std::uint16_t value) { bind(std::uint64_t{value}); }
  void bind(bool value) { bind(std::uint64_t{value}); }
  void bind(ByteView value);
  void bind(const Bytes& value) { bind(ByteView(value)); }
  void bind(const std::string& value);
  template <std::size_t N>
  void bind(const ByteArray<N>& value) {
    bind(ByteView(value));
  }
  template <std::size_t N>
  void bind(const std::optional<ByteArray<N>>& value) {
    value ? bind(ByteView(*value)) : bind_null();
  }
  void bind_null();
  Error not_prepared();

  Connection& connection_;
  sqlite3_stmt* statement_;  // null when it could not be prepared
  Statement kind_;
  int next_ = 1;
  bool failed_ = false;
  bool damaged_ = false;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace detente::io
