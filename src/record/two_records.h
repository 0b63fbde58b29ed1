// Two records that do not agree: a log whose station signed two trees of one size. What a station keeps of it, and the file that
// proves it to somebody who trusts no station. spec/record.md section 10.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "record/checkpoint.h"
#include "record/extract.h"
#include "record/store.h"

namespace detente::record {

inline constexpr std::string_view kTwoRecordsFormat = "detente-two-records/1";
inline constexpr std::size_t kTwoRecordsBytesMax = 2u << 20;

// Of the log that is held, and of another tree.
struct SecondCheckpoint {
  Checkpoint checkpoint;
  crypto::Signature signature{};
};
// As PutEvidence holds it.
Bytes second_checkpoint_bytes(const Checkpoint& checkpoint, const crypto::Signature& signature);
// Nothing of evidence of another kind.
std::optional<SecondCheckpoint> parse_second_checkpoint(const PutEvidence& evidence);

std::optional<SecondCheckpoint> parse_second_checkpoint_bytes(ByteView bytes);

// Two entries were signed for one place, and both came ahead of a missing one, which may never come: they contradict each other
// without the record. `leaf` is the later one's, the last of the tree of `later`.
struct SecondAhead {
  SecondCheckpoint first;
  SecondCheckpoint later;
  Digest leaf{};
  Proof inclusion;
};
// As PutEvidence holds it.
Bytes second_ahead_bytes(const SecondAhead& ahead);
std::optional<SecondAhead> parse_second_ahead(const PutEvidence& evidence);

struct KeptSecond {
  LogKey log;
  SecondCheckpoint second;
  WallTime at;  // when it came
  std::optional<SecondAhead> ahead = {};  // `second` is its `later`
};
// Of all logs of a line, in the order of their epochs.
std::vector<KeptSecond> second_checkpoints(const Reader& store, const LineKey& line);

struct TwoRecordsFile {
  SecondCheckpoint second;
  Digest held_root{};    // of the record that is held, at the second's size; of two that came ahead of it, of the later one
  Proof held_proof;      // that the tree in the evidence begins with it
  Bytes evidence;        // an extract: the newest entry that the second is about, and the checkpoint over it
};
Result<Bytes> make_two_records(const Reader& store, const ExtractSources& sources, const KeptSecond& kept);
Bytes write_two_records(const TwoRecordsFile& file);
// Takes exactly what write_two_records() writes; verifies nothing.
Result<TwoRecordsFile> parse_two_records(ByteView bytes);

}  // namespace detente::record
