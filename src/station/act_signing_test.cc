#include "station/act_signing.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"
#include "line/proposal.h"
#include "line/register_act.h"
#include "station/cuts.h"
#include "station/mandates.h"
#include "station/side_rules.h"

namespace detente::station {
namespace {

using accord::test::kMorning;

constexpr WallTime kNow{kMorning.seconds + 100};

accord::Roster south_roster() {
  accord::Roster out("south", accord::test::south().verify_key());
  accord::Credential principal = accord::test::officer(4);
  principal.role = accord::CredentialRole::kPrincipal;
  accord::Credential elsewhere = accord::test::officer(5);
  elsewhere.lines = std::vector<LineId>{{0}, {7}};
  accord::Credential renewed = accord::test::officer(6);
  renewed.sign_key = accord::test::officer(2).sign_key;
  renewed.agree_key = accord::test::officer(2).agree_key;
  for (const accord::Credential& one :
       {accord::test::station(1), accord::test::officer(2), accord::test::officer(3), principal, elsewhere, renewed})
    EXPECT_TRUE(out.add(*accord::issue_credential(one, accord::test::south())));
  return out;
}

accord::AccordInForce in_force() {
  const std::string note = accord::test::sign_by_both(accord::test::accord()).encode();
  return accord::assemble_accord(as_bytes(note), accord::test::annex_texts()).value();
}

class ActSigning : public testing::Test {
 protected:
  ActGround ground() const { return {&accord_, &own_, "south"}; }

  record::ActFile cut(const std::string& reason = "The leaflets.") const {
    record::ActFile out{"south", "north", accord_.digest, accord_.accord.version, {}, {}};
    out.entry.header.kind = record::kRegister;
    out.entry.header.time = kMorning;
    out.entry.header.precedence = record::Precedence::kFlash;
    out.entry.header.body_form = record::BodyForm::kCbor;
    out.entry.body = line::cut_body({{{LineId{1}, 3}}, line::kAllMedia, std::nullopt, reason});
    return out;
  }

  Result<void> sign(record::ActFile& file, int number) const {
    const OfficerId officer{static_cast<std::uint16_t>(number)};
    auto words = act_words(ground(), file);
    if (!words) return tl::unexpected<Error>(words.error());
    if (auto may = check_signer(ground(), file, officer, kNow); !may) return may;
    const crypto::SignKey key = accord::test::sign_key(100u + officer.value);
    return sign_act(ground(), file, *words, {officer, 1000u + officer.value, &key});
  }

  accord::AccordInForce accord_ = in_force();
  accord::Roster own_ = south_roster();
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// Its line is open to other posts: nobody else signs, and where somebody did it counts for nothing.
TEST_F(ActSigning, AnOfficerWhomTheAccordKeepsOffALineActsOnNoneOfIt) {
  const record::OfficerSignature by{OfficerId{2}, 1, accord_.accord.version, {}};
  const std::string post = accord::test::officer(2).post;
  EXPECT_TRUE(signer_may(own_, {&accord_}, by, {LineId{1}}));
  for (const LineId closed : {LineId{1}, kAccordLine}) {
    accord_.annexes.at(LineId{1}).people = accord_.annexes.at(kAccordLine).people = {post};
    EXPECT_TRUE(signer_may(own_, {&accord_}, by, {LineId{1}}));
    accord_.annexes.at(closed).people = {"another-post"};
    EXPECT_FALSE(signer_may(own_, {&accord_}, by, {LineId{1}})) << closed.value;
    record::ActFile file = cut();
    const auto signed_by = sign(file, 2);
    ASSERT_FALSE(signed_by);
    EXPECT_NE(signed_by.error().message.find("opens line " + accord_.annexes.at(closed).name + " to these posts: another-post"), std::string::npos)
        << signed_by.error().message;
  }
  EXPECT_TRUE(signer_may(own_, {&accord_}, {OfficerId{2}, 1, accord_.accord.version + 1, {}}, {LineId{1}}))
      << "under another accord, which says nothing here";
}

TEST_F(ActSigning, TheWordsNameEverythingThatIsSigned) {
  const auto words = act_words(ground(), cut());
  ASSERT_TRUE(words) << words.error().message;
  const std::string text = joined(*words);
  for (const char* part : {"CUT: south", "military-west (line 1), its cut no. 3", "all of it", "at once", "\"The leaflets.\"", "north",
                           "as flash", "2026-11-24T09:00:00Z", "version 1 between south and north"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST_F(ActSigning, TwoOfficersSignOneText) {
  record::ActFile file = cut();
  for (const int number : {2, 3}) {
    const auto done = sign(file, number);
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_EQ(file.entry.header.author, OfficerId{2});
  const auto signers = signers_words(ground(), file);
  ASSERT_TRUE(signers) << signers.error().message;
  EXPECT_EQ(signers->size(), 2u);
  for (const record::OfficerSignature& signature : file.entry.signatures)
    EXPECT_TRUE(record::verify_officer(file.entry.header, file.entry.body, accord_.digest, signature,
                                       accord::test::sign_key(100u + signature.officer.value).verify_key()));
}

TEST_F(ActSigning, ATextThatWasChangedBetweenScreenAndKeyGetsNoSignature) {
  record::ActFile file = cut();
  const auto shown = act_words(ground(), file);
  ASSERT_TRUE(shown);
  const crypto::SignKey key = accord::test::sign_key(102);
  for (const record::ActFile& other : {cut("The balloons."), [&] {
         record::ActFile out = cut();
         out.entry.body = line::cut_body({{{LineId{1}, 3}}, line::kText, std::nullopt, "The leaflets."});
         return out;
       }(), [&] {
         record::ActFile out = cut();
         out.entry.header.time.seconds += 1;
         return out;
       }()}) {
    record::ActFile changed = other;
    EXPECT_FALSE(sign_act(ground(), changed, *shown, {OfficerId{2}, 1002, &key}));
    EXPECT_TRUE(changed.entry.signatures.empty());
  }
}

TEST_F(ActSigning, ATextThatWasChangedBehindASignatureGetsNoOther) {
  record::ActFile file = cut();
  ASSERT_TRUE(sign(file, 2));
  record::ActFile changed = file;
  changed.entry.body = cut("The balloons.").entry.body;
  const auto done = sign(changed, 3);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("not what that officer read"), std::string::npos) << done.error().message;
  EXPECT_EQ(changed.entry.signatures.size(), 1u);
  changed = file;
  changed.entry.header.author = OfficerId{3};
  EXPECT_FALSE(sign(changed, 3)) << "another author";
}

TEST_F(ActSigning, OnePersonSignsOnceUnderWhateverNumber) {
  record::ActFile file = cut();
  ASSERT_TRUE(sign(file, 2));
  for (const int number : {2, 6}) {  // 6 has the same key: a renewal
    const auto done = sign(file, number);
    ASSERT_FALSE(done) << number;
    EXPECT_NE(done.error().message.find("signed this already"), std::string::npos) << done.error().message;
  }
}

TEST_F(ActSigning, NobodySignsWithoutTheRight) {
  for (const int number : {1, 5, 9}) {  // a station, an officer of another line, nobody
    record::ActFile file = cut();
    EXPECT_FALSE(sign(file, number)) << number;
  }
  record::ActFile old = cut();
  old.entry.header.time.seconds -= 2 * 86400;
  EXPECT_FALSE(sign(old, 2)) << "no station takes it any more";
  record::ActFile by_principal = cut();
  EXPECT_TRUE(sign(by_principal, 4));
}

TEST_F(ActSigning, WhatIsNotShownIsNotSigned) {
  const auto refused = [&](auto change) {
    record::ActFile file = cut();
    change(file);
    return !act_words(ground(), file);
  };
  EXPECT_FALSE(refused([](record::ActFile&) {}));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.header.subject = "hidden"; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.header.label = "hidden"; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.header.line = LineId{1}; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.header.entry_class = record::EntryClass::kDrill; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.header.kind = record::kMessage; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.body.push_back(0); }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.side = "north"; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.counterpart = "west"; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.accord[0] ^= 1; }));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.entry.body = line::cut_body({{{LineId{9}, 1}}, 7, {}, "x"}); })) << "no such line";
}

TEST_F(ActSigning, AnAcceptanceShowsWhatItAccepts) {
  record::Entry offer;
  offer.header.kind = record::kProposal;
  offer.header.time = kMorning;
  offer.header.body_form = record::BodyForm::kCbor;
  offer.body = line::proposal_body({line::Matter::kRestoration, line::restoration_content({{LineId{1}, 7}}), WallTime{kMorning.seconds + 3600},
                                    std::nullopt, "One o'clock."});
  record::ActFile file = cut();
  file.entry.header.kind = record::kProposalAnswer;
  file.entry.body = line::answer_body({line::AnswerAct::kAccept, ""});
  file.refers_to = record::ReferredEntry{record::encode_entry(offer), {5}};
  file.entry.header.references = {{record::Whose::kOthers, {1}, 4, record::leaf_of(file.refers_to->bytes, file.refers_to->salt)}};
  const auto words = act_words(ground(), file);
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_NE(joined(*words).find("One o'clock."), std::string::npos);
  offer.body = line::proposal_body({line::Matter::kRestoration, line::restoration_content({{LineId{7}, 7}}), WallTime{kMorning.seconds + 3600},
                                    std::nullopt, "One o'clock."});
  file.refers_to->bytes = record::encode_entry(offer);
  EXPECT_FALSE(act_words(ground(), file)) << "another proposal behind the reference";
}

class Mandates : public ActSigning {
 protected:
  record::Mandate order() const {
    record::Mandate out;
    out.side = "south";
    out.counterpart = "north";
    out.accord = accord_.digest;
    out.principal = OfficerId{4};
    out.lines = {LineId{1}};
    out.letter = {7};
    out.given = kMorning;
    out.valid_until = WallTime{kMorning.seconds + 3600};
    return out;
  }
  static record::MandateFile by(const record::Mandate& mandate, std::uint64_t key = 104) {
    return record::sign_mandate(mandate, accord::test::sign_key(key));
  }
  record::ActFile cut_by(const record::MandateFile& mandate) const {
    record::ActFile out = cut();
    out.entry.body = line::cut_body({{{LineId{1}, 3}}, line::kAllMedia, std::nullopt, "The leaflets.", false, mandate.proof()});
    out.mandate = mandate;
    return out;
  }
};

TEST_F(Mandates, AreShownToWhoeverSigns) {
  const auto words = act_words(ground(), cut_by(by(order())));
  ASSERT_TRUE(words) << words.error().message;
  const std::string text = joined(*words);
  for (const std::string& part : {std::string("no. 4) of south for a cut"), std::string("military-west with north"), to_hex(Digest{7})})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  record::ActFile file = cut_by(by(order()));
  EXPECT_TRUE(sign(file, 2));
}

TEST_F(Mandates, ThatOrderSomethingElseAreRefused) {
  const auto why = [&](auto change) {
    record::Mandate mandate = order();
    change(mandate);
    const auto words = act_words(ground(), cut_by(by(mandate)));
    return words ? std::string("it was taken") : words.error().message;
  };
  const auto says = [](const std::string& message, const char* part) { return message.find(part) != std::string::npos; };
  EXPECT_EQ(why([](record::Mandate&) {}), "it was taken");
  EXPECT_EQ(why([](record::Mandate& m) { m.lines = {}; }), "it was taken");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.act = GraveAct::kLift; }), "orders a lift, and this is a cut");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.lines = {LineId{7}}; }), "does not name military-west");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.side = "west"; }), "a principal of west");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.counterpart = "west"; }), "toward west");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.accord[0] ^= 1; }), "another accord");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.given.seconds += 1; }), "dated before the mandate");
  EXPECT_PRED2(says, why([](record::Mandate& m) {
                 m.given.seconds -= 7200;
                 m.valid_until.seconds = m.given.seconds + 10;
               }),
               "was valid until");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.principal = OfficerId{2}; }), "is no principal");
  EXPECT_PRED2(says, why([](record::Mandate& m) { m.principal = OfficerId{9}; }), "no credential of number 9");
}

TEST_F(Mandates, FileAndProofBelongTogether) {
  const auto refused = [&](auto change) {
    record::ActFile file = cut_by(by(order()));
    change(file);
    return !act_words(ground(), file);
  };
  EXPECT_FALSE(refused([](record::ActFile&) {}));
  EXPECT_TRUE(refused([](record::ActFile& f) { f.mandate.reset(); })) << "a proof without its text";
  EXPECT_TRUE(refused([&](record::ActFile& f) { f.entry.body = cut().entry.body; })) << "a text without its proof";
  EXPECT_TRUE(refused([&](record::ActFile& f) {
    record::Mandate other = order();
    other.letter = {9};
    f.mandate = by(other);
  })) << "another text";
  EXPECT_FALSE(act_words(ground(), cut_by(by(order(), 102)))) << "an officer's key under the principal's number";
}

TEST_F(Mandates, TheOtherSideSeesWhoseAndNotWhat) {
  const record::MandateProof proof = by(order()).proof();
  EXPECT_EQ(mandate_words({&accord_}, own_, GraveAct::kCut, proof, kNow), "by mandate of its duty-officer");
  EXPECT_EQ(mandate_words({&accord_}, own_, GraveAct::kCut, std::nullopt, kNow), "");
  EXPECT_NE(mandate_words({&accord_}, own_, GraveAct::kLift, proof, kNow).find("not valid"), std::string::npos);
  EXPECT_EQ(mandate_json({&accord_}, own_, GraveAct::kCut, proof, kNow)["verdict"], "valid");
  EXPECT_EQ(mandate_json({&accord_}, own_, GraveAct::kRestore, proof, kNow)["verdict"], "not valid");
  EXPECT_EQ(mandate_json({&accord_}, own_, GraveAct::kCut, proof, {kMorning.seconds - 1})["verdict"], "not valid");
  EXPECT_TRUE(mandate_json({&accord_}, own_, GraveAct::kCut, std::nullopt, kNow).is_null());
}

TEST_F(ActSigning, TheRuleCountsSigners) {
  SideRules rules;
  rules.signers[0] = 2;
  record::ActFile file = cut();
  ASSERT_TRUE(sign(file, 2));
  EXPECT_EQ(grave_act_of(file.entry, {}), GraveAct::kCut);
  const auto one = check_signers(rules, GraveAct::kCut, file.entry);
  ASSERT_FALSE(one);
  EXPECT_NE(one.error().message.find("2 officers"), std::string::npos) << one.error().message;
  EXPECT_TRUE(check_signers(rules, GraveAct::kLift, file.entry));
  ASSERT_TRUE(sign(file, 3));
  EXPECT_TRUE(check_signers(rules, GraveAct::kCut, file.entry));
}

TEST_F(ActSigning, ARuleThatNobodyCanMeetIsFound) {
  SideRules rules;
  EXPECT_TRUE(check_rules_can_be_met(rules, own_));
  rules.signers[2] = 4;  // 2 and 6 are one person
  EXPECT_TRUE(check_rules_can_be_met(rules, own_));
  EXPECT_EQ(rules_warning(rules, own_, kNow), "");
  EXPECT_NE(rules_warning(rules, own_, {kMorning.seconds - 1}).find("restore = 4"), std::string::npos);
  const accord::Roster nobody("south", accord::test::south().verify_key());
  EXPECT_FALSE(check_rules_can_be_met(rules, nobody));
  SideRules ordered;
  ordered.mandate[1] = true;
  EXPECT_TRUE(check_rules_can_be_met(ordered, own_));
  EXPECT_FALSE(check_rules_can_be_met(ordered, nobody)) << "no principal";
}

TEST(GraveActs, SteppingBackIsNone) {
  record::Entry entry;
  entry.header.kind = record::kProposalAnswer;
  entry.body = line::answer_body({line::AnswerAct::kAccept, ""});
  EXPECT_EQ(grave_act_of(entry, line::Matter::kRestoration), GraveAct::kRestore);
  EXPECT_EQ(grave_act_of(entry, line::Matter::kAnnouncement), GraveAct::kAnnounce);
  EXPECT_EQ(grave_act_of(entry, line::Matter::kOther), std::nullopt);
  entry.body = line::answer_body({line::AnswerAct::kReject, ""});
  EXPECT_EQ(grave_act_of(entry, line::Matter::kRestoration), std::nullopt);
  entry.header.kind = record::kRegister;
  entry.body = line::clear_body({{{LineId{1}, 1}}, line::ClearGround::kLifted});
  EXPECT_EQ(grave_act_of(entry, {}), GraveAct::kLift);
  entry.header.kind = record::kMessage;
  EXPECT_EQ(grave_act_of(entry, {}), std::nullopt);
}

}  // namespace
}  // namespace detente::station
