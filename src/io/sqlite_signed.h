// What was signed of a log, one after the other: a check of a record that no station has open reads all
// of it, however many there are.
#pragma once

#include <functional>
#include <string>

#include "io/sqlite.h"
#include "record/store.h"

namespace detente::io {

struct OnSigned {
  std::function<Result<void>(const record::StoredCheckpoint&)> checkpoint;
  std::function<Result<void>(const record::StoredCosignature&)> receipt;
};
class SignedReader {
 public:
  static Result<SignedReader> open(const std::string& path);
  // Each by its size, the checkpoints first. What an answer refuses ends it.
  Result<void> read(const record::LogKey& log, const OnSigned& on);
  // Checkpoints and receipts of all logs.
  Result<std::uint64_t> count();

 private:
  explicit SignedReader(Connection db) : db_(std::move(db)) {}
  Connection db_;
};

}  // namespace detente::io
