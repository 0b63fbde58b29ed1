#include "base/hex_for_test.h"
#include "crypto/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "../../tests/support/vectors.h"
#include "crypto/digest.h"

namespace detente::crypto {
namespace {

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(to_hex(sha256(ByteView())),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Bytes out(32);
  hash_into(HashKind::kBlake2s, {as_bytes("abc")}, out);  // RFC 7693 appendix B
  EXPECT_EQ(to_hex(out), "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  out.resize(64);
  hash_into(HashKind::kSha512, {as_bytes("abc")}, out);
  EXPECT_EQ(to_hex(out).substr(0, 32), "ddaf35a193617abacc417349ae204131");
}

TEST(Hash, HmacKnownAnswers) {  // RFC 4231 cases 1, 2, 6 (a key longer than a block)
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  Bytes out(64);
  hmac_into(HashKind::kSha512, Bytes(20, 0x0b), {as_bytes("Hi There")}, out);
  EXPECT_EQ(to_hex(out).substr(0, 32), "87aa7cdea5ef619d4ff0b4241a1d6cb0");
}

RC_GTEST_PROP(Hash, PartsAreAsIfJoined, (const std::vector<Bytes>& parts)) {
  Bytes joined;
  for (const Bytes& part : parts) append(joined, part);
  const auto at = [&](std::size_t i) { return i < parts.size() ? ByteView(parts[i]) : ByteView(); };
  Bytes tail;
  for (std::size_t i = 2; i < parts.size(); ++i) append(tail, parts[i]);
  RC_ASSERT(sha256({at(0), at(1), tail}) == sha256(joined));
}

// HMAC as RFC 2104 writes it, over one buffer.
RC_GTEST_PROP(Hash, HmacAgreesWithItsDefinition, (Bytes key, const Bytes& data)) {
  const Digest got = hmac_sha256(key, data);
  if (key.size() > 64) key = to_bytes(sha256(key));
  key.resize(64);
  Bytes inner = key, outer = key;
  for (auto& b : inner) b ^= 0x36;
  for (auto& b : outer) b ^= 0x5c;
  append(inner, data);
  append(outer, sha256(inner));
  RC_ASSERT(got == sha256(outer));
}

TEST(Hash, ExpandGivesPrefixes) {
  const SecretBytes prk = hkdf_extract(as_bytes("salt"), as_bytes("key"));
  const SecretBytes all = hkdf_expand(prk.view(), as_bytes("info"), 255 * 32);
  for (std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{32}, std::size_t{33}}) {
    EXPECT_TRUE(equal(hkdf_expand(prk.view(), as_bytes("info"), n).view(), all.view().first(n)));
  }
}

TEST(Hash, EqualSecret) {
  EXPECT_TRUE(equal_secret({}, {}));
  EXPECT_TRUE(equal_secret(hex("0102"), hex("0102")));
  EXPECT_FALSE(equal_secret(hex("0102"), hex("0103")));
  EXPECT_FALSE(equal_secret(hex("0102"), hex("010200")));
}

TEST(HkdfVectors, Wycheproof) {
  const std::string file = "wycheproof/hkdf_sha256_test.json";
  support::CaseCount count(file);
  const nlohmann::json vectors = support::read_vector_json(file);
  for (const auto& group : vectors.at("testGroups")) {
    for (const auto& c : group.at("tests")) {
      count.add();
      const auto size = c.at("size").get<std::size_t>();
      if (c.at("result") == "invalid") {
        // The one way to be invalid: more than HKDF can give, which callers promise not to ask.
        EXPECT_GT(size, 255 * kDigestSize) << c;
        continue;
      }
      const SecretBytes prk = hkdf_extract(hex(c.at("salt")), hex(c.at("ikm")));
      EXPECT_EQ(to_hex(hkdf_expand(prk.view(), hex(c.at("info")), size).view()), c.at("okm")) << c;
    }
  }
}

}  // namespace
}  // namespace detente::crypto
