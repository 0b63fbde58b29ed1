#include "crypto/vectors.h"

#include "crypto/aead.h"

namespace detente::crypto {

std::string_view shipped_vectors(std::string_view name) {
  if (name == "ChaCha20-Poly1305") return kChacha20Poly1305Vectors;
  if (name == "AES-256-GCM") return kAes256GcmVectors;
  if (name == "ARIA-256-GCM") return kAria256GcmVectors;
  return {};
}

}  // namespace detente::crypto
