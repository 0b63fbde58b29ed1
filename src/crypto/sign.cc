#include "crypto/sign.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/evp.h"

namespace detente::crypto {

namespace {

constexpr std::size_t kSignKeySize = 32;

// Numbers below are little-endian, as RFC 8032 has them.

// p = 2^255 - 19, the field's order.
constexpr ByteArray<32> kFieldOrder = {
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

// L = 2^252 + 27742317777372353535851937790883648493, the order of the base point.
constexpr ByteArray<32> kGroupOrder = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

// y of the points whose order divides 8: order 4, 1, 2, and the two of order 8
// (each with either sign of x). Their other spellings, p and p + 1, are not
// below p and never reach this table.
constexpr ByteArray<32> kSmallOrderY[] = {
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};

// Public values only: not constant time.
bool less(ByteView a, const ByteArray<32>& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

}  // namespace

Result<VerifyKey> VerifyKey::from_bytes(ByteView bytes) {
  const auto key = to_array<kSignKeySize>(bytes);
  if (!key) {
    return fail(Fault::kMalformed,
                "an Ed25519 public key has 32 bytes, this one has " + std::to_string(bytes.size()));
  }
  ByteArray<32> y = *key;
  y[31] &= 0x7f;
  if (!less(y, kFieldOrder)) {
    return fail(Fault::kMalformed,
                "this Ed25519 public key is not in its canonical form: do not use it, ask its "
                "owner for another");
  }
  if (std::find(std::begin(kSmallOrderY), std::end(kSmallOrderY), y) != std::end(kSmallOrderY)) {
    return fail(Fault::kAuthentication,
                "this Ed25519 public key is a point of small order, under which one signature "
                "fits every text: do not use it, ask its owner for another");
  }
  return VerifyKey(*key);
}

bool VerifyKey::verify(ByteView message, const Signature& signature) const {
  if (!less(ByteView(signature).last(32), kGroupOrder)) return false;
  const PkeyOwner key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_.data(), bytes_.size()));
  const DigestContextOwner context(EVP_MD_CTX_new());
  DETENTE_CHECK(key && context);
  DETENTE_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  const int ok = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                                  message.size());
  if (ok != 1) ERR_clear_error();  // a key that is no point leaves one behind
  return ok == 1;
}

SignKey::SignKey(SecretBytes seed, void* evp, const VerifyKey& verify_key)
    : seed_(std::move(seed)), evp_(evp), verify_key_(verify_key) {}

SignKey SignKey::generate(KeyRandom& random) {
  SecretBytes seed(kSignKeySize);
  random.fill(seed.mutable_view());
  auto key = from_seed(seed.view());
  DETENTE_CHECK(key.has_value());
  return std::move(*key);
}

Result<SignKey> SignKey::from_seed(ByteView seed) {
  if (seed.size() != kSignKeySize) {
    return fail(Fault::kMalformed,
                "an Ed25519 private key has 32 bytes, this one has " + std::to_string(seed.size()));
  }
  PkeyOwner key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  DETENTE_CHECK(key != nullptr);
  ByteArray<32> public_key;
  std::size_t size = public_key.size();
  DETENTE_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) == 1);
  return SignKey(SecretBytes::copy_of(seed), key.release(), VerifyKey(public_key));
}

SignKey::SignKey(SignKey&& other) noexcept
    : seed_(std::move(other.seed_)),
      evp_(std::exchange(other.evp_, nullptr)),
      verify_key_(other.verify_key_) {}

SignKey& SignKey::operator=(SignKey&& other) noexcept {
  if (this != &other) {
    EVP_PKEY_free(static_cast<EVP_PKEY*>(evp_));
    seed_ = std::move(other.seed_);
    evp_ = std::exchange(other.evp_, nullptr);
    verify_key_ = other.verify_key_;
  }
  return *this;
}

SignKey::~SignKey() { EVP_PKEY_free(static_cast<EVP_PKEY*>(evp_)); }

Signature SignKey::sign(ByteView message) const {
  DETENTE_CHECK(evp_ != nullptr);
  const DigestContextOwner context(EVP_MD_CTX_new());
  DETENTE_CHECK(context != nullptr);
  DETENTE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                                   static_cast<EVP_PKEY*>(evp_)) == 1);
  Signature signature;
  std::size_t size = signature.size();
  DETENTE_CHECK(
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  DETENTE_CHECK(size == kSignatureSize);
  return signature;
}

}  // namespace detente::crypto
