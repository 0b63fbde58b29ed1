#include "base/hex_for_test.h"
#include "crypto/agree.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "../../tests/support/vectors.h"

namespace detente::crypto {
namespace {

TEST(Agree, RefusesWrongLengths) {
  for (std::size_t n : {0u, 31u, 33u}) {
    EXPECT_EQ(AgreeKey::from_private(Bytes(n, 7)).error().fault, Fault::kMalformed);
  }
}

TEST(Agree, RefusesPointsOfSmallOrder) {
  SeededRandom random(1);
  const AgreeKey key = AgreeKey::generate(random);
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"}) {
    const auto shared = key.agree(*to_array<32>(hex(point)));
    ASSERT_FALSE(shared) << point;
    EXPECT_EQ(shared.error().fault, Fault::kAuthentication);
  }
}

RC_GTEST_PROP(Agree, BothGetTheSame, (std::uint64_t seed)) {
  SeededRandom random(seed);
  AgreeKey a = AgreeKey::generate(random);
  const AgreeKey b = AgreeKey::generate(random);
  const auto ab = a.agree(b.public_key());
  const auto ba = b.agree(a.public_key());
  RC_ASSERT(ab && ba && equal(ab->view(), ba->view()));
  const auto again = AgreeKey::from_private(a.private_bytes());
  RC_ASSERT(again && again->public_key() == a.public_key());
  const AgreeKey moved = std::move(a);
  const auto third = moved.agree(b.public_key());
  RC_ASSERT(third && equal(ab->view(), third->view()));
}

TEST(Agree, RemembersWhatItAgreedOnWithAKeyThatStays) {
  SeededRandom random(1);
  const AgreeKey ours = AgreeKey::generate(random);
  for (int peer = 0; peer < 300; ++peer) {  // more than it remembers
    const AgreeKey theirs = AgreeKey::generate(random);
    const SecretBytes agreed = ours.agree(theirs.public_key()).value();
    for (int again = 0; again < 2; ++again)
      ASSERT_EQ(to_bytes(ours.agree_lasting(theirs.public_key()).value().view()), to_bytes(agreed.view()));
  }
  EXPECT_EQ(ours.agree_lasting(AgreePublic{}).error().fault, Fault::kAuthentication);
  EXPECT_EQ(ours.agree_lasting(AgreePublic{}).error().fault, Fault::kAuthentication);
}

TEST(X25519Vectors, Wycheproof) {
  const std::string file = "wycheproof/x25519_test.json";
  support::CaseCount count(file);
  const nlohmann::json vectors = support::read_vector_json(file);
  for (const auto& group : vectors.at("testGroups")) {
    for (const auto& c : group.at("tests")) {
      count.add();
      const auto key = AgreeKey::from_private(hex(c.at("private")));
      const auto other = to_array<32>(hex(c.at("public")));
      ASSERT_TRUE(key && other) << c;
      const auto shared = key->agree(*other);
      const std::string expected = c.at("shared");
      if (c.at("result") == "invalid" || expected == std::string(64, '0')) {
        EXPECT_FALSE(shared) << c;
      } else {
        ASSERT_TRUE(shared) << c;
        EXPECT_EQ(to_hex(shared->view()), expected) << c;
      }
    }
  }
}

}  // namespace
}  // namespace detente::crypto
