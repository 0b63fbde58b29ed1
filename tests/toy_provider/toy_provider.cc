// A toy of a side's own cipher, as an OpenSSL 3 provider module: it proves that
// a station can load a cipher by name that OpenSSL does not have. A test's toy,
// not for use.
//
// TOY-CTR-HMAC: key 32 bytes, nonce 12, tag 16.
//   keys    = HMAC-SHA256(key, "toy encrypt"), HMAC-SHA256(key, "toy check")
//   cipher  = AES-256-CTR(keys[0], nonce || 00000000, plain)
//   tag     = HMAC-SHA256(keys[1], nonce || len(aad) as 8 bytes || aad || cipher)[:16]
//
// It computes with libcrypto in a context of its own, so that it does not
// depend on what the loading program has.
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

using Key = std::array<unsigned char, 32>;
using Buffer = std::vector<unsigned char>;

struct Provider {
  OSSL_LIB_CTX* library = nullptr;
  EVP_MAC* hmac = nullptr;
  EVP_CIPHER* ctr = nullptr;
};

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

// One message at a time: the associated data and the text are gathered, and
// the tag is made or checked at the end. It releases text before the check, as
// streaming ciphers do; the caller must not use it until final() succeeded.
struct Context {
  explicit Context(const Provider* p) : provider(p), ctr(EVP_CIPHER_CTX_new()) {}
  const Provider* provider;
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> ctr;
  bool encrypt = true;
  bool has_key = false;
  bool has_nonce = false;
  bool has_tag = false;
  Key encrypt_key{};
  Key check_key{};
  std::array<unsigned char, kNonceSize> nonce{};
  std::array<unsigned char, kTagSize> tag{};
  Buffer associated;
  Buffer text;  // the cipher text
};

bool hmac(const Provider& p, const Key& key, const Buffer& data, Key& out) {
  EVP_MAC_CTX* c = EVP_MAC_CTX_new(p.hmac);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  std::size_t size = 0;
  const bool ok = c != nullptr && EVP_MAC_init(c, key.data(), key.size(), params) == 1 &&
                  EVP_MAC_update(c, data.data(), data.size()) == 1 &&
                  EVP_MAC_final(c, out.data(), &size, out.size()) == 1;
  EVP_MAC_CTX_free(c);
  return ok;
}

bool set_key(Context& c, const unsigned char* bytes) {
  Key key;
  std::memcpy(key.data(), bytes, key.size());
  const auto derive = [&](const char* label, Key& out) {
    return hmac(*c.provider, key, Buffer(label, label + std::strlen(label)), out);
  };
  c.has_key = derive("toy encrypt", c.encrypt_key) && derive("toy check", c.check_key);
  OPENSSL_cleanse(key.data(), key.size());
  return c.has_key;
}

bool start_message(Context& c) {
  c.associated.clear();
  c.text.clear();
  std::array<unsigned char, 16> counter{};
  std::memcpy(counter.data(), c.nonce.data(), c.nonce.size());
  return EVP_EncryptInit_ex2(c.ctr.get(), c.provider->ctr, c.encrypt_key.data(), counter.data(),
                             nullptr) == 1;
}

bool make_tag(const Context& c, std::array<unsigned char, kTagSize>& out) {
  Buffer data(c.nonce.begin(), c.nonce.end());
  for (int shift = 56; shift >= 0; shift -= 8) {
    data.push_back(static_cast<unsigned char>(c.associated.size() >> shift));
  }
  data.insert(data.end(), c.associated.begin(), c.associated.end());
  data.insert(data.end(), c.text.begin(), c.text.end());
  Key full;
  if (!hmac(*c.provider, c.check_key, data, full)) return false;
  std::memcpy(out.data(), full.data(), out.size());
  return true;
}

// --- what OpenSSL calls ---

int set_params(void* vctx, const OSSL_PARAM params[]) {
  Context& c = *static_cast<Context*>(vctx);
  if (params == nullptr) return 1;
  if (const OSSL_PARAM* p = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TAG)) {
    if (p->data_type != OSSL_PARAM_OCTET_STRING || p->data_size != kTagSize || c.encrypt) return 0;
    if (p->data == nullptr) return 1;  // the size alone
    std::memcpy(c.tag.data(), p->data, kTagSize);
    c.has_tag = true;
  }
  if (const OSSL_PARAM* p = OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_IVLEN)) {
    std::size_t size = 0;
    if (OSSL_PARAM_get_size_t(p, &size) != 1 || size != kNonceSize) return 0;
  }
  return 1;
}

int get_context_params(void* vctx, OSSL_PARAM params[]) {
  Context& c = *static_cast<Context*>(vctx);
  const auto set = [&](const char* name, std::size_t value) {
    OSSL_PARAM* p = OSSL_PARAM_locate(params, name);
    return p == nullptr || OSSL_PARAM_set_size_t(p, value) == 1;
  };
  if (!set(OSSL_CIPHER_PARAM_KEYLEN, kKeySize) || !set(OSSL_CIPHER_PARAM_IVLEN, kNonceSize) ||
      !set(OSSL_CIPHER_PARAM_AEAD_TAGLEN, kTagSize)) {
    return 0;
  }
  OSSL_PARAM* p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG);
  if (p == nullptr) return 1;
  if (!c.encrypt || !c.has_tag || p->data_size != kTagSize) return 0;
  return OSSL_PARAM_set_octet_string(p, c.tag.data(), kTagSize);
}

int init(void* vctx, const unsigned char* key, std::size_t key_size, const unsigned char* nonce,
         std::size_t nonce_size, const OSSL_PARAM params[], bool encrypt) {
  Context& c = *static_cast<Context*>(vctx);
  c.encrypt = encrypt;
  c.has_tag = false;
  if (key != nullptr && (key_size != kKeySize || !set_key(c, key))) return 0;
  if (nonce != nullptr) {
    if (nonce_size != kNonceSize) return 0;
    std::memcpy(c.nonce.data(), nonce, kNonceSize);
    c.has_nonce = true;
  }
  if (c.has_key && c.has_nonce && !start_message(c)) return 0;
  return set_params(vctx, params);
}

int encrypt_init(void* c, const unsigned char* key, std::size_t key_size,
                 const unsigned char* nonce, std::size_t nonce_size, const OSSL_PARAM params[]) {
  return init(c, key, key_size, nonce, nonce_size, params, true);
}

int decrypt_init(void* c, const unsigned char* key, std::size_t key_size,
                 const unsigned char* nonce, std::size_t nonce_size, const OSSL_PARAM params[]) {
  return init(c, key, key_size, nonce, nonce_size, params, false);
}

int update(void* vctx, unsigned char* out, std::size_t* out_size, std::size_t out_max,
           const unsigned char* in, std::size_t in_size) {
  Context& c = *static_cast<Context*>(vctx);
  if (!c.has_key || !c.has_nonce) return 0;
  *out_size = in_size;
  if (in_size == 0) return 1;
  if (out == nullptr) {
    c.associated.insert(c.associated.end(), in, in + in_size);
    return 1;
  }
  if (out_max < in_size) return 0;
  if (!c.encrypt) c.text.insert(c.text.end(), in, in + in_size);
  int written = 0;
  if (EVP_EncryptUpdate(c.ctr.get(), out, &written, in, static_cast<int>(in_size)) != 1) return 0;
  if (c.encrypt) c.text.insert(c.text.end(), out, out + in_size);
  return 1;
}

int finish(void* vctx, unsigned char*, std::size_t* out_size, std::size_t) {
  Context& c = *static_cast<Context*>(vctx);
  *out_size = 0;
  if (!c.has_key || !c.has_nonce) return 0;
  c.has_nonce = false;  // one message a nonce
  std::array<unsigned char, kTagSize> tag;
  if (!make_tag(c, tag)) return 0;
  if (!c.encrypt) return c.has_tag && CRYPTO_memcmp(tag.data(), c.tag.data(), kTagSize) == 0;
  c.tag = tag;
  c.has_tag = true;
  return 1;
}

int one_shot(void* c, unsigned char* out, std::size_t* out_size, std::size_t out_max,
             const unsigned char* in, std::size_t in_size) {
  return update(c, out, out_size, out_max, in, in_size);
}

void* new_context(void* provider) {
  auto* c = new (std::nothrow) Context(static_cast<const Provider*>(provider));
  if (c != nullptr && !c->ctr) {
    delete c;
    return nullptr;
  }
  return c;
}

void free_context(void* vctx) {
  auto* c = static_cast<Context*>(vctx);
  if (c == nullptr) return;
  OPENSSL_cleanse(c->encrypt_key.data(), c->encrypt_key.size());
  OPENSSL_cleanse(c->check_key.data(), c->check_key.size());
  delete c;
}

int get_params(OSSL_PARAM params[]) {
  const auto set = [&](const char* name, std::size_t value) {
    OSSL_PARAM* p = OSSL_PARAM_locate(params, name);
    return p == nullptr || OSSL_PARAM_set_size_t(p, value) == 1;
  };
  OSSL_PARAM* mode = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_MODE);
  OSSL_PARAM* aead = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD);
  return set(OSSL_CIPHER_PARAM_KEYLEN, kKeySize) && set(OSSL_CIPHER_PARAM_IVLEN, kNonceSize) &&
         set(OSSL_CIPHER_PARAM_BLOCK_SIZE, 1) &&
         (mode == nullptr || OSSL_PARAM_set_uint(mode, EVP_CIPH_STREAM_CIPHER) == 1) &&
         (aead == nullptr || OSSL_PARAM_set_int(aead, 1) == 1);
}

const OSSL_PARAM* gettable_params(void*) {
  static const OSSL_PARAM list[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr),
                                    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
                                    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_BLOCK_SIZE, nullptr),
                                    OSSL_PARAM_uint(OSSL_CIPHER_PARAM_MODE, nullptr),
                                    OSSL_PARAM_int(OSSL_CIPHER_PARAM_AEAD, nullptr),
                                    OSSL_PARAM_END};
  return list;
}

const OSSL_PARAM* gettable_context_params(void*, void*) {
  static const OSSL_PARAM list[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr),
                                    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
                                    OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_TAGLEN, nullptr),
                                    OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, nullptr, 0),
                                    OSSL_PARAM_END};
  return list;
}

const OSSL_PARAM* settable_context_params(void*, void*) {
  static const OSSL_PARAM list[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, nullptr),
                                    OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, nullptr, 0),
                                    OSSL_PARAM_END};
  return list;
}

template <typename Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)(void)>(function)};
}

const OSSL_DISPATCH kCipher[] = {
    entry(OSSL_FUNC_CIPHER_NEWCTX, new_context),
    entry(OSSL_FUNC_CIPHER_FREECTX, free_context),
    entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, encrypt_init),
    entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, decrypt_init),
    entry(OSSL_FUNC_CIPHER_UPDATE, update),
    entry(OSSL_FUNC_CIPHER_FINAL, finish),
    entry(OSSL_FUNC_CIPHER_CIPHER, one_shot),
    entry(OSSL_FUNC_CIPHER_GET_PARAMS, get_params),
    entry(OSSL_FUNC_CIPHER_GETTABLE_PARAMS, gettable_params),
    entry(OSSL_FUNC_CIPHER_GET_CTX_PARAMS, get_context_params),
    entry(OSSL_FUNC_CIPHER_GETTABLE_CTX_PARAMS, gettable_context_params),
    entry(OSSL_FUNC_CIPHER_SET_CTX_PARAMS, set_params),
    entry(OSSL_FUNC_CIPHER_SETTABLE_CTX_PARAMS, settable_context_params),
    {0, nullptr}};

// A cipher whose nonce has another size: a station must refuse it at loading.
int short_params(OSSL_PARAM params[]) {
  if (get_params(params) != 1) return 0;
  OSSL_PARAM* p = OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_IVLEN);
  return p == nullptr || OSSL_PARAM_set_size_t(p, 8) == 1;
}

const OSSL_DISPATCH kShortNonce[] = {entry(OSSL_FUNC_CIPHER_NEWCTX, new_context),
                                     entry(OSSL_FUNC_CIPHER_FREECTX, free_context),
                                     entry(OSSL_FUNC_CIPHER_ENCRYPT_INIT, encrypt_init),
                                     entry(OSSL_FUNC_CIPHER_DECRYPT_INIT, decrypt_init),
                                     entry(OSSL_FUNC_CIPHER_UPDATE, update),
                                     entry(OSSL_FUNC_CIPHER_FINAL, finish),
                                     entry(OSSL_FUNC_CIPHER_GET_PARAMS, short_params),
                                     entry(OSSL_FUNC_CIPHER_GETTABLE_PARAMS, gettable_params),
                                     {0, nullptr}};

const OSSL_ALGORITHM kCiphers[] = {
    {"TOY-CTR-HMAC", "provider=toy", kCipher, "a test's toy"},
    {"TOY-SHORT-NONCE", "provider=toy", kShortNonce, "a test's toy with a nonce of 8 bytes"},
    // A name that OpenSSL has: a station must go on using OpenSSL's.
    {"AES-256-GCM", "provider=toy", kCipher, "a test's toy under a false name"},
    {nullptr, nullptr, nullptr, nullptr}};

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  *no_cache = 0;
  return operation == OSSL_OP_CIPHER ? kCiphers : nullptr;
}

void teardown(void* vprovider) {
  auto* p = static_cast<Provider*>(vprovider);
  EVP_MAC_free(p->hmac);
  EVP_CIPHER_free(p->ctr);
  OSSL_LIB_CTX_free(p->library);
  delete p;
}

const OSSL_DISPATCH kProvider[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                   entry(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
                                   {0, nullptr}};

}  // namespace

extern "C" __attribute__((visibility("default"))) int OSSL_provider_init(const OSSL_CORE_HANDLE*,
                                                                         const OSSL_DISPATCH*,
                                                                         const OSSL_DISPATCH** out,
                                                                         void** context) {
  auto* p = new (std::nothrow) Provider;
  if (p == nullptr) return 0;
  p->library = OSSL_LIB_CTX_new();
  p->hmac = EVP_MAC_fetch(p->library, "HMAC", nullptr);
  p->ctr = EVP_CIPHER_fetch(p->library, "AES-256-CTR", nullptr);
  if (p->hmac == nullptr || p->ctr == nullptr) {
    teardown(p);
    return 0;
  }
  *out = kProvider;
  *context = p;
  return 1;
}
