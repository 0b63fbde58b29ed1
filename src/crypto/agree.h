// X25519 (RFC 7748), over OpenSSL's EVP.
#pragma once

#include <map>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace detente::crypto {

using AgreePublic = ByteArray<32>;

// Belongs to one thread: what agree_lasting() remembers is kept without a lock.
class AgreeKey {
 public:
  static AgreeKey generate(KeyRandom& random);
  static Result<AgreeKey> from_private(ByteView bytes);  // kMalformed unless 32 bytes
  AgreeKey(AgreeKey&&) noexcept;
  AgreeKey& operator=(AgreeKey&&) noexcept;
  ~AgreeKey();

  const AgreePublic& public_key() const { return public_; }
  ByteView private_bytes() const { return private_.view(); }
  // The shared point's 32 bytes; kAuthentication when it is all zero (a point of small order).
  Result<SecretBytes> agree(const AgreePublic& other) const;
  // The same with a key that stays, a counterpart's static one: remembered, since a handshake costs
  // the processor little else. As secret as the private key, and wiped with it.
  Result<SecretBytes> agree_lasting(const AgreePublic& other) const;

 private:
  AgreeKey(SecretBytes secret, void* evp, const AgreePublic& public_key);
  SecretBytes private_;
  void* evp_;  // EVP_PKEY, owned
  AgreePublic public_;
  mutable std::map<AgreePublic, SecretBytes> lasting_;
};

}  // namespace detente::crypto
