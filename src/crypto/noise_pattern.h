// Names of Noise protocols and what they mean: the pattern's tokens, the cipher
// and the hash; for this folder alone. Noise revision 34, sections 7, 8 and 9.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"

namespace detente::crypto {

enum class NoiseToken { kE, kS, kEe, kEs, kSe, kSs, kPsk };
enum class NoiseCipherKind { kChaChaPoly, kAesGcm };

struct NoisePattern {
  bool initiator_static_known = false;  // a pre-message gives it to the responder
  bool responder_static_known = false;  // a pre-message gives it to the initiator
  bool one_way = false;                 // N, K, X: every transport message is the initiator's
  std::vector<std::vector<NoiseToken>> messages;  // the initiator's first, then alternating

  std::size_t psk_count() const;
  // Whether the messages of one side (0 initiator, 1 responder) contain its static key or use it
  // in an agreement.
  bool uses_static(std::size_t side) const;
};

struct NoiseProtocol {
  std::string name;
  NoisePattern pattern;
  NoiseCipherKind cipher = NoiseCipherKind::kChaChaPoly;
  HashKind hash = HashKind::kSha256;
};

// "Noise_KKpsk0_25519_ChaChaPoly_SHA256" and its like. Modifiers are joined by
// '+' and stand in ascending order. kUnsupported for every other name.
Result<NoiseProtocol> parse_noise_name(std::string_view name);

}  // namespace detente::crypto
