#include "record/store_rules.h"

#include "base/mutant.h"

namespace detente::record {
namespace {

std::string name(const LineKey& line) {
  return "line " + std::to_string(line.line.value) + " of the accord " +
         to_hex(ByteView(line.lineage).first(4)) + "…";
}

std::string name(const LogKey& log) {
  return "the log of " + log.station_id + " on " + name(log.line) + ", epoch " +
         to_hex(ByteView(log.epoch).first(4)) + "…";
}

std::string name(const BlobKey& key) {
  return "document " + to_hex(ByteView(key.root).first(4)) + "…";
}

Result<void> check_number(std::uint64_t value, std::uint64_t max, const std::string& what) {
  if (value <= max) return {};
  return fail(Fault::kLimit, what + " " + std::to_string(value) + " is above " +
                                 std::to_string(max) + ", the most that a store keeps");
}

Result<std::uint64_t> open_size(StoreFacts& facts, const LogKey& log) {
  DETENTE_TRY(size, facts.size_of(log));
  if (!size) return fail(Fault::kNotFound, name(log) + " is not open here: open it first");
  return *size;
}

Result<void> check_root(StoreFacts& facts, const LogKey& log, std::uint64_t size,
                        const Digest& root) {
  DETENTE_TRY_VOID(check_number(size, kLogSizeMax, "the size"));
  DETENTE_TRY_VOID(open_size(facts, log));
  DETENTE_TRY(held, facts.root_held(log, size));
  if (!held || *held == root) return {};
  return fail(Fault::kConflict, name(log) + ": another root is held for size " +
                                    std::to_string(size) + ": keep both as evidence");
}

class Check {
 public:
  Check(StoreFacts& facts, const Fence& fence) : facts_(facts), fence_(fence) {}

  Result<void> operator()(const OpenLog& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    DETENTE_TRY(size, facts_.size_of(write.log));
    if (size) return fail(Fault::kConflict, name(write.log) + " is open already: append to it");
    return {};
  }

  Result<void> operator()(const AppendEntry& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    const std::uint64_t index = write.entry.index;
    DETENTE_TRY_VOID(check_number(index, kLogSizeMax - 1, "the index"));
    DETENTE_TRY(size, open_size(facts_, write.log));
    if (index == size) return {};
    return fail(Fault::kConflict, name(write.log) + ": entry " + std::to_string(index) +
                                      " is not the next of " + std::to_string(size) +
                                      ": read the log's size again");
  }

  Result<void> operator()(const PutEarlyEntry& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    const std::uint64_t index = write.entry.index;
    DETENTE_TRY_VOID(check_number(index, kLogSizeMax - 1, "the index"));
    DETENTE_TRY(size, open_size(facts_, write.log));
    if (index < size) {
      return fail(Fault::kConflict, name(write.log) + ": entry " + std::to_string(index) +
                                        " is not ahead of " + std::to_string(size) +
                                        ": it is held already");
    }
    DETENTE_TRY(leaf, facts_.early_leaf(write.log, index));
    if (!leaf || *leaf == write.entry.leaf) return {};
    return fail(Fault::kConflict, name(write.log) + ": another entry " + std::to_string(index) +
                                      " is held ahead: keep both as evidence");
  }

  Result<void> operator()(const PutCheckpoint& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    return check_root(facts_, write.log, write.checkpoint.size, write.checkpoint.root);
  }

  Result<void> operator()(const PutCosignature& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    const StoredCosignature& given = write.cosignature;
    DETENTE_TRY_VOID(check_root(facts_, write.log, given.size, given.root));
    DETENTE_TRY(newest, facts_.newest_cosigned(write.log));
    if (given.size >= newest) return {};
    return fail(Fault::kConflict, name(write.log) + ": a cosignature of size " +
                                      std::to_string(given.size) + " after one of " +
                                      std::to_string(newest) + ": use the newest");
  }

  Result<void> operator()(const PutOutbox& write) {
    DETENTE_TRY_VOID(on_line(write.line));
    return check_number(write.item.id, kStoredNumberMax, "the outbox number");
  }

  Result<void> operator()(const DeleteOutbox& write) {
    DETENTE_TRY_VOID(on_line(write.line));
    return check_number(write.id, kStoredNumberMax, "the outbox number");
  }

  Result<void> operator()(const UseOfficerCounter& write) {
    DETENTE_TRY_VOID(in_lineage(write.lineage));
    DETENTE_TRY(used, facts_.counter_used(write));
    if (!used) return {};
    return fail(Fault::kConflict, std::string(write.own ? "our" : "their") + " officer " +
                                      std::to_string(write.officer.value) + " used counter " +
                                      std::to_string(write.counter) +
                                      " before: the officer signs again");
  }

  Result<void> operator()(const PutLinkState& write) { return in_lineage(write.lineage); }

  Result<void> operator()(const PutEvidence& write) {
    DETENTE_TRY_VOID(on_line(write.log.line));
    DETENTE_TRY_VOID(open_size(facts_, write.log));
    return {};
  }

  Result<void> operator()(const PutBlob& write) {
    DETENTE_TRY_VOID(in_lineage(write.key.lineage));
    DETENTE_TRY_VOID(check_number(write.blob.length, kBlobBytesMax, "the document's length"));
    DETENTE_TRY(length, facts_.blob_length(write.key));
    if (!length || *length == write.blob.length) return {};
    return fail(Fault::kConflict, name(write.key) + " has " + std::to_string(*length) +
                                      " bytes here, not " + std::to_string(write.blob.length) +
                                      ": two entries name one root with two lengths");
  }

  Result<void> operator()(const PutPiece& write) {
    DETENTE_TRY_VOID(in_lineage(write.key.lineage));
    DETENTE_TRY(length, facts_.blob_length(write.key));
    if (!length) return fail(Fault::kNotFound, name(write.key) + " is not known here: name it first");
    if (write.piece < piece_count(*length) && write.bytes.size() == piece_bytes(*length, write.piece))
      return {};
    return fail(Fault::kConflict, name(write.key) + ": " + std::to_string(write.bytes.size()) +
                                      " bytes are not its piece " + std::to_string(write.piece));
  }

  Result<void> operator()(const DropBlob& write) { return in_lineage(write.key.lineage); }

  Result<void> operator()(const PutValue&) { return {}; }

 private:
  Result<void> on_line(const LineKey& line) {
    if (line == fence_.line) return {};
    return fail(Fault::kState, name(line) + " is not the one that was claimed (" +
                                   name(fence_.line) + "): give it a batch of its own");
  }

  Result<void> in_lineage(const Digest& lineage) { return on_line({lineage, fence_.line.line}); }

  StoreFacts& facts_;
  const Fence& fence_;
};

}  // namespace

namespace {

Result<void> check_expected_size(StoreFacts& facts, const Batch& batch) {
  const auto& [log, expected] = *batch.expected_size;
  if (log.line != batch.fence.line) {
    return fail(Fault::kState, name(log) + " is not on the line that was claimed");
  }
  DETENTE_TRY(size, facts.size_of(log));
  if (size.value_or(0) == expected) return {};
  return fail(Fault::kConflict, name(log) + " has " + std::to_string(size.value_or(0)) +
                                    " entries, not " + std::to_string(expected) +
                                    " as expected: read it again");
}

Result<void> check_expected_early(StoreFacts& facts, const Batch& batch) {
  const auto& [log, expected] = *batch.expected_early;
  if (log.line != batch.fence.line) {
    return fail(Fault::kState, name(log) + " is not on the line that was claimed");
  }
  DETENTE_TRY(size, facts.size_of(log));
  if (size && expected < *size) return {};
  if (size) {
    DETENTE_TRY(leaf, facts.early_leaf(log, expected));
    if (leaf) return {};
  }
  return fail(Fault::kConflict, name(log) + " does not have entry " + std::to_string(expected) +
                                    ", which was to be held before: read it again");
}

}  // namespace

Result<void> check_batch(StoreFacts& facts, const Batch& batch) {
  DETENTE_TRY(newest, facts.newest_fence(batch.fence.line));
  if (newest == 0 || (batch.fence.number != newest && !mutant(Mutant::kFenceIgnored))) {
    return fail(Fault::kState, name(batch.fence.line) + " is claimed anew (fence " +
                                   std::to_string(newest) + ", this one is " +
                                   std::to_string(batch.fence.number) +
                                   "): claim it again before writing");
  }
  if (batch.expected_size) DETENTE_TRY_VOID(check_expected_size(facts, batch));
  if (batch.expected_early) DETENTE_TRY_VOID(check_expected_early(facts, batch));
  return {};
}

Result<void> check_write(StoreFacts& facts, const Fence& fence, const Write& write) {
  return std::visit(Check(facts, fence), write);
}

}  // namespace detente::record
