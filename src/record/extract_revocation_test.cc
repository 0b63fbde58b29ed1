// What a bulletin does to an extract's verdict.
#include <gtest/gtest.h>

#include "record/extract_fixture_for_test.h"
#include "wire/cbor.h"

namespace detente::record::test {
namespace {

class Revocation : public ::testing::Test {
 protected:
  Revocation() { world.talk(); }
  ExtractChoice west(std::uint64_t index) const { return {world.log(kWest, true), index, ItemForm::kWhole}; }
  Digest root(std::uint64_t size) const { return root_at(*world.reader.tiles(world.log(kWest, true)), size).value(); }
  Bytes bulletin(OfficerId number, std::optional<accord::LastValid> last) const {
    const accord::Revocation revocation{number, last};
    return accord::issue_bulletin("south", 5, {kBegin + 500}, {}, {&revocation, 1}, world.keys(true).root).value();
  }
  accord::LastValid up_to(std::uint64_t size) const { return {kWest, world.log(kWest, true).epoch, size, root(size)}; }
  ExtractFindings verified(const std::vector<ExtractChoice>& choices, std::vector<Bytes> bulletins) {
    TrustAnchor anchor = world.anchor();
    anchor.bulletins = std::move(bulletins);
    return verify_extract(world.extract(choices).value(), anchor);
  }
  static std::vector<CheckResult> revocations(const ItemFindings& item) {
    std::vector<CheckResult> out;
    for (const Finding& finding : item.checks)
      if (finding.check == "revocation") out.push_back(finding.result);
    return out;
  }

  World world;
};

TEST_F(Revocation, IsNotCheckedWithoutABulletin) {
  const auto findings = verified({west(1)}, {});
  EXPECT_EQ(findings.verdict, Verdict::kProved);
  EXPECT_TRUE(findings.revocation_of.empty());
  EXPECT_TRUE(revocations(findings.items[0]).empty());
}

TEST_F(Revocation, LeavesWhatStandsBelowThePosition) {
  const auto findings = verified({west(1), west(2)}, {bulletin(kMain, up_to(2))});
  EXPECT_EQ(findings.verdict, Verdict::kFailed);
  EXPECT_EQ(findings.revocation_of, std::vector<std::string>{"south"});
  // The station, and the officer, whom nobody revoked.
  EXPECT_EQ(revocations(findings.items[0]), (std::vector{CheckResult::kProved, CheckResult::kProved}));
  EXPECT_EQ(revocations(findings.items[1]), std::vector{CheckResult::kFailed});
  EXPECT_NE(findings.items[1].checks.back().why.find("after the last valid"), std::string::npos);
  EXPECT_EQ(verified({west(1)}, {bulletin(kMain, up_to(2))}).verdict, Verdict::kProved);
  EXPECT_EQ(verified({west(2)}, {bulletin(kMain, up_to(3))}).verdict, Verdict::kProved);
}

TEST_F(Revocation, WithoutAPositionNothingCounts) {
  EXPECT_EQ(verified({west(0)}, {bulletin(kMain, std::nullopt)}).verdict, Verdict::kFailed);
  accord::LastValid elsewhere = up_to(3);
  elsewhere.line = kQuiet;
  EXPECT_EQ(verified({west(0)}, {bulletin(kMain, elsewhere)}).verdict, Verdict::kFailed);
}

TEST_F(Revocation, AnotherHistoryOfTheSameLengthIsNotTheOneThatCounts) {
  accord::LastValid other = up_to(3);
  other.root[0] ^= 1;
  EXPECT_EQ(verified({west(1)}, {bulletin(kMain, other)}).verdict, Verdict::kFailed);
  // Of a shorter tree without the other side's receipt nothing says that it is that history.
  const auto findings = verified({west(0)}, {bulletin(kMain, up_to(2))});
  EXPECT_EQ(findings.verdict, Verdict::kProved) << "receipted";
}

// A restored station opened a new epoch, which names the one before.
TEST_F(Revocation, AnEarlierEpochCountsAsFarAsTheNextOneNamesIt) {
  const ExtractChoice second = west(1), third = west(2);
  Entry opening = world.message(kWest, "");
  opening.header.kind = kEpochOpening;
  opening.header.body_form = BodyForm::kCbor;
  opening.body = wire::CborWriter().array(3).bytes(second.log.epoch).uint(2).bytes(root(2)).take();
  world.own_epoch = 0x52;
  world.reader.log_by_key[world.log(kWest, true)];
  world.append(kWest, true, opening);
  world.close(kWest, true, true);
  const std::vector<Bytes> lost = {bulletin(kMain, up_to(1))};
  EXPECT_EQ(verified({west(0)}, lost).verdict, Verdict::kProved);
  EXPECT_EQ(verified({second, west(0)}, lost).verdict, Verdict::kProved);
  EXPECT_EQ(verified({second}, lost).verdict, Verdict::kFailed) << "nothing here says that it is of before";
  EXPECT_EQ(verified({third, west(0)}, lost).verdict, Verdict::kFailed) << "the restored station did not know it";
}

TEST_F(Revocation, AnOfficersKeysAreJudgedToo) {
  EXPECT_EQ(verified({west(1)}, {bulletin(kDuty, up_to(1))}).verdict, Verdict::kFailed);
  EXPECT_EQ(verified({west(1)}, {bulletin(kDuty, up_to(2))}).verdict, Verdict::kProved);
}

TEST_F(Revocation, ABulletinOfNobodysIsNoAnswer) {
  SeededRandom random(3);
  const auto stranger = crypto::SignKey::generate(random);
  const Bytes forged = accord::issue_bulletin("south", 5, {kBegin}, {}, {}, stranger).value();
  const auto findings = verified({west(1)}, {forged});
  EXPECT_EQ(findings.verdict, Verdict::kFailed);
  EXPECT_EQ(findings.credentials.back().check, "bulletin");
}

TEST_F(Revocation, OfTheSideWithoutABulletinNothingIsChecked) {
  const ExtractChoice theirs{world.log(kWest, false), 0, ItemForm::kWhole};
  const auto findings = verified({theirs}, {bulletin(kMain, up_to(2))});
  EXPECT_EQ(findings.verdict, Verdict::kProved);
  EXPECT_EQ(revocations(findings.items[0])[0], CheckResult::kUnchecked);
}

}  // namespace
}  // namespace detente::record::test
