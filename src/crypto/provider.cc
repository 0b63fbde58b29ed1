#include "crypto/provider.h"

#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/check.h"
#include "crypto/aead.h"

namespace detente::crypto {

namespace {

constexpr std::size_t kNameSizeMax = 64;

// Lives as long as the process: ciphers and contexts of its providers do too.
OSSL_LIB_CTX* side_context() {
  static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  DETENTE_CHECK(context != nullptr);
  return context;
}

std::string last_reason() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  const char* reason = ERR_reason_error_string(code);
  std::string out = reason != nullptr ? reason : "no reason given";
  if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') {
    out += std::string(" (") + data + ")";
  }
  return out;
}

}  // namespace

EVP_CIPHER* fetch_cipher(const std::string& name) {
  if (name.empty() || name.size() > kNameSizeMax || name.find('\0') != std::string::npos) {
    return nullptr;
  }
  EVP_CIPHER* own = EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr);
  return own != nullptr ? own : EVP_CIPHER_fetch(side_context(), name.c_str(), nullptr);
}

Result<void> load_provider(const std::string& path) {
  // A relative name would be looked up in OpenSSL's own folder of modules.
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) {
    return fail(Fault::kMalformed, "provider \"" + path + "\": give the full path of the module");
  }
  ERR_clear_error();
  // The reference is kept on purpose: a provider stays until the process ends.
  const bool loaded = OSSL_PROVIDER_load(side_context(), path.c_str()) != nullptr;
  const std::string reason = loaded ? "" : last_reason();
  ERR_clear_error();
  if (!loaded) {
    return fail(Fault::kIo, "provider " + path + " cannot be loaded: " + reason +
                                "; check that the file is there and is an OpenSSL 3 provider "
                                "module for this machine");
  }
  return {};
}

}  // namespace detente::crypto
