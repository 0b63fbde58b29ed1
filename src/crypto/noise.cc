#include "crypto/noise.h"

#include <utility>

#include "base/check.h"
#include "crypto/noise_state.h"

namespace detente::crypto {

namespace {
constexpr std::size_t kPskSize = 32;
}  // namespace

// HandshakeState (section 5.3). One message at a time; after a failure it is
// dead, since its transcript may have taken in bytes of the failed message.
struct NoiseHandshake::State {
  State(NoiseProtocol p, NoiseConfig c)
      : protocol(std::move(p)), config(std::move(c)), symmetric(protocol) {}

  NoiseProtocol protocol;
  NoiseConfig config;
  SymmetricState symmetric;
  std::optional<AgreeKey> drawn_ephemeral;
  std::optional<AgreePublic> far_ephemeral;
  std::optional<AgreePublic> far_static;
  std::size_t next_message = 0;
  std::size_t next_psk = 0;
  bool dead = false;

  bool initiator() const { return config.role == Role::kInitiator; }
  const AgreeKey* ephemeral() const {
    return config.ephemeral != nullptr ? config.ephemeral : drawn_ephemeral ? &*drawn_ephemeral : nullptr;
  }
  bool finished() const { return !dead && next_message == protocol.pattern.messages.size(); }
  bool our_turn() const { return !dead && !finished() && (next_message % 2 == 0) == initiator(); }

  // What was borrowed for the messages is not held beyond the last.
  void advance() {
    if (++next_message == protocol.pattern.messages.size()) config.ephemeral = nullptr;
  }
  Result<void> check_config() const;
  void mix_start();
  Result<void> mix_agreement(const AgreeKey* ours, const std::optional<AgreePublic>& theirs);
  Result<void> mix_shared(NoiseToken token);
  Result<Bytes> write(ByteView payload, KeyRandom& random);
  Result<void> write_token(NoiseToken token, KeyRandom& random, Bytes& out);
  Result<Bytes> read(ByteView message);
  Result<void> read_token(NoiseToken token, ByteView& rest);
  void mix_ephemeral(const AgreePublic& key);
};

Result<void> NoiseHandshake::State::check_config() const {
  const NoisePattern& pattern = protocol.pattern;
  const std::string of = "Noise protocol \"" + protocol.name + "\"";
  const bool local_known =
      initiator() ? pattern.initiator_static_known : pattern.responder_static_known;
  const bool remote_known =
      initiator() ? pattern.responder_static_known : pattern.initiator_static_known;
  if ((local_known || pattern.uses_static(initiator() ? 0 : 1)) && config.local_static == nullptr) {
    return fail(Fault::kState, of + " needs the own static key");
  }
  if (remote_known && !config.remote_static) {
    return fail(Fault::kState, of + " needs the far side's static key beforehand");
  }
  // To take it and not look at it would let a caller believe that it is pinned.
  if (!remote_known && config.remote_static) {
    return fail(Fault::kState, of + " does not know the far side's static key beforehand: compare "
                                    "remote_static() after the handshake");
  }
  if (config.psks.size() != pattern.psk_count()) {
    return fail(Fault::kState, of + " needs " + std::to_string(pattern.psk_count()) +
                                   " pre-shared keys, " + std::to_string(config.psks.size()) +
                                   " were given");
  }
  for (const SecretBytes& psk : config.psks) {
    if (psk.size() != kPskSize) return fail(Fault::kState, "a Noise pre-shared key has 32 bytes");
  }
  return {};
}

void NoiseHandshake::State::mix_start() {
  symmetric.mix_hash(config.prologue);
  // The initiator's pre-message key comes first, whoever we are.
  for (const bool of_initiator : {true, false}) {
    const bool known = of_initiator ? protocol.pattern.initiator_static_known
                                    : protocol.pattern.responder_static_known;
    if (!known) continue;
    symmetric.mix_hash(of_initiator == initiator() ? config.local_static->public_key()
                                                   : *config.remote_static);
  }
  far_static = config.remote_static;
}

Result<void> NoiseHandshake::State::mix_agreement(const AgreeKey* ours,
                                                  const std::optional<AgreePublic>& theirs) {
  DETENTE_CHECK(ours != nullptr && theirs.has_value());  // the table of patterns has them in order
  const bool lasting = theirs == far_static && far_static == config.remote_static;
  DETENTE_TRY(shared, lasting ? ours->agree_lasting(*theirs) : ours->agree(*theirs));
  symmetric.mix_key(shared.view());
  return {};
}

Result<void> NoiseHandshake::State::mix_shared(NoiseToken token) {
  const AgreeKey* own_e = ephemeral();
  const AgreeKey* own_s = config.local_static;
  switch (token) {
    case NoiseToken::kEe: return mix_agreement(own_e, far_ephemeral);
    case NoiseToken::kSs: return mix_agreement(own_s, far_static);
    // The first letter is the initiator's key, the second the responder's.
    case NoiseToken::kEs:
      return initiator() ? mix_agreement(own_e, far_static) : mix_agreement(own_s, far_ephemeral);
    case NoiseToken::kSe:
      return initiator() ? mix_agreement(own_s, far_ephemeral) : mix_agreement(own_e, far_static);
    case NoiseToken::kPsk: symmetric.mix_key_and_hash(config.psks[next_psk++].view()); return {};
    case NoiseToken::kE:
    case NoiseToken::kS: break;
  }
  DETENTE_CHECK(false);
}

void NoiseHandshake::State::mix_ephemeral(const AgreePublic& key) {
  symmetric.mix_hash(key);
  // With a psk anywhere, ephemeral keys randomise the key as well (section 9.2).
  if (!config.psks.empty()) symmetric.mix_key(key);
}

Result<void> NoiseHandshake::State::write_token(NoiseToken token, KeyRandom& random, Bytes& out) {
  if (token == NoiseToken::kE) {
    if (config.ephemeral == nullptr) drawn_ephemeral = AgreeKey::generate(random);
    const AgreePublic& key = ephemeral()->public_key();
    append(out, key);
    mix_ephemeral(key);
    return {};
  }
  if (token == NoiseToken::kS) {
    DETENTE_TRY(sealed, symmetric.encrypt_and_hash(config.local_static->public_key()));
    append(out, sealed);
    return {};
  }
  return mix_shared(token);
}

Result<Bytes> NoiseHandshake::State::write(ByteView payload, KeyRandom& random) {
  Bytes out;
  for (NoiseToken token : protocol.pattern.messages[next_message]) {
    DETENTE_TRY_VOID(write_token(token, random, out));
  }
  DETENTE_TRY(sealed, symmetric.encrypt_and_hash(payload));
  append(out, sealed);
  if (out.size() > kNoiseMessageMax) {
    return fail(Fault::kLimit,
                "a Noise message holds at most 65535 bytes: the payload is too long");
  }
  advance();
  return out;
}

Result<void> NoiseHandshake::State::read_token(NoiseToken token, ByteView& rest) {
  if (token != NoiseToken::kE && token != NoiseToken::kS) return mix_shared(token);
  const bool sealed = token == NoiseToken::kS && symmetric.has_key();
  const std::size_t size = kNoiseKeySize + (sealed ? kAeadTagSize : 0);
  if (rest.size() < size) {
    return fail(Fault::kMalformed, "handshake message ends inside a public key");
  }
  const ByteView field = rest.first(size);
  rest = rest.subspan(size);
  if (token == NoiseToken::kE) {
    far_ephemeral = to_array<kNoiseKeySize>(field);
    mix_ephemeral(*far_ephemeral);
    return {};
  }
  DETENTE_TRY(key, symmetric.decrypt_and_hash(field));
  far_static = to_array<kNoiseKeySize>(key);
  return {};
}

Result<Bytes> NoiseHandshake::State::read(ByteView message) {
  if (message.size() > kNoiseMessageMax) {
    return fail(Fault::kLimit, "handshake message is longer than 65535 bytes");
  }
  ByteView rest = message;
  for (NoiseToken token : protocol.pattern.messages[next_message]) {
    DETENTE_TRY_VOID(read_token(token, rest));
  }
  DETENTE_TRY(payload, symmetric.decrypt_and_hash(rest));
  advance();
  return payload;
}

NoiseHandshake::NoiseHandshake(std::unique_ptr<State> state) : state_(std::move(state)) {}
NoiseHandshake::NoiseHandshake(NoiseHandshake&&) noexcept = default;
NoiseHandshake& NoiseHandshake::operator=(NoiseHandshake&&) noexcept = default;
NoiseHandshake::~NoiseHandshake() = default;

Result<NoiseHandshake> NoiseHandshake::start(NoiseConfig config) {
  DETENTE_TRY(protocol, parse_noise_name(config.protocol));
  auto state = std::make_unique<State>(std::move(protocol), std::move(config));
  DETENTE_TRY_VOID(state->check_config());
  state->mix_start();
  return NoiseHandshake(std::move(state));
}

Result<Bytes> NoiseHandshake::write(ByteView payload, KeyRandom& random) {
  if (!our_turn()) return fail(Fault::kState, "this handshake has no message of ours to write now");
  auto out = state_->write(payload, random);
  if (!out) state_->dead = true;
  return out;
}

Result<Bytes> NoiseHandshake::read(ByteView message) {
  if (state_->dead || finished() || our_turn()) {
    return fail(Fault::kState, "this handshake waits for no message now");
  }
  auto out = state_->read(message);
  if (!out) state_->dead = true;
  return out;
}

bool NoiseHandshake::finished() const { return state_->finished(); }
bool NoiseHandshake::our_turn() const { return state_->our_turn(); }

const Bytes& NoiseHandshake::handshake_hash() const { return state_->symmetric.hash(); }

std::optional<AgreePublic> NoiseHandshake::remote_static() const { return state_->far_static; }

std::pair<std::unique_ptr<NoiseCipher>, std::unique_ptr<NoiseCipher>> NoiseHandshake::split() {
  DETENTE_CHECK(finished());
  return state_->symmetric.split();
}

}  // namespace detente::crypto
