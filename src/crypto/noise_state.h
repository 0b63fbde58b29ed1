// CipherState and SymmetricState of Noise (revision 34, sections 5.1 and 5.2);
// for this folder alone.
#pragma once

#include <cstdint>
#include <optional>

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/noise.h"
#include "crypto/noise_pattern.h"

namespace detente::crypto {

inline constexpr std::size_t kNoiseMessageMax = 65535;
inline constexpr std::size_t kNoiseKeySize = 32;

// A key and the number of its next message. Without a key it passes bytes
// through, as the first messages of a handshake need.
class CipherState final : public NoiseCipher {
 public:
  explicit CipherState(NoiseCipherKind kind) : kind_(kind) {}
  void set_key(ByteView key);  // 32 bytes; the number starts at 0
  bool has_key() const { return aead_.has_value(); }

  // kState when all numbers of this key are used, kLimit above 65535 bytes. The
  // number advances only when the call succeeds.
  Result<Bytes> encrypt(ByteView associated, ByteView plain) override;
  Result<Bytes> decrypt(ByteView associated, ByteView sealed) override;
  // A new key from the old one; the number goes on (section 11.3). Needs a key.
  void rekey() override;
  ByteView key() const override { return key_.view(); }

  // For tests of the end of the numbers.
  void set_nonce(std::uint64_t n) { n_ = n; }

 private:
  ByteArray<kAeadNonceSize> nonce(std::uint64_t n) const;

  NoiseCipherKind kind_;
  SecretBytes key_;
  std::optional<AeadKey> aead_;
  std::uint64_t n_ = 0;
};

class SymmetricState {
 public:
  SymmetricState(const NoiseProtocol& protocol);
  ~SymmetricState();
  SymmetricState(const SymmetricState&) = delete;
  SymmetricState& operator=(const SymmetricState&) = delete;

  void mix_key(ByteView input);
  void mix_hash(ByteView data);
  void mix_key_and_hash(ByteView input);
  bool has_key() const { return cipher_.has_key(); }
  Result<Bytes> encrypt_and_hash(ByteView plain);
  Result<Bytes> decrypt_and_hash(ByteView sealed);
  const Bytes& hash() const { return h_; }
  // The initiator's sending key, then the responder's.
  std::pair<std::unique_ptr<NoiseCipher>, std::unique_ptr<NoiseCipher>> split() const;

 private:
  // HKDF of section 4.3 with two or three outputs, one after another.
  SecretBytes hkdf(ByteView input, std::size_t outputs) const;

  NoiseCipherKind cipher_kind_;
  HashKind hash_kind_;
  CipherState cipher_;
  SecretBytes ck_;
  Bytes h_;
};

}  // namespace detente::crypto
