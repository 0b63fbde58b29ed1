#include <algorithm>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/age.h"
#include "crypto/hash.h"

namespace detente::crypto {

AeadKey age_payload_key(ByteView file_key, ByteView nonce) {
  static const AeadAlgorithm algorithm = [] {
    auto loaded = AeadAlgorithm::load("ChaCha20-Poly1305");
    DETENTE_CHECK(loaded.has_value());
    return *loaded;
  }();
  const SecretBytes key =
      hkdf_expand(hkdf_extract(nonce, file_key).view(), as_bytes("payload"), kAeadKeySize);
  return AeadKey(algorithm, key.view());
}

// Eleven bytes of the chunk's number, then 1 for the last chunk: so chunks can
// neither be reordered nor cut off nor added.
ByteArray<kAeadNonceSize> age_chunk_nonce(std::uint64_t number, bool last) {
  ByteArray<kAeadNonceSize> out{};
  for (std::size_t i = 0; i < 8; ++i) out[10 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  out[11] = last ? 1 : 0;
  return out;
}

Bytes seal_age_payload(ByteView plain, ByteView file_key, ByteView nonce) {
  DETENTE_CHECK(nonce.size() == kAgeNonceSize);
  const AeadKey key = age_payload_key(file_key, nonce);
  Bytes out = to_bytes(nonce);
  for (std::uint64_t number = 0;; ++number) {
    const ByteView chunk = plain.first(std::min(plain.size(), kAgeChunkSize));
    plain = plain.subspan(chunk.size());
    append(out, key.seal(age_chunk_nonce(number, plain.empty()), {}, chunk));
    if (plain.empty()) return out;
  }
}

Result<SecretBytes> open_age_payload(ByteView payload, ByteView file_key) {
  if (payload.size() < kAgeNonceSize + kAeadTagSize) {
    return fail(Fault::kMalformed, "age file: it ends before its contents; the file is cut off");
  }
  const AeadKey key = age_payload_key(file_key, payload.first(kAgeNonceSize));
  ByteView rest = payload.subspan(kAgeNonceSize);
  constexpr std::size_t kSealedChunk = kAgeChunkSize + kAeadTagSize;
  SecretBytes out(rest.size() - (rest.size() + kSealedChunk - 1) / kSealedChunk * kAeadTagSize);
  std::size_t done = 0;
  for (std::uint64_t number = 0; !rest.empty(); ++number) {
    const ByteView sealed = rest.first(std::min(rest.size(), kSealedChunk));
    rest = rest.subspan(sealed.size());
    auto opened = key.open(age_chunk_nonce(number, rest.empty()), {}, sealed);
    // Only an empty file has an empty last chunk: one spelling a text.
    if (!opened || (opened->empty() && number > 0)) {
      return fail(Fault::kMalformed,
                  "age file: part " + std::to_string(number + 1) +
                      " of its contents is damaged, or the file is cut off; use another copy");
    }
    const SecretBytes chunk(std::move(*opened));
    std::copy(chunk.view().begin(), chunk.view().end(),
              out.mutable_view().begin() + static_cast<std::ptrdiff_t>(done));
    done += chunk.size();
  }
  return out;
}

}  // namespace detente::crypto
