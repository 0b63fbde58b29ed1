// A consistent copy of the database as one file, made while the station writes.
//
// Why SQLite's online backup and not a copy of the files: the database is two
// files, and a commit between the two copies would tear them. Why page by page
// under one read transaction: the copy is of one moment, commits go on beside it,
// and it can be broken off between two steps. The copy is a plain file without a
// write-ahead log, mode 0600: it holds the secrets of the pairs, so discard it with
// discard_snapshot().
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace detente::io {

// What is done, and of how much. False breaks the work off.
using OnProgress = std::function<bool(std::uint64_t done, std::uint64_t of)>;

// Whether commits may go on meanwhile, or the write-ahead log is what a killed station left.
enum class Log { kInUse, kLeft };

// `to` must not exist. kState when it was broken off. After an error `to` is not there.
// Who calls it has the station's lock, or is SqliteStore::snapshot.
Result<void> snapshot_database(const std::string& path, const std::string& to,
                               const OnProgress& progress, Log log = Log::kLeft);

// Overwrites the file and removes it; nothing to remove is success.
Result<void> discard_snapshot(const std::string& path);

}  // namespace detente::io
