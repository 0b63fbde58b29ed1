#include "crypto/noise_state.h"

#include <algorithm>

#include "base/check.h"

namespace detente::crypto {

namespace {

constexpr std::uint64_t kRekeyNonce = UINT64_MAX;  // reserved: no message ever has this number

const AeadAlgorithm& algorithm(NoiseCipherKind kind) {
  const auto load = [](std::string_view name) {
    auto loaded = AeadAlgorithm::load(name);
    DETENTE_CHECK(loaded.has_value());
    return *loaded;
  };
  static const AeadAlgorithm chacha = load("ChaCha20-Poly1305");
  static const AeadAlgorithm aes = load("AES-256-GCM");
  return kind == NoiseCipherKind::kChaChaPoly ? chacha : aes;
}

}  // namespace

void CipherState::set_key(ByteView key) {
  key_ = SecretBytes::copy_of(key);
  aead_.emplace(algorithm(kind_), key);
  n_ = 0;
}

// Section 12: four zero bytes, then the number; little-endian for ChaChaPoly,
// big-endian for AESGCM.
ByteArray<kAeadNonceSize> CipherState::nonce(std::uint64_t n) const {
  ByteArray<kAeadNonceSize> out{};
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t at = kind_ == NoiseCipherKind::kChaChaPoly ? 4 + i : 11 - i;
    out[at] = static_cast<std::uint8_t>(n >> (8 * i));
  }
  return out;
}

Result<Bytes> CipherState::encrypt(ByteView associated, ByteView plain) {
  const std::size_t tag = has_key() ? kAeadTagSize : 0;
  if (plain.size() > kNoiseMessageMax - tag) {
    return fail(Fault::kLimit, "a Noise message holds at most 65535 bytes, this one would have " +
                                   std::to_string(plain.size() + tag));
  }
  if (!has_key()) return to_bytes(plain);
  if (n_ == kRekeyNonce) {
    return fail(Fault::kState, "this Noise key has sealed all it may: make a new handshake");
  }
  Bytes out = aead_->seal(nonce(n_), associated, plain);
  ++n_;
  return out;
}

Result<Bytes> CipherState::decrypt(ByteView associated, ByteView sealed) {
  if (sealed.size() > kNoiseMessageMax) {
    return fail(Fault::kLimit, "a Noise message holds at most 65535 bytes, this one has " +
                                   std::to_string(sealed.size()));
  }
  if (!has_key()) return to_bytes(sealed);
  if (n_ == kRekeyNonce) {
    return fail(Fault::kState, "this Noise key has opened all it may: make a new handshake");
  }
  DETENTE_TRY(plain, aead_->open(nonce(n_), associated, sealed));
  ++n_;
  return plain;
}

void CipherState::rekey() {
  DETENTE_CHECK(has_key());
  const ByteArray<kNoiseKeySize> zeros{};
  const SecretBytes sealed(aead_->seal(nonce(kRekeyNonce), {}, zeros));
  const std::uint64_t n = n_;
  set_key(sealed.view().first(kNoiseKeySize));
  n_ = n;
}

SymmetricState::SymmetricState(const NoiseProtocol& protocol)
    : cipher_kind_(protocol.cipher),
      hash_kind_(protocol.hash),
      cipher_(protocol.cipher),
      h_(hash_size(protocol.hash)) {
  const ByteView name = as_bytes(protocol.name);
  if (name.size() <= h_.size()) {
    std::copy(name.begin(), name.end(), h_.begin());
  } else {
    hash_into(hash_kind_, {name}, h_);
  }
  ck_ = SecretBytes::copy_of(h_);
}

SymmetricState::~SymmetricState() = default;

SecretBytes SymmetricState::hkdf(ByteView input, std::size_t outputs) const {
  const std::size_t size = hash_size(hash_kind_);
  SecretBytes temp(size);
  hmac_into(hash_kind_, ck_.view(), {input}, temp.mutable_view());
  SecretBytes out(size * outputs);
  for (std::size_t i = 0; i < outputs; ++i) {
    const auto number = static_cast<std::uint8_t>(i + 1);
    const ByteView previous = i == 0 ? ByteView() : out.view().subspan((i - 1) * size, size);
    hmac_into(hash_kind_, temp.view(), {previous, ByteView(&number, 1)},
              out.mutable_view().subspan(i * size, size));
  }
  return out;
}

void SymmetricState::mix_key(ByteView input) {
  const std::size_t size = hash_size(hash_kind_);
  const SecretBytes out = hkdf(input, 2);
  ck_ = SecretBytes::copy_of(out.view().first(size));
  cipher_.set_key(out.view().subspan(size, kNoiseKeySize));
}

void SymmetricState::mix_hash(ByteView data) {
  Bytes next(h_.size());
  hash_into(hash_kind_, {h_, data}, next);
  h_ = std::move(next);
}

void SymmetricState::mix_key_and_hash(ByteView input) {
  const std::size_t size = hash_size(hash_kind_);
  const SecretBytes out = hkdf(input, 3);
  ck_ = SecretBytes::copy_of(out.view().first(size));
  mix_hash(out.view().subspan(size, size));
  cipher_.set_key(out.view().subspan(2 * size, kNoiseKeySize));
}

Result<Bytes> SymmetricState::encrypt_and_hash(ByteView plain) {
  DETENTE_TRY(sealed, cipher_.encrypt(h_, plain));
  mix_hash(sealed);
  return sealed;
}

Result<Bytes> SymmetricState::decrypt_and_hash(ByteView sealed) {
  DETENTE_TRY(plain, cipher_.decrypt(h_, sealed));
  mix_hash(sealed);
  return plain;
}

std::pair<std::unique_ptr<NoiseCipher>, std::unique_ptr<NoiseCipher>> SymmetricState::split()
    const {
  const std::size_t size = hash_size(hash_kind_);
  const SecretBytes out = hkdf({}, 2);
  auto first = std::make_unique<CipherState>(cipher_kind_);
  auto second = std::make_unique<CipherState>(cipher_kind_);
  first->set_key(out.view().first(kNoiseKeySize));
  second->set_key(out.view().subspan(size, kNoiseKeySize));
  return {std::move(first), std::move(second)};
}

}  // namespace detente::crypto
