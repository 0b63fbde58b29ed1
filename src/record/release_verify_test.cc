#include "record/release_verify.h"

#include <gtest/gtest.h>

#include "record/extract_fixture_for_test.h"
#include "record/proposal_body.h"
#include "wire/cbor.h"

namespace detente::record {
namespace {

using test::World;

constexpr OfficerId kEnvoy{5};
constexpr WallTime kInstant{test::kBegin + 3600};

// South proposes on the accord line, and north accepts.
class Released : public testing::Test {
 protected:
  Released() {
    for (const bool own : {true, false}) {
      world_.reader.log_of[world_.log(kAccordLine, own)];
      accord::Roster& roster = own ? world_.south_roster : world_.north_roster;
      accord::Credential envoy = roster.by_number(test::kDuty)->credential;
      envoy.number = kEnvoy;
      envoy.lines.reset();
      (void)roster.add(accord::issue_credential(envoy, world_.keys(own).root).value()).value();
    }
    what_.core = "The lines are open again.";
    what_.mode = AnnouncementMode::kUnseen;
    what_.text = announced_text_digest(salt_, as_bytes(text_));
    what_.other = crypto::sha256(as_bytes("theirs"));
  }

  Entry signed_entry(bool own, Kind kind, Bytes body, std::vector<Reference> references) {
    Entry entry = world_.message(kAccordLine, "");
    entry.header.kind = kind;
    entry.header.body_form = BodyForm::kCbor;
    entry.header.author = kEnvoy;
    entry.header.references = std::move(references);
    entry.body = std::move(body);
    entry.signatures.push_back(sign_entry(entry.header, entry.body, world_.in_force.digest, 1, kEnvoy, ++counter_,
                                          world_.keys(own).officer));
    return entry;
  }
  static Bytes proposal_body(const Announcement& what) {
    wire::CborWriter out;
    out.array(4).uint(static_cast<std::uint64_t>(Matter::kAnnouncement)).bytes(announcement_content(what)).uint(kInstant.seconds).null();
    return out.take();
  }
  static Bytes answer_body(std::uint64_t act) {
    wire::CborWriter out;
    out.array(1).uint(act);
    return out.take();
  }
  Reference to_proposal() {
    const LogKey log = world_.log(kAccordLine, true);
    return {Whose::kOthers, log.epoch, 0, world_.reader.entries(log, 0, 1, 1).front().leaf};
  }
  void agree(std::uint64_t act = 0) {
    world_.append(kAccordLine, true, signed_entry(true, kProposal, proposal_body(what_), {}));
    world_.close(kAccordLine, true, true);
    world_.append(kAccordLine, false, signed_entry(false, kProposalAnswer, answer_body(act), {to_proposal()}));
    world_.close(kAccordLine, false, true);
  }
  ReleaseFile file() {
    const Bytes evidence =
        world_.extract({{world_.log(kAccordLine, true), 0}, {world_.log(kAccordLine, false), 0}}).value();
    return {"south", what_.core, what_.mode, kInstant, kInstant, what_.text, what_.other, salt_, evidence, text_};
  }
  ReleaseFindings judge(const ReleaseFile& file) { return verify_release(write_release_file(file), world_.anchor()); }
  static std::string failed(const ReleaseFindings& findings) {
    for (const Finding& one : findings.checks)
      if (one.result == CheckResult::kFailed) return one.check;
    return "";
  }

  World world_;
  Announcement what_;
  AnnouncementSalt salt_{7};
  std::string text_ = "Today at ten both sides took up the receivers.\n\nThe ministry.\n";
  std::uint64_t counter_ = test::kBegin;
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
  what_.other = announced_text_digest(salt_, as_bytes("Theirs."));
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
    const auto findings = verify_release(altered, world_.anchor());
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
  what_.other.reset();
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
  Entry proposal = signed_entry(true, kProposal, proposal_body(what_), {});
  proposal.signatures.clear();
  world_.append(kAccordLine, true, proposal);
  world_.close(kAccordLine, true, true);
  world_.append(kAccordLine, false, signed_entry(false, kProposalAnswer, answer_body(0), {to_proposal()}));
  world_.close(kAccordLine, false, true);
  EXPECT_EQ(failed(judge(file())), "agreement");
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
