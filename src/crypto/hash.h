// SHA-256, HMAC and HKDF (RFC 6234, 2104, 5869), over OpenSSL's EVP.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace detente::crypto {

inline constexpr std::size_t kDigestSize = 32;

Digest sha256(ByteView data);
// SHA-256 over the parts in order, as if joined.
Digest sha256(std::initializer_list<ByteView> parts);

// SHA-256 of what comes in parts.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void add(ByteView data);
  Digest finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest hmac_sha256(ByteView key, ByteView data);

// HKDF-SHA-256. `expand` gives `size` bytes, at most 255 * 32.
SecretBytes hkdf_extract(ByteView salt, ByteView input_key);
SecretBytes hkdf_expand(ByteView pseudo_random_key, ByteView info, std::size_t size);

// Constant time for equal lengths.
bool equal_secret(ByteView a, ByteView b);

}  // namespace detente::crypto
