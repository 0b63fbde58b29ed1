#include "record/release_verify.h"

#include <gtest/gtest.h>

#include "record/release_fixture_for_test.h"

namespace detente::record {
namespace {

using test::kInstant;

class Released : public testing::Test, protected test::Agreement {
 protected:
  ReleaseFindings judge(const ReleaseFile& file) { return verify_release(write_release_file(file), world.anchor()); }
  static std::string failed(const ReleaseFindings& findings) {
    for (const Finding& one : findings.checks)
      if (one.result == CheckResult::kFailed) return one.check;
    return "";
  }
};

TEST_F(Released, AnAgreedTextIsProvedToAnOutsider) {
  agree();
  const ReleaseFindings good = judge(file());
  EXPECT_EQ(good.verdict, Verdict::kProved) << failed(good) << good.evidence.error;
  EXPECT_EQ(good.checks.size(), 3u);
  ReleaseFile late = file();
  late.released.seconds += 7;
  EXPECT_EQ(judge(late).verdict, Verdict::kProved) << "late is no fault of the text";
  EXPECT_EQ(verify_release(write_release_file(file()), {}).verdict, Verdict::kUnanchored);
}

TEST_F(Released, TheOtherSidesOwnTextIsProvedByTheSameAgreement) {
  what.other = announced_text_digest(salt, as_bytes("Theirs."));
  agree();
  ReleaseFile theirs = file();
  theirs.side = "north";
  theirs.text = "Theirs.";
  std::swap(theirs.text_digest, *theirs.other_digest);
  EXPECT_EQ(judge(theirs).verdict, Verdict::kProved);
  theirs.side = "west";
  EXPECT_EQ(failed(judge(theirs)), "agreement");
}

TEST_F(Released, EveryAlteredByteIsFound) {
  agree();
  const Bytes whole = write_release_file(file());
  for (std::size_t at = 0; at < whole.size(); at += at + 300 < whole.size() ? 97 : 1) {
    Bytes altered = whole;
    altered[at] ^= 1;
    const auto findings = verify_release(altered, world.anchor());
    // When it was released is the station's own word, and nobody signed it.
    const auto read = parse_release_file(altered);
    if (read && read->released != kInstant) continue;
    EXPECT_EQ(findings.verdict, Verdict::kFailed) << at;
  }
}

TEST_F(Released, WhatWasNotAgreedFails) {
  agree(1);
  EXPECT_EQ(failed(judge(file())), "agreement") << "rejected";
}

TEST_F(Released, OneSidesTextAloneIsNoAgreement) {
  what.other.reset();
  agree();
  ReleaseFile half = file();
  half.other_digest = Digest{};
  EXPECT_EQ(failed(judge(half)), "agreement");
}

TEST_F(Released, AnotherHourAndAnEarlyReleaseFail) {
  agree();
  ReleaseFile other = file();
  other.instant.seconds -= 60;
  EXPECT_EQ(failed(judge(other)), "instant");
  ReleaseFile early = file();
  early.released.seconds -= 1;
  EXPECT_EQ(failed(judge(early)), "instant");
}

TEST_F(Released, WithoutAnOfficersSignatureNothingIsAgreed) {
  Entry unsigned_one = proposal();
  unsigned_one.signatures.clear();
  agree(unsigned_one);
  EXPECT_EQ(failed(judge(file())), "agreement");
}

// A restoration or an amendment may have been agreed on before, and be in evidence, too.
TEST_F(Released, AnotherMatterThatWasAcceptedBeforeIsNotWhatIsJudged) {
  Entry other = proposal();
  other.body = Bytes{0x84, 0x01, 0x41, 0x00, 0x1a, 0x6b, 0x05, 0x00, 0x00, 0xf6};  // [1, h'00', a time, null]
  agree(other);
  EXPECT_EQ(failed(judge(file())), "agreement") << "no announcement";
  agree();
  const ReleaseFindings good = judge(file());
  EXPECT_EQ(good.checks.size(), 3u);
  for (const Finding& one : good.checks) EXPECT_EQ(one.result, CheckResult::kProved) << one.check << one.why;
}

TEST_F(Released, OneOfSeveralAcceptancesIsAnOfficers) {
  world.append(kAccordLine, true, proposal());
  world.close(kAccordLine, true, true);
  Entry unsigned_one = answer(0);
  unsigned_one.signatures.clear();
  world.append(kAccordLine, false, unsigned_one);
  world.close(kAccordLine, false, true);
  EXPECT_EQ(failed(judge(file())), "agreement");
  world.append(kAccordLine, false, answer(0));
  world.close(kAccordLine, false, true);
  EXPECT_EQ(failed(judge(file())), "");
}

TEST_F(Released, TheFileHasOneSpelling) {
  agree();
  const Bytes whole = write_release_file(file());
  EXPECT_EQ(parse_release_file(whole), file());
  for (std::size_t size = 0; size < 400; ++size) EXPECT_FALSE(parse_release_file(ByteView(whole).first(size))) << size;
  std::string upper = as_string(whole);
  const std::size_t at = upper.find("text-digest: ") + 13;
  for (std::size_t i = at; i < at + 64; ++i) upper[i] = static_cast<char>(std::toupper(upper[i]));
  EXPECT_FALSE(parse_release_file(as_bytes(upper)));
}

}  // namespace
}  // namespace detente::record
