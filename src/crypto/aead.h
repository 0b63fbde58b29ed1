// AEAD ciphers by name: key 32 bytes, nonce 12, tag 16, as the accord names them.
//
// A cipher is fetched by name from OpenSSL's providers, the side's own included.
// The station runs the vectors whose digest the accord holds before first use
// and refuses a cipher that does not reproduce them. spec/accord.md, "Ciphers".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;

// A loaded algorithm; cheap to copy, holds no key.
class AeadAlgorithm {
 public:
  // "ChaCha20-Poly1305", "AES-256-GCM", "ARIA-256-GCM", or a name that a loaded provider knows.
  // kNotFound when no provider has it; kUnsupported for other sizes of key, nonce or tag.
  static Result<AeadAlgorithm> load(std::string_view name);
  const std::string& name() const;
  // Runs every case of a vector file (spec/accord.md, "Cipher vectors"); kAuthentication on the
  // first that differs, kMalformed for a file without a case.
  Result<void> check_vectors(std::string_view vector_file) const;

  struct Impl;
  explicit AeadAlgorithm(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

// Makes the ciphers of a provider module known to this process. `path` is a shared object.
Result<void> load_provider(const std::string& path);

// The vector file that this program ships for one of the three standard names; empty for others.
std::string_view shipped_vectors(std::string_view name);

// One key of one algorithm, with its cipher context kept ready. Not for use by two threads at once.
class AeadKey {
 public:
  AeadKey(const AeadAlgorithm& algorithm, ByteView key);  // key: exactly 32 bytes
  AeadKey(AeadKey&&) noexcept;
  AeadKey& operator=(AeadKey&&) noexcept;
  ~AeadKey();

  // Ciphertext with the 16-byte tag at its end. Never twice with one nonce: the caller's duty.
  Bytes seal(ByteView nonce, ByteView associated, ByteView plain) const;
  // kAuthentication when the tag does not fit; nothing of the plain text is given then.
  Result<Bytes> open(ByteView nonce, ByteView associated, ByteView sealed) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detente::crypto
