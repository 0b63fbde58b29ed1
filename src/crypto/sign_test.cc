#include "base/hex_for_test.h"
#include "crypto/sign.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "../../tests/support/vectors.h"

namespace detente::crypto {
namespace {

// Whether the signature verifies, with every check of a key from outside.
bool verifies(ByteView key, ByteView message, ByteView signature) {
  const auto checked = VerifyKey::from_bytes(key);
  const auto fixed = to_array<kSignatureSize>(signature);
  return checked && fixed && checked->verify(message, *fixed);
}

TEST(Sign, KnownAnswer) {  // RFC 8032 section 7.1, test 2
  const auto key =
      SignKey::from_seed(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->verify_key().bytes()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(key->sign(hex("72"))),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Sign, RefusesWrongLengths) {
  for (std::size_t n : {0u, 31u, 33u, 64u}) {
    EXPECT_EQ(SignKey::from_seed(Bytes(n, 7)).error().fault, Fault::kMalformed);
    EXPECT_EQ(VerifyKey::from_bytes(Bytes(n, 7)).error().fault, Fault::kMalformed);
  }
}

TEST(Sign, TellsSmallOrderFromNotCanonical) {
  Bytes identity(32);
  identity[0] = 1;
  EXPECT_EQ(VerifyKey::from_bytes(identity).error().fault, Fault::kAuthentication);
  identity[31] = 0x80;
  EXPECT_EQ(VerifyKey::from_bytes(identity).error().fault, Fault::kAuthentication);
  Bytes above(32, 0xff);
  EXPECT_EQ(VerifyKey::from_bytes(above).error().fault, Fault::kMalformed);
  above[0] = 0xed;
  above[31] = 0x7f;  // p itself
  EXPECT_EQ(VerifyKey::from_bytes(above).error().fault, Fault::kMalformed);
}

RC_GTEST_PROP(Sign, RoundTripAndNothingElse, (std::uint64_t seed, const Bytes& message)) {
  SeededRandom random(seed);
  const SignKey key = SignKey::generate(random);
  const Signature signature = key.sign(message);
  RC_ASSERT(key.sign(message) == signature);
  RC_ASSERT(verifies(key.verify_key().bytes(), message, signature));
  Signature changed = signature;
  const std::uint64_t bit = random.below(512);
  changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
  RC_ASSERT(!key.verify_key().verify(message, changed));
  Bytes longer = message;
  longer.push_back(0);
  RC_ASSERT(!key.verify_key().verify(longer, signature));
  RC_ASSERT(!SignKey::generate(random).verify_key().verify(message, signature));
}

TEST(Sign, MovesItsKey) {
  SeededRandom random(1);
  SignKey a = SignKey::generate(random);
  const VerifyKey expected = a.verify_key();
  SignKey b = SignKey::generate(random);
  b = std::move(a);
  SignKey c = std::move(b);
  EXPECT_EQ(c.verify_key(), expected);
  EXPECT_TRUE(expected.verify(as_bytes("x"), c.sign(as_bytes("x"))));
}

TEST(Ed25519Vectors, Wycheproof) {
  const std::string file = "wycheproof/ed25519_test.json";
  support::CaseCount count(file);
  const nlohmann::json vectors = support::read_vector_json(file);
  for (const auto& group : vectors.at("testGroups")) {
    const Bytes key = hex(group.at("publicKey").at("pk"));
    for (const auto& c : group.at("tests")) {
      count.add();
      EXPECT_EQ(verifies(key, hex(c.at("msg")), hex(c.at("sig"))), c.at("result") == "valid") << c;
    }
  }
}

// Our own file: a folder of public vectors elsewhere may lack it.
nlohmann::json edge_vectors(const std::string& file) {
  if (std::ifstream(support::vectors_folder() + "/" + file)) return support::read_vector_json(file);
  const char* source = std::getenv("DETENTE_SOURCE");
  std::ifstream in(std::string(source ? source : ".") + "/tests/vectors/" + file);
  return nlohmann::json::parse(in);
}

TEST(Ed25519Vectors, Edge) {
  const std::string file = "ed25519_edge/edge.json";
  support::CaseCount count(file);
  const nlohmann::json vectors = edge_vectors(file);
  for (const auto& c : vectors.at("cases")) {
    count.add();
    const Bytes key = hex(c.at("public"));
    EXPECT_EQ(VerifyKey::from_bytes(key).has_value(), c.at("key_ok").get<bool>()) << c;
    EXPECT_EQ(verifies(key, hex(c.at("message")), hex(c.at("signature"))),
              c.at("verify").get<bool>())
        << c;
  }
}

}  // namespace
}  // namespace detente::crypto
