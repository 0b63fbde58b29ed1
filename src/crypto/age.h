// The parts of an age file (age-encryption.org/v1) that do not depend on the
// kind of recipient: the header and the payload; for this folder alone.
//
// The parser is strict: one spelling a header. What it takes, when written
// again, gives the same bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/aead.h"

namespace detente::crypto {

inline constexpr std::size_t kAgeFileKeySize = 16;
inline constexpr std::size_t kAgeNonceSize = 16;  // at the payload's start
inline constexpr std::size_t kAgeChunkSize = 64 * 1024;

struct AgeStanza {
  std::vector<std::string> arguments;  // the recipient's type first; never none
  Bytes body;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;  // never none
  ByteView authenticated;          // a view of the file: what the MAC covers, up to "---"
  Digest mac{};
  std::size_t size = 0;  // where the payload begins
};

// kMalformed, or kLimit for a header above 64 KiB. `file` must outlive the header.
Result<AgeHeader> parse_age_header(ByteView file);

// The stanzas as text, up to and with the "---" that the MAC covers.
Bytes write_age_stanzas(const std::vector<AgeStanza>& stanzas);
// The rest of the header's last line, for that text.
Bytes write_age_mac(ByteView authenticated, ByteView file_key);
bool check_age_mac(const AgeHeader& header, ByteView file_key);

// The payload: nonce, then chunks of 64 KiB sealed with ChaCha20-Poly1305.
Bytes seal_age_payload(ByteView plain, ByteView file_key, ByteView nonce);
// kMalformed when a chunk does not verify, is missing, or follows the last.
Result<SecretBytes> open_age_payload(ByteView payload, ByteView file_key);

// Of one payload, for who does not hold all of it at once: its key, and the number of each chunk
// of kAgeChunkSize bytes (the last one shorter; empty only when there is no other).
AeadKey age_payload_key(ByteView file_key, ByteView nonce);
ByteArray<kAeadNonceSize> age_chunk_nonce(std::uint64_t number, bool last);

// A header for a passphrase, and the key of what follows it.
struct AgeBeginning {
  Bytes header;
  SecretBytes file_key;
};
AgeBeginning begin_age_file(std::string_view passphrase, int work_factor, KeyRandom& random);
// The same read back: `size` is where the payload begins. Errors as open_with_passphrase.
struct OpenedAgeHeader {
  std::size_t size = 0;
  SecretBytes file_key;
};
Result<OpenedAgeHeader> open_age_header(ByteView beginning, std::string_view passphrase);

// Base64 without padding, as age writes it; strict.
std::string to_age_base64(ByteView bytes);
std::optional<Bytes> from_age_base64(std::string_view text);

}  // namespace detente::crypto
