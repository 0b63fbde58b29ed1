// What outside texts and bytes reach the ciphers: vector files, names of Noise protocols and their
// messages, public keys and signatures.
#include "base/random.h"
#include "crypto/aead.h"
#include "crypto/noise.h"
#include "crypto/noise_pattern.h"
#include "crypto/sign.h"
#include "fuzz.h"

namespace detente::fuzz {

namespace {

void check_vectors(std::string_view text) {
  static const crypto::AeadAlgorithm* const cipher =
      new crypto::AeadAlgorithm(crypto::AeadAlgorithm::load("ChaCha20-Poly1305").value());
  if (cipher->check_vectors(text)) FUZZ_EXPECT(text.ends_with('\n') && text.size() > 100);
}

// A name in the first line, then a message for its responder.
void check_noise(ByteView input, std::string_view text) {
  const std::string_view name = text.substr(0, text.find('\n'));
  const auto protocol = crypto::parse_noise_name(name);
  if (!protocol) return;
  FUZZ_EXPECT(protocol->name == name && !protocol->pattern.messages.empty());
  SeededRandom random(1);
  const crypto::AgreeKey ours = crypto::AgreeKey::generate(random);
  crypto::NoiseConfig config;
  config.protocol = name;
  config.role = crypto::Role::kResponder;
  config.local_static = &ours;
  if (protocol->pattern.initiator_static_known) config.remote_static = ours.public_key();
  for (std::size_t i = 0; i < protocol->pattern.psk_count(); ++i)
    config.psks.push_back(SecretBytes(32));
  auto handshake = crypto::NoiseHandshake::start(std::move(config));
  FUZZ_EXPECT(handshake.has_value());
  if (name.size() == input.size()) return;
  const auto payload = handshake->read(input.subspan(name.size() + 1));
  if (payload) FUZZ_EXPECT(payload->size() + 32 + name.size() < input.size());
  if (payload && !handshake->finished() && handshake->our_turn())
    FUZZ_EXPECT(handshake->write({}, random).has_value() || !protocol->pattern.one_way);
}

void check_keys(ByteView input) {
  static const crypto::SignKey* const ours =
      new crypto::SignKey(crypto::SignKey::from_seed(Bytes(32, 1)).value());
  static const crypto::Signature* const genuine =
      new crypto::Signature(ours->sign(as_bytes("we accept")));
  if (const auto signature = to_array<64>(input))
    if (ours->verify_key().verify(as_bytes("we accept"), *signature))
      FUZZ_EXPECT(*signature == *genuine);
  if (input.size() != 96) return;
  const auto key = crypto::VerifyKey::from_bytes(input.first(32));
  if (!key) return;
  FUZZ_EXPECT(equal(key->bytes(), input.first(32)));
  // One signature for two texts: only a key of small order could have that.
  const crypto::Signature signature = *to_array<64>(input.subspan(32));
  FUZZ_EXPECT(!key->verify(as_bytes("we accept"), signature) ||
              !key->verify(as_bytes("we refuse"), signature));
}

}  // namespace

void run(ByteView input) {
  const std::string text = text_of(input);
  check_vectors(text);
  check_noise(input, text);
  check_keys(input);
}

Seeds seeds() {
  const auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
  const crypto::SignKey key = crypto::SignKey::from_seed(Bytes(32, 1)).value();
  const Bytes signature = to_bytes(key.sign(as_bytes("we accept")));
  const std::string_view vectors = crypto::shipped_vectors("ChaCha20-Poly1305");
  const std::size_t last = vectors.rfind('\n', vectors.size() - 2) + 1;
  Bytes identity = Bytes(96, 0);
  identity[0] = identity[32] = 1;
  return {{"vectors", bytes(vectors.substr(last))},
          {"comment", bytes("# a comment\n\n00 00 - - 00\n")},
          {"station-suite", bytes(crypto::kStationSuite)},
          {"xx", concat(bytes("Noise_XX_25519_AESGCM_SHA512\n"), Bytes(32, 9))},
          {"psks", bytes("Noise_XXpsk0+psk3_25519_ChaChaPoly_BLAKE2s\n")},
          {"one-way", concat(bytes("Noise_N_25519_ChaChaPoly_SHA256\n"), Bytes(48, 9))},
          {"signature", signature},
          {"key-and-signature", concat(key.verify_key().bytes(), signature)},
          {"identity", identity}};
}

}  // namespace detente::fuzz
