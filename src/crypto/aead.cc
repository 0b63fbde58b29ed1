#include "crypto/aead.h"

#include <openssl/err.h>

#include <climits>

#include "base/check.h"
#include "base/secret.h"
#include "crypto/evp.h"
#include "crypto/provider.h"

namespace detente::crypto {

namespace {

// EVP counts in int. Nothing that is sealed comes near; the bound keeps the conversions honest.
constexpr std::size_t kDataMax = INT_MAX - kAeadTagSize;

bool update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteView in) {
  int written = 0;
  // An empty update means "end of data" to some ciphers, so it is left out.
  return in.empty() ||
         (EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
          (out == nullptr || written == static_cast<int>(in.size())));
}

bool finish(EVP_CIPHER_CTX* context) {
  std::uint8_t nothing[EVP_MAX_BLOCK_LENGTH];
  int written = 0;
  return EVP_CipherFinal_ex(context, nothing, &written) == 1 && written == 0;
}

// One key's two contexts. They are made at their first use: most keys of a
// session seal or open, and do not do both.
class CipherPair {
 public:
  CipherPair(const EVP_CIPHER* cipher, ByteView key)
      : cipher_(cipher), key_(SecretBytes::copy_of(key)) {}

  bool seal(ByteView nonce, ByteView associated, ByteView plain, MutableBytes out) {
    EVP_CIPHER_CTX* c = context(sealer_, 1);
    return c != nullptr && EVP_CipherInit_ex2(c, nullptr, nullptr, nonce.data(), 1, nullptr) == 1 &&
           update(c, nullptr, associated) && update(c, out.data(), plain) && finish(c) &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, out.data() + plain.size()) ==
               1;
  }

  bool open(ByteView nonce, ByteView associated, ByteView sealed, MutableBytes out) {
    // OpenSSL takes the tag as a pointer to non-const and only reads it.
    auto* tag = const_cast<std::uint8_t*>(sealed.data()) + out.size();
    EVP_CIPHER_CTX* c = context(opener_, 0);
    return c != nullptr && EVP_CipherInit_ex2(c, nullptr, nullptr, nonce.data(), 0, nullptr) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag) == 1 &&
           update(c, nullptr, associated) && update(c, out.data(), sealed.first(out.size())) &&
           finish(c);
  }

 private:
  EVP_CIPHER_CTX* context(CipherContextOwner& slot, int encrypt) {
    if (slot) return slot.get();
    CipherContextOwner fresh(EVP_CIPHER_CTX_new());
    DETENTE_CHECK(fresh != nullptr);
    if (EVP_CipherInit_ex2(fresh.get(), cipher_, key_.view().data(), nullptr, encrypt, nullptr) !=
        1)
      return nullptr;
    slot = std::move(fresh);
    return slot.get();
  }

  const EVP_CIPHER* cipher_;
  SecretBytes key_;
  CipherContextOwner sealer_;
  CipherContextOwner opener_;
};

// A first message through a fresh cipher, so that one whose tag has another
// size, or that wants lengths beforehand (CCM), is refused at loading and never
// fails later.
bool works(const EVP_CIPHER* cipher) {
  const ByteArray<kAeadKeySize> key{};
  const ByteArray<kAeadNonceSize> nonce{};
  const ByteArray<3> text = {1, 2, 3};
  CipherPair pair(cipher, key);
  ByteArray<3 + kAeadTagSize> sealed{};
  ByteArray<3> opened{};
  return pair.seal(nonce, text, text, sealed) && pair.open(nonce, text, sealed, opened) &&
         opened == text;
}

}  // namespace

struct AeadAlgorithm::Impl {
  std::string name;
  CipherOwner cipher;
};

struct AeadKey::State {
  State(const AeadAlgorithm& a, ByteView key) : algorithm(a), pair(a.impl().cipher.get(), key) {}
  AeadAlgorithm algorithm;  // keeps the cipher alive
  CipherPair pair;
};

Result<AeadAlgorithm> AeadAlgorithm::load(std::string_view name) {
  const std::string text(name);
  CipherOwner cipher(fetch_cipher(text));
  ERR_clear_error();
  if (!cipher) {
    return fail(Fault::kNotFound, "no cipher \"" + text +
                                      "\" here: check the name in the accord, and load the "
                                      "provider module that has it");
  }
  const EVP_CIPHER* c = cipher.get();
  const bool fits = (EVP_CIPHER_get_flags(c) & EVP_CIPH_FLAG_AEAD_CIPHER) != 0 &&
                    EVP_CIPHER_get_key_length(c) == static_cast<int>(kAeadKeySize) &&
                    EVP_CIPHER_get_iv_length(c) == static_cast<int>(kAeadNonceSize) &&
                    EVP_CIPHER_get_block_size(c) == 1;
  const bool usable = fits && works(c);
  ERR_clear_error();
  if (!usable) {
    return fail(Fault::kUnsupported,
                "cipher \"" + text +
                    "\" cannot be used: an accord's cipher is an AEAD with a 32-byte key, a "
                    "12-byte nonce and a 16-byte tag");
  }
  return AeadAlgorithm(std::make_shared<const Impl>(Impl{text, std::move(cipher)}));
}

const std::string& AeadAlgorithm::name() const { return impl_->name; }

AeadKey::AeadKey(const AeadAlgorithm& algorithm, ByteView key) {
  DETENTE_CHECK(key.size() == kAeadKeySize);
  state_ = std::make_unique<State>(algorithm, key);
}

AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;
AeadKey::~AeadKey() = default;

Bytes AeadKey::seal(ByteView nonce, ByteView associated, ByteView plain) const {
  DETENTE_CHECK(nonce.size() == kAeadNonceSize);
  DETENTE_CHECK(plain.size() <= kDataMax && associated.size() <= kDataMax);
  Bytes out(plain.size() + kAeadTagSize);
  DETENTE_CHECK(state_->pair.seal(nonce, associated, plain, out));
  return out;
}

Result<Bytes> AeadKey::open(ByteView nonce, ByteView associated, ByteView sealed) const {
  DETENTE_CHECK(nonce.size() == kAeadNonceSize);
  if (sealed.size() < kAeadTagSize) {
    return fail(Fault::kAuthentication, "sealed bytes are shorter than their tag");
  }
  if (sealed.size() > kDataMax || associated.size() > kDataMax) {
    return fail(Fault::kLimit, "sealed bytes are longer than a cipher takes at once");
  }
  Bytes out(sealed.size() - kAeadTagSize);
  if (!state_->pair.open(nonce, associated, sealed, out)) {
    wipe(out);  // what did not verify is nobody's to read
    ERR_clear_error();
    return fail(Fault::kAuthentication,
                "sealed bytes do not verify under " + state_->algorithm.name());
  }
  return out;
}

}  // namespace detente::crypto
