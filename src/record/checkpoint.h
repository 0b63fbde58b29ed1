// Checkpoints (C2SP tlog-checkpoint) and cosignatures (tlog-cosignature v1): a
// log's signed size and root, and another's signature that it holds exactly that.
//
// On the wire only 64 bytes of signature travel, since both sides compute the
// text; in files and extracts the same signatures stand as lines of a note that
// any C2SP tool verifies. Whether one checkpoint continues another is not seen
// here: see verify_consistency. What a cosignature means beyond "consistent and
// seen then" is the accord's to say. spec/record.md section 6.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/note.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

namespace detente::record {

inline constexpr std::size_t kCosignatureSize = 72;  // time 8, signature 64
inline constexpr std::size_t kCheckpointExtensionsMax = 16;

struct Checkpoint {
  std::string origin;  // also the name of the log's key
  std::uint64_t size = 0;
  Digest root{};
  bool operator==(const Checkpoint&) const = default;
};

// ---- text ----

// Origin, size, root, a line each: what is signed.
std::string encode_checkpoint_text(const Checkpoint& checkpoint);

struct CheckpointText {
  Checkpoint checkpoint;
  std::vector<std::string> extensions;  // further lines, covered by the log's signature
};

// Any C2SP checkpoint, strictly: no other text has the same meaning. The empty tree must have the
// root of the empty tree. Extension lines are given, not understood.
Result<CheckpointText> parse_checkpoint_text(std::string_view text);
// A checkpoint of this system, which has no extension lines.
Result<Checkpoint> parse_own_checkpoint_text(std::string_view text);

// ---- signatures alone, as on the wire ----

// The origin must be a key name (accord::check_note_name): our own logs' are. Broken otherwise.
crypto::Signature sign_checkpoint(const Checkpoint& checkpoint, const crypto::SignKey& log_key);
[[nodiscard]] bool verify_checkpoint(const Checkpoint& checkpoint, const crypto::VerifyKey& log_key,
                                     const crypto::Signature& signature);

struct Cosignature {
  std::uint64_t time = 0;  // seconds since 1970, at most accord::kCosignatureTimeMax
  crypto::Signature signature{};
  bool operator==(const Cosignature&) const = default;
};

Cosignature cosign(const Checkpoint& checkpoint, std::uint64_t time,
                   const crypto::SignKey& cosign_key);
[[nodiscard]] bool verify_cosignature(const Checkpoint& checkpoint, const Cosignature& cosignature,
                                      const crypto::VerifyKey& cosign_key);
// Time, big-endian, and signature: what follows the key id in a note.
Bytes encode_cosignature(const Cosignature& cosignature);
Result<Cosignature> parse_cosignature(ByteView bytes);

// ---- as a note ----

struct CosignedBy {
  accord::NoteVerifier cosigner;  // of type kCosignature
  Cosignature cosignature;
};

// The note with the log's signature line first, then the cosignatures in their order.
std::string encode_checkpoint_note(const Checkpoint& checkpoint, const crypto::VerifyKey& log_key,
                                   const crypto::Signature& signature,
                                   std::span<const CosignedBy> cosignatures = {});

struct VerifiedCheckpoint {
  Checkpoint checkpoint;
  std::vector<std::string> extensions;
  struct Witness {
    std::size_t key = 0;  // index into `cosigners`
    std::uint64_t time = 0;
  };
  std::vector<Witness> witnesses;  // no two of one key
};

// A note of the log whose key is `log` (its name = the origin): the log's own signature is needed,
// lines of unknown keys are ignored, a bad line of a known key rejects it all. How many
// cosignatures are enough is the caller's policy.
Result<VerifiedCheckpoint> verify_checkpoint_note(
    std::string_view note, const accord::NoteVerifier& log,
    std::span<const accord::NoteVerifier> cosigners = {});

}  // namespace detente::record
