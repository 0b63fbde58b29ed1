// Public Noise vectors: every case of each file, both roles, every byte.
#include <gtest/gtest.h>

#include "../../tests/support/vectors.h"
#include "base/hex_for_test.h"
#include "crypto/noise.h"

namespace detente::crypto {
namespace {

using Json = nlohmann::json;

// A field that a case may lack.
std::optional<Bytes> field(const Json& c, const std::string& name) {
  if (!c.contains(name) || c.at(name).get<std::string>().empty()) return std::nullopt;
  return hex(c.at(name));
}

// What a pattern's letters say about static keys; the program's own table is not asked.
struct Letters {
  explicit Letters(const std::string& protocol) {
    const std::string pattern = protocol.substr(6, protocol.find('_', 6) - 6);
    const std::string base = pattern.substr(0, pattern.find("psk"));
    one_way = base.size() == 1;
    initiator = base[0];
    responder = one_way ? 'K' : base[1];
  }
  bool initiator_known() const { return initiator == 'K'; }
  bool responder_known() const { return responder == 'K'; }
  bool one_way = false;
  char initiator = 'N';
  char responder = 'N';
};

// One side's private keys as a vector file gives them.
struct Side {
  std::optional<AgreeKey> static_key;
  std::optional<AgreeKey> ephemeral;
  std::optional<Bytes> remote_static;
  Bytes prologue;
  std::vector<Bytes> psks;

  void set_ephemeral(const std::optional<Bytes>& bytes) {
    if (bytes) ephemeral = std::move(*AgreeKey::from_private(*bytes));
  }
  void set_static(const std::optional<Bytes>& bytes) {
    if (bytes) static_key = std::move(*AgreeKey::from_private(*bytes));
  }
  Result<NoiseHandshake> start(const std::string& protocol, Role role) const {
    NoiseConfig config;
    config.protocol = protocol;
    config.role = role;
    config.prologue = prologue;
    config.local_static = static_key ? &*static_key : nullptr;
    if (remote_static) config.remote_static = to_array<32>(*remote_static);
    for (const Bytes& psk : psks) config.psks.push_back(SecretBytes::copy_of(psk));
    config.ephemeral = ephemeral ? &*ephemeral : nullptr;
    return NoiseHandshake::start(std::move(config));
  }
};

// Both ends of one case.
struct Pair {
  std::string protocol;
  Side sides[2];
  std::optional<NoiseHandshake> ends[2];
  std::unique_ptr<NoiseCipher> sealing[2];  // by sender
  std::unique_ptr<NoiseCipher> opening[2];

  void start() {
    for (int i = 0; i < 2; ++i) {
      auto end = sides[i].start(protocol, i == 0 ? Role::kInitiator : Role::kResponder);
      ASSERT_TRUE(end) << protocol << ": " << end.error().message;
      ends[i].emplace(std::move(*end));
    }
  }
  bool finished() const { return ends[0]->finished(); }

  void handshake_message(int sender, const Bytes& payload, const Bytes& expected) {
    SeededRandom unused(1);
    const auto written = ends[sender]->write(payload, unused);
    ASSERT_TRUE(written) << protocol << ": " << written.error().message;
    ASSERT_EQ(to_hex(*written), to_hex(expected)) << protocol;
    const auto read = ends[1 - sender]->read(expected);
    ASSERT_TRUE(read) << protocol << ": " << read.error().message;
    ASSERT_EQ(to_hex(*read), to_hex(payload)) << protocol;
    ASSERT_EQ(ends[0]->finished(), ends[1]->finished());
    if (finished()) split();
  }
  void split() {
    ASSERT_EQ(ends[0]->handshake_hash(), ends[1]->handshake_hash()) << protocol;
    auto [i1, i2] = ends[0]->split();
    auto [r1, r2] = ends[1]->split();
    sealing[0] = std::move(i1);
    opening[1] = std::move(i2);
    opening[0] = std::move(r1);
    sealing[1] = std::move(r2);
    for (int i = 0; i < 2; ++i) {
      const Side& far = sides[1 - i];
      if (ends[i]->remote_static()) {
        EXPECT_EQ(*ends[i]->remote_static(), far.static_key->public_key()) << protocol;
      }
    }
  }
  void transport_message(int sender, const Bytes& payload, const Bytes& expected) {
    const auto sealed = sealing[sender]->encrypt({}, payload);
    ASSERT_TRUE(sealed);
    ASSERT_EQ(to_hex(*sealed), to_hex(expected)) << protocol;
    Bytes changed = expected;
    changed.back() ^= 1;
    ASSERT_FALSE(opening[sender]->decrypt({}, changed));  // and the number stays
    const auto opened = opening[sender]->decrypt({}, expected);
    ASSERT_TRUE(opened);
    ASSERT_EQ(to_hex(*opened), to_hex(payload)) << protocol;
  }
};

// cacophony and snow: messages alternate, and run on into the transport.
void run_alternating(const std::string& file) {
  support::CaseCount count(file);
  const Json all = support::read_vector_json(file);
  for (const Json& c : all.at("vectors")) {
    count.add();
    Pair pair;
    pair.protocol = c.at("protocol_name");
    for (int i = 0; i < 2; ++i) {
      const std::string prefix = i == 0 ? "init_" : "resp_";
      Side& side = pair.sides[i];
      side.set_static(field(c, prefix + "static"));
      side.set_ephemeral(field(c, prefix + "ephemeral"));
      side.remote_static = field(c, prefix + "remote_static");
      side.prologue = field(c, prefix + "prologue").value_or(Bytes());
      if (c.contains(prefix + "psks")) {
        for (const Json& psk : c.at(prefix + "psks")) side.psks.push_back(hex(psk));
      }
    }
    ASSERT_NO_FATAL_FAILURE(pair.start());
    const bool one_way = Letters(pair.protocol).one_way;
    int turn = 0;
    for (const Json& m : c.at("messages")) {
      const int sender = one_way ? 0 : turn++ % 2;
      const Bytes payload = hex(m.at("payload"));
      const Bytes expected = hex(m.at("ciphertext"));
      if (pair.finished()) {
        ASSERT_NO_FATAL_FAILURE(pair.transport_message(sender, payload, expected));
      } else {
        ASSERT_NO_FATAL_FAILURE(pair.handshake_message(sender, payload, expected));
      }
    }
    ASSERT_TRUE(pair.finished()) << pair.protocol;
    if (const auto hash = field(c, "handshake_hash")) {
      EXPECT_EQ(to_hex(pair.ends[0]->handshake_hash()), to_hex(*hash)) << pair.protocol;
    }
  }
}

TEST(NoiseVectors, Cacophony) { run_alternating("noise/cacophony_selected.json"); }
TEST(NoiseVectors, Snow) { run_alternating("noise/snow_selected.json"); }

// The two files that give private keys alone: who knows whose key is the pattern's.
void set_remote_statics(Pair& pair) {
  const Letters letters(pair.protocol);
  const auto key_of = [&](int i) { return to_bytes(pair.sides[i].static_key->public_key()); };
  if (letters.responder_known()) pair.sides[0].remote_static = key_of(1);
  if (letters.initiator_known()) pair.sides[1].remote_static = key_of(0);
}

// Its transport begins again with the initiator's key, whoever wrote last.
TEST(NoiseVectors, Flynn) {
  const std::string file = "noise/flynn_selected.json";
  support::CaseCount count(file);
  const Json all = support::read_vector_json(file);
  for (const Json& c : all.at("vectors")) {
    count.add();
    Pair pair;
    pair.protocol = c.at("handshake");
    for (int i = 0; i < 2; ++i) {
      const std::string name = i == 0 ? "init" : "resp";
      Side& side = pair.sides[i];
      side.set_static(field(c, name + "_static"));
      side.set_ephemeral(field(c, "gen_" + name + "_ephemeral"));
      side.prologue = field(c, "prologue").value_or(Bytes());
      if (const auto psk = field(c, "preshared_key")) side.psks = {*psk};
    }
    set_remote_statics(pair);
    ASSERT_NO_FATAL_FAILURE(pair.start());
    int transport = 0;
    int n = 0;
    for (; c.contains("msg_" + std::to_string(n) + "_ciphertext"); ++n) {
      const std::string prefix = "msg_" + std::to_string(n) + "_";
      const Bytes payload = hex(c.at(prefix + "payload"));
      const Bytes expected = hex(c.at(prefix + "ciphertext"));
      if (pair.finished()) {
        ASSERT_NO_FATAL_FAILURE(pair.transport_message(transport++ % 2, payload, expected));
      } else {
        ASSERT_NO_FATAL_FAILURE(pair.handshake_message(n % 2, payload, expected));
      }
    }
    ASSERT_TRUE(pair.finished() && transport > 0) << pair.protocol;
  }
}

void check_keys(const Pair& pair, const Json& c) {
  for (int i = 0; i < 2; ++i) {
    const std::string expected = c.at(i == 0 ? "cs1_k" : "cs2_k");
    EXPECT_EQ(to_hex(pair.sealing[i]->key()), expected) << pair.protocol;
    EXPECT_EQ(to_hex(pair.opening[i]->key()), expected) << pair.protocol;
  }
}

TEST(NoiseVectors, Rekey) {
  const std::string file = "noise/derived_rekey.json";
  support::CaseCount count(file);
  const Json all = support::read_vector_json(file);
  for (const Json& c : all.at("vectors")) {
    count.add();
    Pair pair;
    pair.protocol = c.at("protocol_name");
    for (int i = 0; i < 2; ++i) {
      const std::string prefix = i == 0 ? "init_" : "resp_";
      Side& side = pair.sides[i];
      side.set_static(field(c, prefix + "static"));
      side.set_ephemeral(field(c, prefix + "ephemeral"));
      side.prologue = field(c, "prologue").value_or(Bytes());
      for (const Json& psk : c.at("psks")) side.psks.push_back(hex(psk));
    }
    set_remote_statics(pair);
    ASSERT_NO_FATAL_FAILURE(pair.start());
    int turn = 0;
    for (const Json& m : c.at("messages")) {
      ASSERT_NO_FATAL_FAILURE(
          pair.handshake_message(turn++ % 2, hex(m.at("payload")), hex(m.at("ciphertext"))));
    }
    ASSERT_TRUE(pair.finished()) << pair.protocol;
    EXPECT_EQ(to_hex(pair.ends[0]->handshake_hash()), c.at("handshake_hash")) << pair.protocol;
    check_keys(pair, c);
    for (const Json& m : c.at("transport")) {
      if (m.contains("rekey_both")) {
        for (int i = 0; i < 2; ++i) {
          pair.sealing[i]->rekey();
          pair.opening[i]->rekey();
        }
        check_keys(pair, m);
        continue;
      }
      ASSERT_NO_FATAL_FAILURE(pair.transport_message(
          m.at("sender") == "init" ? 0 : 1, hex(m.at("payload")), hex(m.at("ciphertext"))));
    }
  }
}

}  // namespace
}  // namespace detente::crypto
