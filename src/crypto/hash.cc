#include "crypto/hash.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/check.h"
#include "crypto/digest.h"
#include "crypto/evp.h"

namespace detente::crypto {

Digest sha256(ByteView data) {
  Digest out;
  hash_into(HashKind::kSha256, {data}, out);
  return out;
}

Digest sha256(std::initializer_list<ByteView> parts) {
  Digest out;
  hash_into(HashKind::kSha256, parts, out);
  return out;
}

struct Sha256::State {
  DigestContextOwner context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  DETENTE_CHECK(state_->context != nullptr &&
                EVP_DigestInit_ex2(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(ByteView data) {
  DETENTE_CHECK(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
  Digest out;
  DETENTE_CHECK(EVP_DigestFinal_ex(state_->context.get(), out.data(), nullptr) == 1);
  return out;
}

Digest hmac_sha256(ByteView key, ByteView data) {
  Digest out;
  hmac_into(HashKind::kSha256, key, {data}, out);
  return out;
}

SecretBytes hkdf_extract(ByteView salt, ByteView input_key) {
  SecretBytes out(kDigestSize);
  // No salt means 32 zero bytes (RFC 5869 section 2.2); HMAC pads an empty key to the same.
  hmac_into(HashKind::kSha256, salt, {input_key}, out.mutable_view());
  return out;
}

SecretBytes hkdf_expand(ByteView pseudo_random_key, ByteView info, std::size_t size) {
  DETENTE_CHECK(size <= 255 * kDigestSize);
  SecretBytes out(size);
  Digest block;
  std::size_t done = 0;
  for (std::uint8_t round = 1; done < size; ++round) {
    const ByteView previous = round == 1 ? ByteView() : ByteView(block);
    hmac_into(HashKind::kSha256, pseudo_random_key, {previous, info, ByteView(&round, 1)}, block);
    const std::size_t n = std::min(kDigestSize, size - done);
    std::copy_n(block.begin(), n, out.mutable_view().begin() + static_cast<std::ptrdiff_t>(done));
    done += n;
  }
  wipe(block);
  return out;
}

bool equal_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace detente::crypto
