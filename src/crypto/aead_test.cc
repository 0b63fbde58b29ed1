#include "base/hex_for_test.h"
#include "crypto/aead.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "../../tests/support/vectors.h"
#include "base/random.h"

namespace detente::crypto {
namespace {

constexpr const char* kNames[] = {"ChaCha20-Poly1305", "AES-256-GCM", "ARIA-256-GCM"};

AeadAlgorithm loaded(const std::string& name) {
  auto algorithm = AeadAlgorithm::load(name);
  EXPECT_TRUE(algorithm) << name;
  return *algorithm;
}

TEST(Aead, RefusesWhatIsNotOne) {
  for (const char* name : {"", "NO-SUCH", "AES-256-GCM-NOT"}) {
    EXPECT_EQ(AeadAlgorithm::load(name).error().fault, Fault::kNotFound) << name;
  }
  EXPECT_EQ(AeadAlgorithm::load(std::string_view("AES-256-GCM\0", 12)).error().fault,
            Fault::kNotFound);
  EXPECT_EQ(AeadAlgorithm::load(std::string(10000, 'A')).error().fault, Fault::kNotFound);
  for (const char* name :
       {"AES-128-GCM", "AES-192-GCM", "ARIA-128-GCM", "AES-256-CCM", "AES-256-CTR", "AES-256-CBC",
        "AES-256-CBC-HMAC-SHA1", "ChaCha20", "AES-256-SIV", "AES-256-WRAP", "NULL"}) {
    EXPECT_EQ(AeadAlgorithm::load(name).error().fault, Fault::kUnsupported) << name;
  }
}

TEST(Aead, ShippedVectors) {
  for (const std::string name : kNames) {
    const std::string_view file = shipped_vectors(name);
    ASSERT_FALSE(file.empty());
    const auto checked = loaded(name).check_vectors(file);
    EXPECT_TRUE(checked) << checked.error().message;
    for (const std::string other : kNames) {
      if (other == name) continue;
      const auto wrong = loaded(other).check_vectors(file);
      ASSERT_FALSE(wrong);
      EXPECT_EQ(wrong.error().fault, Fault::kAuthentication);
      EXPECT_NE(wrong.error().message.find(other), std::string::npos);
    }
  }
  EXPECT_TRUE(shipped_vectors("AES-128-GCM").empty());
}

TEST(Aead, ShippedVectorsAreTheFiles) {
  const char* source = std::getenv("DETENTE_SOURCE");
  for (const std::string name : kNames) {
    std::string file = name;
    for (char& c : file) c = c == '-' ? '_' : static_cast<char>(std::tolower(c));
    std::ifstream in(std::string(source ? source : ".") + "/src/crypto/vectors/" + file + ".txt");
    ASSERT_TRUE(in) << file;
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), shipped_vectors(name)) << file;
  }
}

TEST(Aead, RefusesBadVectorFiles) {
  const AeadAlgorithm algorithm = loaded("AES-256-GCM");
  const std::string good =
      "0000000000000000000000000000000000000000000000000000000000000000 000000000000000000000000 - "
      "- 530f8afbc74536b9a963b4f1c4cb738b";
  EXPECT_TRUE(algorithm.check_vectors(good + "\n"));
  EXPECT_TRUE(algorithm.check_vectors("# text\n\n" + good + "\n"));
  const auto fault = [&](const std::string& text) {
    const auto result = algorithm.check_vectors(text);
    return result ? std::string("none") : to_string(result.error().fault);
  };
  EXPECT_EQ(fault(""), "malformed");
  EXPECT_EQ(fault("# nothing\n"), "malformed");
  EXPECT_EQ(fault(good), "malformed");  // no line end: cut off
  EXPECT_EQ(fault(good + " \n"), "malformed");
  EXPECT_EQ(fault(" " + good + "\n"), "malformed");
  EXPECT_EQ(fault(good + " 00\n"), "malformed");
  EXPECT_EQ(fault(good + "\r\n"), "malformed");
  EXPECT_EQ(fault("00" + good + "\n"), "malformed");
  EXPECT_EQ(fault(good.substr(2) + "\n"), "malformed");
  EXPECT_EQ(fault(good + "00\n"), "malformed");
  EXPECT_EQ(fault(good.substr(0, good.size() - 1) + "B\n"), "malformed");  // upper case
  EXPECT_EQ(fault(good.substr(0, good.size() - 1) + "c\n"), "authentication");
  EXPECT_EQ(fault(std::string((1 << 20) + 1, '#')), "limit");
}

TEST(Aead, KeepsItsContextBetweenMessages) {
  for (const std::string name : kNames) {
    SeededRandom random(7);
    const Bytes k = to_bytes(random.array<32>());
    AeadKey key(loaded(name), k);
    for (int i = 0; i < 100; ++i) {
      const auto nonce = random.array<12>();
      const Bytes aad(random.below(40), 3);
      const Bytes plain(random.below(70), 5);
      const Bytes sealed = key.seal(nonce, aad, plain);
      EXPECT_EQ(sealed, AeadKey(loaded(name), k).seal(nonce, aad, plain));
      Bytes bad = sealed;
      bad[random.below(bad.size())] ^= 4;
      EXPECT_FALSE(key.open(nonce, aad, bad));
      const auto opened = key.open(nonce, aad, sealed);  // also right after a failure
      ASSERT_TRUE(opened);
      EXPECT_EQ(*opened, plain);
      key = AeadKey(std::move(key));
    }
  }
}

RC_GTEST_PROP(Aead, EveryPartIsAuthenticated,
              (std::uint64_t seed, const Bytes& aad, const Bytes& plain)) {
  SeededRandom random(seed);
  const std::string name = kNames[random.below(3)];
  auto k = random.array<32>();
  auto nonce = random.array<12>();
  const AeadKey key(loaded(name), k);
  const Bytes sealed = key.seal(nonce, aad, plain);
  RC_ASSERT(sealed.size() == plain.size() + kAeadTagSize);
  RC_ASSERT(key.open(nonce, aad, sealed).value() == plain);
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    Bytes changed = sealed;
    changed[n] ^= static_cast<std::uint8_t>(1 + random.below(255));
    RC_ASSERT(!key.open(nonce, aad, changed));
    RC_ASSERT(!key.open(nonce, aad, ByteView(sealed).first(n)));
  }
  Bytes more = aad;
  more.push_back(0);
  RC_ASSERT(!key.open(nonce, more, sealed));
  nonce[random.below(12)] ^= 1;
  RC_ASSERT(!key.open(nonce, aad, sealed));
  nonce = random.array<12>();
  k[random.below(32)] ^= 1;
  RC_ASSERT(!AeadKey(loaded(name), k).open(nonce, aad, sealed));
}

// The groups with other sizes are not what an accord may name.
bool in_scope(const nlohmann::json& group) {
  return group.at("keySize") == 8 * kAeadKeySize && group.at("ivSize") == 8 * kAeadNonceSize &&
         group.at("tagSize") == 8 * kAeadTagSize;
}

void run_wycheproof(const std::string& file, const std::string& name) {
  support::CaseCount count(file);
  std::size_t others = 0;
  const nlohmann::json vectors = support::read_vector_json(file);
  for (const auto& group : vectors.at("testGroups")) {
    if (!in_scope(group)) {
      others += group.at("tests").size();
      continue;
    }
    for (const auto& c : group.at("tests")) {
      count.add();
      const AeadKey key(loaded(name), hex(c.at("key")));
      const Bytes nonce = hex(c.at("iv"));
      const Bytes aad = hex(c.at("aad"));
      const Bytes plain = hex(c.at("msg"));
      const Bytes sealed = concat(hex(c.at("ct")), hex(c.at("tag")));
      const auto opened = key.open(nonce, aad, sealed);
      if (c.at("result") == "valid") {
        EXPECT_EQ(key.seal(nonce, aad, plain), sealed) << c;
        ASSERT_TRUE(opened) << c;
        EXPECT_EQ(*opened, plain) << c;
      } else {
        EXPECT_FALSE(opened) << c;
        EXPECT_NE(key.seal(nonce, aad, plain), sealed) << c;
      }
    }
  }
  std::printf("vectors: %s: %zu more of other key, nonce or tag sizes, out of scope\n",
              file.c_str(), others);
}

TEST(AeadVectors, ChaCha20Poly1305) {
  run_wycheproof("wycheproof/chacha20_poly1305_test.json", "ChaCha20-Poly1305");
}
TEST(AeadVectors, AesGcm) { run_wycheproof("wycheproof/aes_gcm_test.json", "AES-256-GCM"); }
TEST(AeadVectors, AriaGcm) { run_wycheproof("wycheproof/aria_gcm_test.json", "ARIA-256-GCM"); }

}  // namespace
}  // namespace detente::crypto
