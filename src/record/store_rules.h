// What every store refuses, decided in one place from a few facts that each
// store looks up in its own way. store.h says the rules' reasons.
//
// A store checks one write, applies it, and then checks the next: the facts
// include what the same commit has written before.
#pragma once

#include "record/store.h"

namespace detente::record {

// Bounds of every store: of an index, a size, or a number that is sorted by.
inline constexpr std::uint64_t kLogSizeMax = (std::uint64_t{1} << 40) - 1;
inline constexpr std::uint64_t kStoredNumberMax = (std::uint64_t{1} << 63) - 1;

class StoreFacts {
 public:
  virtual ~StoreFacts() = default;
  virtual Result<std::uint64_t> newest_fence(const LineKey& line) = 0;          // 0 = never claimed
  virtual Result<std::optional<std::uint64_t>> size_of(const LogKey& log) = 0;  // nothing: not open
  // Of a checkpoint or a cosignature of that size.
  virtual Result<std::optional<Digest>> root_held(const LogKey& log, std::uint64_t size) = 0;
  virtual Result<std::uint64_t> newest_cosigned(const LogKey& log) = 0;  // 0 = none
  virtual Result<std::optional<Digest>> early_leaf(const LogKey& log, std::uint64_t index) = 0;
  virtual Result<bool> counter_used(const UseOfficerCounter& use) = 0;
  virtual Result<std::optional<std::uint64_t>> blob_length(const BlobKey& key) = 0;  // nothing: not known
};

// Fence, expected size and expected early entry, before the batch's first write. A log that is not open has size 0.
Result<void> check_batch(StoreFacts& facts, const Batch& batch);

// One write under the batch's fence:
// - it belongs to the fence's line (officers' counters, link states and documents: to its
//   lineage), else
// kState;
// - its log is open, else kNotFound; opened once, else kConflict;
// - an entry's index is the log's size, else kConflict; an early one's is not below it, and one
// that
//   is held already has the same leaf, else kConflict;
// - a checkpoint or cosignature has the root of what is held of its size, else kConflict; a
//   cosignature is not smaller than the newest of its log, else kConflict;
// - an officer's counter is new, else kConflict;
// - a document's length stays what it was, else kConflict; a piece is of a known one, else kNotFound,
//   and has the length of its place, else kConflict;
// - numbers are within the bounds above, else kLimit.
Result<void> check_write(StoreFacts& facts, const Fence& fence, const Write& write);

}  // namespace detente::record
