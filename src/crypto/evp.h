// Owners for OpenSSL's objects; for this folder alone. No header that others
// include may include it, so that nothing above this layer sees OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <memory>

namespace detente::crypto {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using PkeyOwner = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using PkeyContextOwner = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContextOwner = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using CipherOwner = std::unique_ptr<EVP_CIPHER, Freer<EVP_CIPHER_free>>;
using CipherContextOwner = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;

}  // namespace detente::crypto
