// The database's schema: which version a file has, and bringing it to ours.
//
// The file says what it is in its header: application_id, and the version in
// user_version. A file of a newer version is left as it is. Migrations run in
// order, each in one transaction with its new version number.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace detente::io {

inline constexpr std::int64_t kSchemaVersion = 5;
inline constexpr std::int64_t kRowDigestsSince = 4;
inline constexpr std::int64_t kEpochIndexSince = 5;
inline constexpr std::int64_t kApplicationId = 0x44e97401;  // "D", "ét" in Latin-1, 1

// Rows of one log lie together and in order: their key is log * 2^40 + index (or size; for a tile
// level * 2^36 + index). One number as the key of the table itself saves the second tree that a
// composite key would need, and with it a page in every commit.
inline constexpr int kIndexBits = 40;
inline constexpr std::uint64_t kIndexMax = (std::uint64_t{1} << kIndexBits) - 1;
inline constexpr std::uint64_t kLogIdMax = (std::uint64_t{1} << 23) - 1;
inline constexpr int kTileIndexBits = 36;
// A document's piece: its row's number * 2^31 + piece.
inline constexpr int kPieceBits = 31;
inline constexpr std::uint64_t kBlobIdMax = (std::uint64_t{1} << 32) - 1;

class Connection;

// The version of the file, 0 for one that is empty. kMalformed for another program's file,
// kUnsupported for a newer version.
Result<std::int64_t> recognise_database(Connection& db);

// Makes the file (mode 0600) if it is not there, checks it, and brings it to kSchemaVersion. Leaves
// a write-ahead log that is presized, and no connection. kUnsupported for a newer version,
// kMalformed for something else, kIo for the disk's errors and for damage.
Result<void> prepare_database(const std::string& path);

}  // namespace detente::io
