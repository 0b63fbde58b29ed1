// Noise (revision 34) handshakes: every two-party and one-way pattern with psk
// modifiers, 25519; ChaChaPoly and AESGCM; SHA256, SHA512 and BLAKE2s.
//
// Stations use exactly one: Noise_KKpsk0_25519_ChaChaPoly_SHA256. The others
// are here because the vectors that prove this code right are spread over them.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/agree.h"

namespace detente::crypto {

inline constexpr std::string_view kStationSuite = "Noise_KKpsk0_25519_ChaChaPoly_SHA256";

enum class Role { kInitiator, kResponder };

// One direction of a finished handshake (CipherState).
class NoiseCipher {
 public:
  virtual ~NoiseCipher() = default;
  virtual Result<Bytes> encrypt(ByteView associated, ByteView plain) = 0;
  virtual Result<Bytes> decrypt(ByteView associated, ByteView sealed) = 0;
  virtual void rekey() = 0;
  virtual ByteView key() const = 0;  // 32 bytes: what the transport derives its own keys from
};

struct NoiseConfig {
  std::string_view protocol = kStationSuite;
  Role role = Role::kInitiator;
  Bytes prologue;
  const AgreeKey* local_static = nullptr;      // borrowed; must outlive the handshake
  std::optional<AgreePublic> remote_static;    // where the pattern knows it beforehand
  std::vector<SecretBytes> psks;               // in the order of their use, 32 bytes each
  // Borrowed; made by the caller where he must be able to write the same message again. Absent, one
  // is drawn.
  const AgreeKey* ephemeral = nullptr;
};

class NoiseHandshake {
 public:
  // kUnsupported for a name this program does not have, kState for a missing key or psk.
  static Result<NoiseHandshake> start(NoiseConfig config);
  NoiseHandshake(NoiseHandshake&&) noexcept;
  NoiseHandshake& operator=(NoiseHandshake&&) noexcept;
  ~NoiseHandshake();

  // The next message, when it is ours to write. `random` makes the ephemeral key.
  Result<Bytes> write(ByteView payload, KeyRandom& random);
  // Reads the next message; gives its payload. kAuthentication when it does not verify; the
  // handshake is then dead.
  Result<Bytes> read(ByteView message);
  bool finished() const;
  bool our_turn() const;

  // After finished(): the channel binding, the far static key, and the two directions
  // (initiator to responder first).
  const Bytes& handshake_hash() const;
  std::optional<AgreePublic> remote_static() const;
  std::pair<std::unique_ptr<NoiseCipher>, std::unique_ptr<NoiseCipher>> split();

 private:
  struct State;
  explicit NoiseHandshake(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace detente::crypto
