#include "record/key_for_test.h"
#include "record/mandate.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace detente::record {
namespace {

constexpr Digest kAccord{1, 2, 3};

Mandate order() {
  Mandate out;
  out.side = "south";
  out.counterpart = "north";
  out.accord = kAccord;
  out.principal = OfficerId{4};
  out.lines = {LineId{1}, LineId{3}};
  out.letter = {7};
  out.given = WallTime{1770000000};
  out.valid_until = WallTime{1770009999};
  out.nonce = {8};
  return out;
}

TEST(Mandate, ReadsWhatItWrites) {
  const MandateFile file = sign_mandate(order(), key(1));
  const Bytes bytes = encode_mandate_file(file);
  const auto read = parse_mandate_file(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, file);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    const auto other = parse_mandate_file(changed);
    EXPECT_FALSE(other && verify_mandate(other->proof(), kAccord, other->mandate.act, key(1).verify_key())) << i;
    EXPECT_FALSE(parse_mandate_file(ByteView(bytes).first(i))) << i;
  }
}

TEST(Mandate, ItsProofIsOfOneKeyActAccordAndText) {
  const MandateFile file = sign_mandate(order(), key(1));
  const MandateProof proof = file.proof();
  EXPECT_TRUE(verify_mandate(proof, kAccord, GraveAct::kCut, key(1).verify_key()));
  EXPECT_FALSE(verify_mandate(proof, kAccord, GraveAct::kCut, key(2).verify_key()));
  EXPECT_FALSE(verify_mandate(proof, kAccord, GraveAct::kLift, key(1).verify_key()));
  EXPECT_FALSE(verify_mandate(proof, Digest{9}, GraveAct::kCut, key(1).verify_key()));
  MandateProof other = proof;
  other.mandate[0] ^= 1;
  EXPECT_FALSE(verify_mandate(other, kAccord, GraveAct::kCut, key(1).verify_key()));
  other = proof;
  other.principal = OfficerId{5};
  EXPECT_FALSE(verify_mandate(other, kAccord, GraveAct::kCut, key(1).verify_key()));
  Mandate same = order();
  same.nonce = {9};
  EXPECT_NE(sign_mandate(same, key(1)).proof().mandate, proof.mandate) << "the text is not found by trying";
}

TEST(Mandate, RefusesWhatNobodyGives) {
  const auto refused = [](auto change) {
    Mandate mandate = order();
    change(mandate);
    return !parse_mandate_file(encode_mandate_file(sign_mandate(mandate, key(1))));
  };
  EXPECT_FALSE(refused([](Mandate&) {}));
  EXPECT_FALSE(refused([](Mandate& m) { m.lines = {}; })) << "every line";
  EXPECT_TRUE(refused([](Mandate& m) { m.lines = {LineId{3}, LineId{1}}; }));
  EXPECT_TRUE(refused([](Mandate& m) { m.lines = {LineId{0}}; }));
  EXPECT_TRUE(refused([](Mandate& m) { m.side = "South"; }));
  EXPECT_TRUE(refused([](Mandate& m) { m.act = static_cast<GraveAct>(5); }));
  EXPECT_TRUE(refused([](Mandate& m) { m.principal = OfficerId{0}; }));
  EXPECT_TRUE(refused([](Mandate& m) { m.valid_until.seconds = m.given.seconds - 1; }));
  EXPECT_TRUE(refused([](Mandate& m) { m.valid_until.seconds = m.given.seconds + kMandateSecondsMax + 1; }));
}

TEST(GraveActs, AreNamed) {
  for (const GraveAct act : kGraveActs) EXPECT_EQ(grave_act_from(to_string(act)), act);
  EXPECT_EQ(grave_act_from("call"), std::nullopt);
}

}  // namespace
}  // namespace detente::record
