#include "crypto/noise.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/noise_state.h"

namespace detente::crypto {
namespace {

struct Keys {
  explicit Keys(std::uint64_t seed)
      : random(seed), south(AgreeKey::generate(random)), north(AgreeKey::generate(random)) {
    random.fill(psk);
  }
  SeededRandom random;
  AgreeKey south;
  AgreeKey north;
  ByteArray<32> psk{};

  NoiseConfig config(Role role) const {
    NoiseConfig c;
    c.role = role;
    c.prologue = to_bytes(as_bytes("prologue"));
    c.local_static = role == Role::kInitiator ? &south : &north;
    c.remote_static = (role == Role::kInitiator ? north : south).public_key();
    c.psks.push_back(SecretBytes::copy_of(psk));
    return c;
  }
};

Fault fault_of(const Result<Bytes>& r) { return r.error().fault; }

// The station's suite: what a handshake gives, and its sizes.
TEST(Noise, StationSuite) {
  Keys keys(1);
  auto i = NoiseHandshake::start(keys.config(Role::kInitiator));
  auto r = NoiseHandshake::start(keys.config(Role::kResponder));
  ASSERT_TRUE(i && r);
  EXPECT_TRUE(i->our_turn());
  EXPECT_FALSE(r->our_turn());
  const auto first = i->write({}, keys.random);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 48u);
  EXPECT_EQ(fault_of(i->write({}, keys.random)), Fault::kState);
  ASSERT_TRUE(r->read(*first));
  EXPECT_FALSE(r->finished());
  const auto second = r->write(as_bytes("hello"), keys.random);
  ASSERT_TRUE(second);
  EXPECT_EQ(i->read(*second).value(), to_bytes(as_bytes("hello")));
  ASSERT_TRUE(i->finished() && r->finished());
  EXPECT_EQ(fault_of(i->read(*second)), Fault::kState);
  EXPECT_EQ(fault_of(r->write({}, keys.random)), Fault::kState);
  EXPECT_EQ(i->handshake_hash(), r->handshake_hash());
  auto [i_out, i_in] = i->split();
  auto [r_in, r_out] = r->split();
  EXPECT_TRUE(equal(i_out->key(), r_in->key()));
  EXPECT_TRUE(equal(i_in->key(), r_out->key()));
  EXPECT_FALSE(equal(i_out->key(), i_in->key()));
}

// Every change of every bit of both messages is found, and kills the handshake.
TEST(Noise, NothingOfAMessageCanBeChanged) {
  Keys keys(2);
  auto writer = NoiseHandshake::start(keys.config(Role::kInitiator));
  const Bytes first = writer->write(as_bytes("a"), keys.random).value();
  const auto refuse = [&](const Bytes& message) {
    auto r = NoiseHandshake::start(keys.config(Role::kResponder));
    const auto read = r->read(message);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().fault, Fault::kState);
    EXPECT_FALSE(r->finished());
    EXPECT_EQ(fault_of(r->read(first)), Fault::kState) << "dead after a failure";
    EXPECT_EQ(fault_of(r->write({}, keys.random)), Fault::kState);
  };
  for (std::size_t bit = 0; bit < first.size() * 8; ++bit) {
    Bytes changed = first;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    refuse(changed);
  }
  for (std::size_t n = 0; n < first.size(); ++n) {
    refuse(Bytes(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(n)));
  }
  refuse(concat(first, Bytes(1)));
  refuse(Bytes(70000));
}

TEST(Noise, BothMustHoldTheSame) {
  Keys keys(3);
  const Keys other(4);
  for (int which = 0; which < 4; ++which) {
    NoiseConfig c = keys.config(Role::kResponder);
    if (which == 0) c.psks[0] = SecretBytes(32);
    if (which == 1) c.prologue.push_back(0);
    if (which == 2) c.remote_static = other.south.public_key();
    if (which == 3) c.local_static = &other.north;
    auto i = NoiseHandshake::start(keys.config(Role::kInitiator));
    auto r = NoiseHandshake::start(std::move(c));
    const auto read = r->read(i->write({}, keys.random).value());
    ASSERT_FALSE(read) << which;
    EXPECT_EQ(read.error().fault, Fault::kAuthentication);
  }
}

TEST(Noise, RefusesAnEphemeralKeyOfSmallOrder) {
  Keys keys(5);
  auto r = NoiseHandshake::start(keys.config(Role::kResponder));
  EXPECT_EQ(fault_of(r->read(Bytes(48))), Fault::kAuthentication);
}

TEST(Noise, RefusesUnknownNames) {
  for (const char* name : {"",
                           "Noise",
                           "Noise_KK_25519_ChaChaPoly",
                           "Noise_KK_25519_ChaChaPoly_SHA256_",
                           "Noise_KK_25519_ChaChaPoly_SHA256_X",
                           "noise_KK_25519_ChaChaPoly_SHA256",
                           "Noise_KK_448_ChaChaPoly_SHA256",
                           "Noise_KK_25519_ChaChaPoly_BLAKE2b",
                           "Noise_KK_25519_XChaChaPoly_SHA256",
                           "Noise__25519_ChaChaPoly_SHA256",
                           "Noise_ZZ_25519_ChaChaPoly_SHA256",
                           "Noise_KKhfs_25519_ChaChaPoly_SHA256",
                           "Noise_KKfallback_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk3_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk-_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk0+_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk0psk1_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk2+psk0_25519_ChaChaPoly_SHA256",
                           "Noise_KKpsk0+psk0_25519_ChaChaPoly_SHA256",
                           "Noise_Npsk2_25519_ChaChaPoly_SHA256",
                           "Noise_KK1_25519_ChaChaPoly_SHA256"}) {
    NoiseConfig c;
    c.protocol = name;
    EXPECT_EQ(NoiseHandshake::start(std::move(c)).error().fault, Fault::kUnsupported) << name;
  }
  EXPECT_FALSE(parse_noise_name(std::string(100000, '_')));
}

TEST(Noise, RefusesMissingKeys) {
  Keys keys(6);
  for (int which = 0; which < 5; ++which) {
    NoiseConfig c = keys.config(Role::kInitiator);
    if (which == 0) c.local_static = nullptr;
    if (which == 1) c.remote_static.reset();
    if (which == 2) c.psks.clear();
    if (which == 3) c.psks.emplace_back(32);
    if (which == 4) c.psks[0] = SecretBytes(31);
    EXPECT_EQ(NoiseHandshake::start(std::move(c)).error().fault, Fault::kState) << which;
  }
  // A far key that the pattern would not look at is not silently taken for pinned.
  NoiseConfig c = keys.config(Role::kInitiator);
  c.protocol = "Noise_XXpsk0_25519_ChaChaPoly_SHA256";
  EXPECT_EQ(NoiseHandshake::start(std::move(c)).error().fault, Fault::kState);
}

std::vector<std::string> all_names() {
  std::vector<std::string> out;
  for (const char* base :
       {"N", "K", "X", "NN", "NK", "NX", "KN", "KK", "KX", "XN", "XK", "XX", "IN", "IK", "IX"}) {
    for (const char* modifier : {"", "psk0", "psk1", "psk0+psk1", "psk2", "psk0+psk1+psk2+psk3"}) {
      for (const char* tail : {"ChaChaPoly_SHA256", "AESGCM_SHA512", "ChaChaPoly_BLAKE2s"}) {
        const std::string name = std::string("Noise_") + base + modifier + "_25519_" + tail;
        if (parse_noise_name(name)) out.push_back(name);
      }
    }
  }
  return out;
}

// Every pattern that the table has completes against itself and learns the far
// static key, also those that no vector file has (NN, NX, KN, XN, IN, NK).
TEST(Noise, EveryPatternCompletes) {
  Keys keys(7);
  const auto names = all_names();
  EXPECT_GT(names.size(), 150u);
  for (const std::string& name : names) {
    const auto protocol = parse_noise_name(name);
    const NoisePattern& pattern = protocol->pattern;
    const auto start = [&](Role role) {
      NoiseConfig c = keys.config(role);
      c.protocol = name;
      const bool known = role == Role::kInitiator ? pattern.responder_static_known
                                                  : pattern.initiator_static_known;
      if (!known) c.remote_static.reset();
      c.psks.clear();
      for (std::size_t n = 0; n < pattern.psk_count(); ++n) {
        c.psks.push_back(SecretBytes(Bytes(32, static_cast<std::uint8_t>(n))));
      }
      return NoiseHandshake::start(std::move(c));
    };
    auto i = start(Role::kInitiator);
    auto r = start(Role::kResponder);
    ASSERT_TRUE(i && r) << name;
    while (!i->finished()) {
      auto& from = i->our_turn() ? *i : *r;
      auto& to = i->our_turn() ? *r : *i;
      const auto message = from.write(as_bytes("payload"), keys.random);
      ASSERT_TRUE(message) << name << message.error().message;
      ASSERT_EQ(to.read(*message).value(), to_bytes(as_bytes("payload"))) << name;
    }
    ASSERT_TRUE(r->finished()) << name;
    EXPECT_EQ(i->handshake_hash(), r->handshake_hash()) << name;
    if (i->remote_static()) {
      EXPECT_EQ(*i->remote_static(), keys.north.public_key()) << name;
    }
    if (r->remote_static()) {
      EXPECT_EQ(*r->remote_static(), keys.south.public_key()) << name;
    }
    EXPECT_EQ(i->remote_static().has_value(), pattern.uses_static(1) || name[7] == 'K') << name;
    EXPECT_TRUE(equal(i->split().first->key(), r->split().first->key())) << name;
    EXPECT_TRUE(equal(i->split().second->key(), r->split().second->key())) << name;
  }
}

TEST(NoiseCipherState, NumbersAreNeverUsedTwiceAndEnd) {
  CipherState from(NoiseCipherKind::kChaChaPoly);
  CipherState to(NoiseCipherKind::kChaChaPoly);
  from.set_key(Bytes(32, 1));
  to.set_key(Bytes(32, 1));
  const Bytes a = from.encrypt({}, as_bytes("x")).value();
  const Bytes b = from.encrypt({}, as_bytes("x")).value();
  EXPECT_NE(a, b);
  EXPECT_FALSE(to.decrypt({}, b));  // a failure does not advance the number
  EXPECT_TRUE(to.decrypt({}, a));
  EXPECT_FALSE(to.decrypt({}, a));
  EXPECT_TRUE(to.decrypt({}, b));
  from.set_nonce(UINT64_MAX - 1);
  to.set_nonce(UINT64_MAX - 1);
  const auto last = from.encrypt({}, {});
  ASSERT_TRUE(last);
  EXPECT_TRUE(to.decrypt({}, *last));
  EXPECT_EQ(fault_of(from.encrypt({}, {})), Fault::kState);
  EXPECT_EQ(fault_of(to.decrypt({}, *last)), Fault::kState);
}

TEST(NoiseCipherState, HoldsToTheLongestMessage) {
  CipherState cipher(NoiseCipherKind::kAesGcm);
  cipher.set_key(Bytes(32, 1));
  EXPECT_EQ(cipher.encrypt({}, Bytes(65535 - 16)).value().size(), 65535u);
  EXPECT_EQ(fault_of(cipher.encrypt({}, Bytes(65535 - 15))), Fault::kLimit);
  EXPECT_EQ(fault_of(cipher.decrypt({}, Bytes(65536))), Fault::kLimit);
  Keys keys(8);
  auto i = NoiseHandshake::start(keys.config(Role::kInitiator));
  EXPECT_EQ(fault_of(i->write(Bytes(65535 - 47), keys.random)), Fault::kLimit);
}

}  // namespace
}  // namespace detente::crypto
