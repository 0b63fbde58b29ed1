#include "crypto/agree.h"

#include <openssl/err.h>

#include <utility>

#include "base/check.h"
#include "crypto/evp.h"

namespace detente::crypto {

namespace {
constexpr std::size_t kAgreeKeySize = 32;
constexpr std::size_t kLastingMax = 256;  // more counterparts than a station has
}

AgreeKey::AgreeKey(SecretBytes secret, void* evp, const AgreePublic& public_key)
    : private_(std::move(secret)), evp_(evp), public_(public_key) {}

AgreeKey AgreeKey::generate(KeyRandom& random) {
  SecretBytes secret(kAgreeKeySize);
  random.fill(secret.mutable_view());
  auto key = from_private(secret.view());
  DETENTE_CHECK(key.has_value());
  return std::move(*key);
}

Result<AgreeKey> AgreeKey::from_private(ByteView bytes) {
  if (bytes.size() != kAgreeKeySize) {
    return fail(Fault::kMalformed,
                "an X25519 private key has 32 bytes, this one has " + std::to_string(bytes.size()));
  }
  PkeyOwner key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()));
  DETENTE_CHECK(key != nullptr);
  AgreePublic public_key;
  std::size_t size = public_key.size();
  DETENTE_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) == 1);
  return AgreeKey(SecretBytes::copy_of(bytes), key.release(), public_key);
}

AgreeKey::AgreeKey(AgreeKey&& other) noexcept
    : private_(std::move(other.private_)),
      evp_(std::exchange(other.evp_, nullptr)),
      public_(other.public_),
      lasting_(std::move(other.lasting_)) {}

AgreeKey& AgreeKey::operator=(AgreeKey&& other) noexcept {
  if (this != &other) {
    EVP_PKEY_free(static_cast<EVP_PKEY*>(evp_));
    private_ = std::move(other.private_);
    evp_ = std::exchange(other.evp_, nullptr);
    public_ = other.public_;
    lasting_ = std::move(other.lasting_);
  }
  return *this;
}

AgreeKey::~AgreeKey() { EVP_PKEY_free(static_cast<EVP_PKEY*>(evp_)); }

Result<SecretBytes> AgreeKey::agree(const AgreePublic& other) const {
  DETENTE_CHECK(evp_ != nullptr);
  const PkeyOwner peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
  const PkeyContextOwner context(EVP_PKEY_CTX_new(static_cast<EVP_PKEY*>(evp_), nullptr));
  DETENTE_CHECK(peer && context);
  DETENTE_CHECK(EVP_PKEY_derive_init(context.get()) == 1);
  // Without the validation step: any 32 bytes are an X25519 public key (RFC 7748 section 5).
  DETENTE_CHECK(EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) == 1);
  SecretBytes shared(kAgreeKeySize);
  std::size_t size = shared.size();
  const bool derived =
      EVP_PKEY_derive(context.get(), shared.mutable_view().data(), &size) == 1 && size == kAgreeKeySize;
  ERR_clear_error();
  // OpenSSL itself fails on an all-zero result (RFC 7748 section 6.1); checked
  // here as well, since another provider may not.
  std::uint8_t any = 0;
  for (std::uint8_t b : shared.view()) any |= b;
  if (!derived || any == 0) {
    return fail(Fault::kAuthentication,
                "the other side's X25519 public key is a point of small order: no secret can be "
                "agreed with it, ask its owner for another key");
  }
  return shared;
}

Result<SecretBytes> AgreeKey::agree_lasting(const AgreePublic& other) const {
  if (const auto known = lasting_.find(other); known != lasting_.end()) return known->second.clone();
  DETENTE_TRY(shared, agree(other));
  if (lasting_.size() >= kLastingMax) lasting_.clear();
  lasting_.emplace(other, shared.clone());
  return shared;
}

}  // namespace detente::crypto
