#include "accord/secret.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

const Digest kLineage = crypto::sha256(as_bytes("lineage"));

std::string text_of(const SecretBytes& secret) { return as_string(secret.view()); }

TEST(HandKey, GivesBackWhatWasPutIn) {
  const HandKey key = test::hand_key("south", kLineage);
  const SecretBytes file = encode_hand_key(key);
  const auto read = parse_hand_key(file.view());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->side, "south");
  EXPECT_EQ(read->accord, kLineage);
  EXPECT_TRUE(equal(read->key.view(), key.key.view()));
  const auto heard = hand_key_from_words("south", kLineage, text_of(hand_key_words(key)));
  ASSERT_TRUE(heard) << heard.error().message;
  EXPECT_TRUE(equal(heard->key.view(), key.key.view()));
}

TEST(HandKey, ChangedBytesOfTheKeyAreNoticed) {
  const std::string good = text_of(encode_hand_key(test::hand_key("south", kLineage)));
  for (std::size_t i = good.find("key "); i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      ASSERT_FALSE(parse_hand_key(as_bytes(changed))) << i;
    }
  for (const std::string& changed :
       {good + "\n", " " + good, good.substr(0, good.size() - 1),
        test::replaced(good, "\n", "\r\n"), test::replaced(good, "handkey/1", "handkey/2"),
        std::string(), std::string("\n\n\n\n\n"), std::string(5000, 'a'),
        test::replaced(good, "accord ", "accord A")})
    ASSERT_FALSE(parse_hand_key(as_bytes(changed))) << changed;
  std::string upper = good;
  for (std::size_t i = good.find("accord ") + 7; upper[i] != '\n'; ++i)
    upper[i] = static_cast<char>(std::toupper(upper[i]));
  EXPECT_FALSE(parse_hand_key(as_bytes(upper)));
}

TEST(HandKey, ErrorsHoldNoSecret) {
  const HandKey key = test::hand_key("south", kLineage);
  const std::string secret = to_base64(key.key.view());
  std::string changed = text_of(encode_hand_key(key));
  changed[changed.size() - 2] ^= 1;
  const auto read = parse_hand_key(as_bytes(changed));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message.find(secret.substr(0, 8)), std::string::npos);
}

TEST(SharedRoot, BothSidesDeriveTheSame) {
  const SharedRoot root = test::shared_root(kLineage);
  EXPECT_EQ(root.tag(), test::shared_root(kLineage).tag());
  EXPECT_NE(root.tag(), test::shared_root(crypto::sha256(as_bytes("other"))).tag());
  const SecretBytes main = root.psk_0("south/main", "north/main");
  EXPECT_EQ(main.size(), 32u);
  EXPECT_FALSE(equal(main.view(), root.psk_0("north/main", "south/main").view()));
  EXPECT_FALSE(equal(main.view(), root.psk_0("south/liaison", "north/main").view()));
  EXPECT_FALSE(equal(main.view(), root.tag()));
}

// Written out from RFC 5869, apart from secret.cc.
TEST(SharedRoot, FollowsTheFormulas) {
  const HandKey first = test::hand_key("south", kLineage),
                second = test::hand_key("north", kLineage);
  const Digest prk = crypto::hmac_sha256(kLineage, concat(first.key.view(), second.key.view()));
  const auto expand = [](ByteView key, Bytes info) {
    info.push_back(1);
    return crypto::hmac_sha256(key, info);
  };
  const Digest root = expand(prk, to_bytes(as_bytes("detente/1 root")));
  Bytes info = to_bytes(as_bytes("detente/1 psk"));
  info.push_back(0);
  append(info, "south/main");
  info.push_back(0);
  append(info, "north/main");
  const Digest psk_0 = expand(root, info);
  EXPECT_TRUE(equal(test::shared_root(kLineage).psk_0("south/main", "north/main").view(), psk_0));
  EXPECT_EQ(test::shared_root(kLineage).tag(),
            expand(root, to_bytes(as_bytes("detente/1 fingerprint"))));
  const Digest k0 = expand(psk_0, to_bytes(as_bytes("detente/1 salt")));
  EXPECT_TRUE(equal(SaltChain::from_psk_0(psk_0).period_key(1)->view(),
                    expand(k0, to_bytes(as_bytes("detente/1 salt next")))));
  EXPECT_TRUE(equal(PskChain(0, SecretBytes::copy_of(psk_0)).at(1)->view(),
                    expand(psk_0, to_bytes(as_bytes("detente/1 psk next")))));
}

TEST(SharedRoot, RefusesSwappedEqualAndForeignKeys) {
  const HandKey south = test::hand_key("south", kLineage),
                north = test::hand_key("north", kLineage);
  EXPECT_FALSE(SharedRoot::derive(kLineage, "south", north, "north", south));
  EXPECT_FALSE(SharedRoot::derive(kLineage, "south", south, "north", south));
  EXPECT_FALSE(SharedRoot::derive(Digest{}, "south", south, "north", north));
  const HandKey echoed{"north", kLineage, south.key.clone()};
  const auto equal_keys = SharedRoot::derive(kLineage, "south", south, "north", echoed);
  ASSERT_FALSE(equal_keys);
  EXPECT_EQ(equal_keys.error().fault, Fault::kConflict);
  EXPECT_FALSE(SharedRoot::derive(kLineage, "south", south, "north",
                                  HandKey{"north", kLineage, SecretBytes(31)}));
}

TEST(PskChain, MovesForwardOnly) {
  PskChain chain(5, test::shared_root(kLineage).psk_0("a", "b"));
  const SecretBytes two_on = chain.at(7).value();
  EXPECT_TRUE(equal(chain.at(5)->view(), chain.psk()));
  EXPECT_EQ(chain.at(4).error().fault, Fault::kNotFound);
  EXPECT_TRUE(chain.at(29));
  EXPECT_EQ(chain.at(30).error().fault, Fault::kLimit);
  EXPECT_FALSE(chain.advance_to(30));
  ASSERT_TRUE(chain.advance_to(7));
  EXPECT_EQ(chain.epoch(), 7);
  EXPECT_TRUE(equal(chain.psk(), two_on.view()));
  EXPECT_FALSE(chain.advance_to(6));
  PskChain last(65535, SecretBytes(32));
  EXPECT_TRUE(last.at(65535));
}

TEST(SaltChain, SameKeyWhicheverWayItIsReached) {
  SaltChain chain = SaltChain::from_psk_0(test::shared_root(kLineage).psk_0("a", "b").view());
  SeededRandom random(4);
  std::vector<SecretBytes> keys;
  for (std::uint32_t month = 0; month <= kMonthMax; ++month)
    keys.push_back(chain.period_key(month).value());
  for (int i = 0; i < 200; ++i) {
    const auto month = static_cast<std::uint32_t>(random.below(kMonthMax + 1));
    ASSERT_TRUE(equal(chain.period_key(month)->view(), keys[month].view()));
  }
  EXPECT_EQ(chain.period_key(kMonthMax + 1).error().fault, Fault::kLimit);

  chain.forget_before(83);
  EXPECT_EQ(chain.month(), 83u);
  EXPECT_EQ(chain.period_key(82).error().fault, Fault::kNotFound);
  EXPECT_TRUE(equal(chain.key(), keys[83].view()));
  EXPECT_TRUE(equal(chain.period_key(100)->view(), keys[100].view()));
  chain.forget_before(10);
  EXPECT_EQ(chain.month(), 83u);
  SaltChain again = SaltChain::resume(83, SecretBytes::copy_of(chain.key())).value();
  EXPECT_TRUE(equal(again.period_key(90)->view(), keys[90].view()));
  again.forget_before(kMonthMax + 5);
  EXPECT_EQ(again.month(), kMonthMax);
  EXPECT_FALSE(SaltChain::resume(kMonthMax + 1, SecretBytes(32)));
  EXPECT_FALSE(SaltChain::resume(0, SecretBytes(31)));
}

}  // namespace
}  // namespace detente::accord
