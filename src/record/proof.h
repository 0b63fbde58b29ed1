// A proof in one text file (C2SP tlog-proof, suffix .tlog-proof): that an entry
// is in a log whose checkpoint is signed and cosigned. Needs nothing else.
//
//     c2sp.org/tlog-proof@v1
//     extra <base64>            optional; authenticated by nothing
//     index <decimal>
//     <base64>                  inclusion hashes, the leaf's sibling first
//     (empty line)
//     checkpoint note with its signature lines
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "record/checkpoint.h"
#include "record/merkle.h"

namespace detente::record {

inline constexpr std::size_t kProofHashesMax = 64;        // of a tree of 2^64 leaves
inline constexpr std::size_t kProofExtraMax = 64 * 1024;  // bytes

struct TlogProof {
  std::optional<Bytes> extra;  // not empty where present
  std::uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // a whole signed note
  bool operator==(const TlogProof&) const = default;
};

std::string encode_tlog_proof(const TlogProof& proof);
// Strict: encode_tlog_proof gives the input again. The checkpoint's form is checked as a note's,
// its signatures are not.
Result<TlogProof> parse_tlog_proof(std::string_view text);

// Whether `leaf` is in the log under a checkpoint signed by `log` and by at least `witnesses_min`
// of `cosigners`. kAuthentication names the first step that failed.
Result<VerifiedCheckpoint> verify_tlog_proof(const TlogProof& proof, const Digest& leaf,
                                             const accord::NoteVerifier& log,
                                             std::span<const accord::NoteVerifier> cosigners,
                                             std::size_t witnesses_min);

}  // namespace detente::record
