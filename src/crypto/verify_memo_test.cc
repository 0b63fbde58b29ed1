#include "crypto/verify_memo.h"

#include <gtest/gtest.h>

namespace detente::crypto {
namespace {

SignKey key_of(std::uint8_t number) { return *SignKey::from_seed(Bytes(32, number)); }

TEST(VerifyMemo, VerifiesOnceWhatIsTheSame) {
  const SignKey ours = key_of(1), other = key_of(2);
  const Bytes text{1, 2, 3}, another{1, 2, 4};
  const Signature good = ours.sign(text);
  Signature bad = good;
  bad[40] ^= 1;
  VerifyMemo memo;
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(memo.verify(ours.verify_key(), text, good));
    EXPECT_FALSE(memo.verify(ours.verify_key(), another, good));
    EXPECT_FALSE(memo.verify(ours.verify_key(), text, bad));
    EXPECT_FALSE(memo.verify(other.verify_key(), text, good));
    EXPECT_EQ(memo.verified(), 4u);
  }
}

TEST(VerifyMemo, WhatHasNoRoomIsVerifiedEachTime) {
  const SignKey ours = key_of(1);
  VerifyMemo memo(2);
  for (std::uint8_t text = 0; text < 4; ++text) EXPECT_TRUE(memo.verify(ours.verify_key(), Bytes{text}, ours.sign(Bytes{text})));
  for (std::uint8_t text = 0; text < 4; ++text) EXPECT_TRUE(memo.verify(ours.verify_key(), Bytes{text}, ours.sign(Bytes{text})));
  EXPECT_EQ(memo.verified(), 6u);
}

}  // namespace
}  // namespace detente::crypto
