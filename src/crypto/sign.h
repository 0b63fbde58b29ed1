// Ed25519 (RFC 8032), over OpenSSL's EVP, made strict.
//
// Why stricter than OpenSSL: OpenSSL 3.0 takes the identity point as a public
// key, and then one signature verifies any text. A key from outside must be
// canonical (y < p) and not of small order (seven y values, sign bit masked).
// Verification is without cofactor, S < L, R compared as bytes, so that every
// implementation agrees on every signature. spec/credential.md.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace detente::crypto {

inline constexpr std::size_t kSignatureSize = 64;
using Signature = ByteArray<kSignatureSize>;

// A public key that passed check(). The only way to make one from outside.
class VerifyKey {
 public:
  // 32 bytes; kMalformed for a wrong length or a non-canonical encoding, kAuthentication for a
  // point of small order.
  static Result<VerifyKey> from_bytes(ByteView bytes);
  const ByteArray<32>& bytes() const { return bytes_; }
  [[nodiscard]] bool verify(ByteView message, const Signature& signature) const;
  bool operator==(const VerifyKey&) const = default;

 private:
  explicit VerifyKey(const ByteArray<32>& bytes) : bytes_(bytes) {}
  friend class SignKey;
  ByteArray<32> bytes_;
};

// A private key: the 32-byte seed of RFC 8032, with an EVP key kept ready.
class SignKey {
 public:
  static SignKey generate(KeyRandom& random);
  static Result<SignKey> from_seed(ByteView seed);  // kMalformed unless 32 bytes
  SignKey(SignKey&&) noexcept;
  SignKey& operator=(SignKey&&) noexcept;
  ~SignKey();

  Signature sign(ByteView message) const;
  const VerifyKey& verify_key() const { return verify_key_; }
  ByteView seed() const { return seed_.view(); }

 private:
  SignKey(SecretBytes seed, void* evp, const VerifyKey& verify_key);
  SecretBytes seed_;
  void* evp_;  // EVP_PKEY, owned
  VerifyKey verify_key_;
};

}  // namespace detente::crypto
