// Where ciphers come from; for this folder alone. load_provider() is in aead.h.
//
// A side's own provider lives in a library context of its own. It can add
// ciphers and can replace nothing: hashes, signatures, key agreement and the
// standard ciphers always come from OpenSSL's default context.
#pragma once

#include <openssl/evp.h>

#include <string>

namespace detente::crypto {

// From OpenSSL itself, else from a loaded provider; nullptr when nobody has it.
// The caller owns one reference.
EVP_CIPHER* fetch_cipher(const std::string& name);

}  // namespace detente::crypto
