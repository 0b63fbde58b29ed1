// Extracts of a lineage in which a root key was renewed: whoever knows the former key or the new one is led to the other, and
// what the former one signs afterwards proves nothing. spec/record.md section 9.
#include <gtest/gtest.h>

#include "record/extract_fixture_for_test.h"
#include "record/key_for_test.h"

namespace detente::record::test {
namespace {

class ExtractRenewal : public ::testing::Test {
 protected:
  ExtractRenewal() {
    world.talk();
    world.succeed(&renewed_);
  }
  Extract made() { return decode_extract(world.extract({{world.log(kWest, true), 1, ItemForm::kWhole}}).value()).value(); }
  static ExtractFindings verified(const Extract& extract, TrustAnchor anchor, std::vector<Bytes> bulletins = {}) {
    anchor.bulletins = std::move(bulletins);
    return verify_extract(encode_extract(extract).value(), anchor);
  }
  TrustAnchor anchor_of(const crypto::SignKey& south) {
    TrustAnchor out = world.anchor();
    out.roots.insert_or_assign("south", south.verify_key());
    return out;
  }

  World world;
  crypto::SignKey renewed_ = key(91);
};

TEST_F(ExtractRenewal, IsProvedFromTheFormerKeyAndFromTheNewOne) {
  const Extract extract = made();
  ASSERT_EQ(extract.accords.size(), 2u) << "the one that renews, and the one before it";
  EXPECT_EQ(accord::parse_note(as_bytes(extract.accords[1].note))->signatures.size(), 3u);
  for (const crypto::SignKey* known : {&world.keys(true).root, &std::as_const(renewed_)}) {
    const ExtractFindings found = verified(extract, anchor_of(*known));
    EXPECT_EQ(found.verdict, Verdict::kProved) << found.error;
  }
  EXPECT_EQ(verified(extract, anchor_of(key(92))).verdict, Verdict::kFailed) << "nobody's";
}

TEST_F(ExtractRenewal, TheFormerKeysSignatureIsNeededAndFits) {
  Extract extract = made();
  auto note = accord::parse_note(as_bytes(extract.accords[1].note)).value();
  accord::Note changed = note;
  changed.signatures.back() = accord::sign_note(note.text, "south", renewed_).value();
  extract.accords[1].note = accord::encode_note(changed);
  EXPECT_EQ(verified(extract, world.anchor()).verdict, Verdict::kFailed) << "the new key vouches for itself";
  changed = note;
  changed.signatures.pop_back();
  extract.accords[1].note = accord::encode_note(changed);
  EXPECT_NE(verified(extract, world.anchor()).error, "");
  extract = made();
  extract.accords.erase(extract.accords.begin());
  EXPECT_NE(verified(extract, anchor_of(renewed_)).error, "") << "whom it replaces is not told";
}

TEST_F(ExtractRenewal, ACredentialOfTheFormerKeyCountsUpToTheLastNumber) {
  accord::Credential late = world.south_roster.by_number(kDuty)->credential;
  late.number = OfficerId{7};
  for (const bool by_new : {true, false}) {
    Extract extract = made();
    extract.credentials.push_back(accord::issue_credential(late, by_new ? renewed_ : world.keys(true).root).value());
    std::sort(extract.credentials.begin(), extract.credentials.end());
    EXPECT_EQ(verified(extract, world.anchor()).verdict, by_new ? Verdict::kProved : Verdict::kFailed);
  }
}

TEST_F(ExtractRenewal, ARevocationOfTheFormerKeyCountsUpToTheLastNumber) {
  const accord::Revocation revocation{kMain, std::nullopt};
  const auto judged = [&](std::uint64_t number, const crypto::SignKey& root) {
    const Bytes bulletin = accord::issue_bulletin("south", number, {kBegin + 500}, {}, {&revocation, 1}, root).value();
    return verified(made(), world.anchor(), {bulletin});
  };
  const auto revoked = [](const ExtractFindings& found) {
    return std::any_of(found.items[0].checks.begin(), found.items[0].checks.end(),
                       [](const Finding& one) { return one.check == "revocation" && one.result == CheckResult::kFailed; });
  };
  EXPECT_TRUE(revoked(judged(4, world.keys(true).root)));
  EXPECT_TRUE(revoked(judged(5, renewed_)));
  const ExtractFindings late = judged(5, world.keys(true).root);
  EXPECT_FALSE(revoked(late));
  EXPECT_EQ(late.credentials.back().check, "bulletin");
  EXPECT_EQ(late.credentials.back().result, CheckResult::kFailed);
}

}  // namespace
}  // namespace detente::record::test
