#include "crypto/digest.h"

#include <algorithm>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/evp.h"

namespace detente::crypto {

namespace {

constexpr std::size_t kBlockSizeMax = 128;

// Fetched once and kept for the life of the process: a fetch by name at each
// call costs more than hashing a short message.
const EVP_MD* algorithm(HashKind kind) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  static const EVP_MD* const blake2s = EVP_MD_fetch(nullptr, "BLAKE2S-256", nullptr);
  const EVP_MD* found = kind == HashKind::kSha256   ? sha256
                        : kind == HashKind::kSha512 ? sha512
                                                    : blake2s;
  DETENTE_CHECK(found != nullptr);
  return found;
}

// One context a thread and algorithm, so that a hash allocates nothing.
EVP_MD_CTX* context(HashKind kind) {
  thread_local const DigestContextOwner contexts[3] = {DigestContextOwner(EVP_MD_CTX_new()),
                                                       DigestContextOwner(EVP_MD_CTX_new()),
                                                       DigestContextOwner(EVP_MD_CTX_new())};
  EVP_MD_CTX* found = contexts[static_cast<std::size_t>(kind)].get();
  DETENTE_CHECK(found != nullptr);
  return found;
}

class Hasher {
 public:
  explicit Hasher(HashKind kind) : context_(context(kind)) {
    DETENTE_CHECK(EVP_DigestInit_ex2(context_, algorithm(kind), nullptr) == 1);
  }
  void update(ByteView data) {
    DETENTE_CHECK(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
  }
  void finish(MutableBytes out) {
    DETENTE_CHECK(EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1);
  }

 private:
  EVP_MD_CTX* context_;
};

}  // namespace

std::size_t hash_size(HashKind kind) { return kind == HashKind::kSha512 ? 64 : 32; }
std::size_t block_size(HashKind kind) { return kind == HashKind::kSha512 ? 128 : 64; }

void hash_into(HashKind kind, std::initializer_list<ByteView> parts, MutableBytes out) {
  DETENTE_CHECK(out.size() == hash_size(kind));
  Hasher hasher(kind);
  for (ByteView part : parts) hasher.update(part);
  hasher.finish(out);
}

void hmac_into(HashKind kind, ByteView key, std::initializer_list<ByteView> parts,
               MutableBytes out) {
  DETENTE_CHECK(out.size() == hash_size(kind));
  const std::size_t block = block_size(kind);
  ByteArray<kBlockSizeMax> pad{};
  if (key.size() > block) {
    hash_into(kind, {key}, MutableBytes(pad).first(hash_size(kind)));
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  ByteArray<kHashSizeMax> inner;
  const MutableBytes inner_hash = MutableBytes(inner).first(hash_size(kind));

  for (std::uint8_t& b : pad) b ^= 0x36;
  {
    Hasher hasher(kind);
    hasher.update(ByteView(pad).first(block));
    for (ByteView part : parts) hasher.update(part);
    hasher.finish(inner_hash);
  }
  for (std::uint8_t& b : pad) b ^= 0x36 ^ 0x5c;
  hash_into(kind, {ByteView(pad).first(block), inner_hash}, out);
  wipe(pad);
  wipe(inner);
}

}  // namespace detente::crypto
