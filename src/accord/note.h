// Signed notes (C2SP signed-note): a text that people can read, and signature
// lines under it. Accords, cards and checkpoints are notes.
//
//     text, LF at its end
//     (empty line)
//     — <name> <base64 of 4-byte key id and signature>
//
// What is signed is the text with its final LF; the empty line and the
// signature lines are not covered, so lines may be added and reordered. The
// last empty line divides; the text may hold others. Here is the format and
// whose signature fits; what a note's text means is for others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"

namespace detente::accord {

inline constexpr std::size_t kNoteTextMax = 1 << 20;    // bytes
inline constexpr std::size_t kNoteSignaturesMax = 64;   // lines
inline constexpr std::size_t kNoteSignatureMax = 8192;  // bytes after the key id; ML-DSA fits
inline constexpr std::size_t kNoteNameMax = 255;        // bytes
inline constexpr std::uint64_t kCosignatureTimeMax = (std::uint64_t{1} << 63) - 1;

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;  // what follows the key id
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // with its final LF
  std::vector<NoteSignature> signatures;
  bool operator==(const Note&) const = default;
};

// ---- format ----

// UTF-8 without characters below U+0020 other than LF, an LF at its end, at most kNoteTextMax.
Result<void> check_note_text(std::string_view text);
// Not empty, at most kNoteNameMax bytes of UTF-8, no space or control character, no '+'.
Result<void> check_note_name(std::string_view name);

// Takes exactly one spelling of each note: encode_note of what it gives is its input again.
// kMalformed for anything else, kLimit above the bounds. At least one signature line is needed.
// Verifies no signature.
Result<Note> parse_note(ByteView bytes);
// The inverse. parse_note takes it back if text and names are as the checks above ask, and there
// is a signature of 1 to kNoteSignatureMax bytes; what sign_note and cosign_note give is.
std::string encode_note(const Note& note);

// ---- keys ----

// The first byte of a key in a vkey, covered by the key id.
enum class NoteKeyType : std::uint8_t {
  kEd25519 = 0x01,      // signature 64 bytes, over the text
  kCosignature = 0x04,  // 8-byte time and 64-byte signature (C2SP tlog-cosignature v1)
};

// SHA-256(name, LF, type, key)[:4], big-endian.
std::uint32_t note_key_id(std::string_view name, NoteKeyType type, const crypto::VerifyKey& key);

// A public key under the name and type for which it is known.
class NoteVerifier {
 public:
  static Result<NoteVerifier> make(std::string_view name, NoteKeyType type,
                                   const crypto::VerifyKey& key);
  const std::string& name() const { return name_; }
  NoteKeyType type() const { return type_; }
  const crypto::VerifyKey& key() const { return key_; }
  std::uint32_t key_id() const { return key_id_; }
  // The claimed time of a cosignature (0 for type Ed25519), or kAuthentication.
  Result<std::uint64_t> verify(std::string_view text, ByteView signature) const;
  bool operator==(const NoteVerifier&) const = default;

 private:
  NoteVerifier(std::string name, NoteKeyType type, const crypto::VerifyKey& key);
  std::string name_;
  NoteKeyType type_;
  crypto::VerifyKey key_;
  std::uint32_t key_id_;
};

// "<name>+<key id, 8 hex>+<base64 of type and key>". Lower case hex only; the id must be the
// key's. kUnsupported for the types that are not in NoteKeyType.
Result<NoteVerifier> parse_vkey(std::string_view vkey);
std::string encode_vkey(const NoteVerifier& verifier);

// ---- signing and verifying ----

// One signature line of type Ed25519; add it to Note::signatures. Refuses an ill-formed text or
// name: what is signed here can always be read back.
Result<NoteSignature> sign_note(std::string_view text, std::string_view name,
                                const crypto::SignKey& key);
// One cosignature line; `time` in seconds since 1970, at most kCosignatureTimeMax.
Result<NoteSignature> cosign_note(std::string_view text, std::string_view name, std::uint64_t time,
                                  const crypto::SignKey& key);

// What a cosignature of type 04 signs: "cosignature/v1\ntime <decimal>\n" and the text.
Bytes cosignature_message(std::string_view text, std::uint64_t time);

struct VerifiedSignature {
  std::size_t key = 0;     // index into `keys`
  std::size_t line = 0;    // index into Note::signatures
  std::uint64_t time = 0;  // of a cosignature, else 0
};

// The signatures by known keys, one an entry of `keys` at most, in the order of the lines.
// A line whose (name, key id) is nobody's is ignored. A line of a known key that does not verify
// rejects the whole note (kAuthentication), also when another line of that key does; so does a
// note without any line of a known key. Two different keys of one (name, key id): kConflict.
Result<std::vector<VerifiedSignature>> verify_note(const Note& note,
                                                   std::span<const NoteVerifier> keys);

}  // namespace detente::accord
