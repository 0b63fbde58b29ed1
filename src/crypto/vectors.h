// The vector files of the three standard ciphers; for this folder alone. Their
// form is described in cipher_vectors.cc, their sources in the files.
#pragma once

#include <string_view>

namespace detente::crypto {

extern const std::string_view kChacha20Poly1305Vectors;
extern const std::string_view kAes256GcmVectors;
extern const std::string_view kAria256GcmVectors;

}  // namespace detente::crypto
