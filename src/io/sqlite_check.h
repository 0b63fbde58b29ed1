// Reads a whole record that no station has open, and says whether it is what was
// written: SQLite's own integrity check, every entry against its leaf, every stored
// tile and every root that was signed or cosigned against the tree that follows from
// the leaves, every piece of a document against its leaf and every whole document
// against its root; and whether all of it belongs to something that is read (sqlite_keys.h).
//
// Whether the signatures verify is for who knows the keys: the newest ones are given.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/sqlite_snapshot.h"
#include "record/store.h"

namespace detente::io {

struct CheckedLog {
  record::LogKey log;
  std::uint32_t ordinal = 0;
  std::uint64_t size = 0;   // entries
  std::uint64_t early = 0;  // entries whose place in front is still empty
  std::optional<record::StoredCheckpoint> checkpoint;    // the newest
  std::optional<record::StoredCosignature> cosignature;  // the newest
};

struct CheckedRecord {
  std::vector<CheckedLog> logs;  // in the order of being opened
  std::uint64_t entries = 0;     // of all logs
  std::map<std::string, Bytes> values;  // PutValue's; what they mean is for who reads them
};

// kIo says what is damaged; kState when `progress` broke it off. The file must be of this version.
Result<CheckedRecord> check_record(const std::string& path, const OnProgress& progress = {});

}  // namespace detente::io
