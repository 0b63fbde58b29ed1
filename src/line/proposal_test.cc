#include "line/proposal.h"

#include <gtest/gtest.h>

#include "line/adoption.h"
#include "line/exact_body_for_test.h"
#include "wire/cbor.h"

namespace detente::line {
namespace {

Proposal restoration() {
  return {Matter::kRestoration, restoration_content({{LineId{1}, kAllMedia}, {LineId{3}, kText}}),
          WallTime{2'000}, WallTime{1'500}, "On Monday at nine, as before."};
}

record::Entry entry_of(record::Kind kind, Bytes body) {
  record::Entry out;
  out.header.kind = kind;
  out.header.time = WallTime{1'000};
  out.header.body_form = record::BodyForm::kCbor;
  out.body = std::move(body);
  out.signatures.resize(1);
  return out;
}

TEST(Proposal, EachBodyReadsBackAndNoPartOfItDoes) {
  EXPECT_EQ(parse_proposal_body(proposal_body(restoration())), restoration());
  expect_exact(proposal_body(restoration()), parse_proposal_body);
  const Proposal plain{Matter::kOther, {}, {}, {}, ""};
  EXPECT_EQ(parse_proposal_body(proposal_body(plain)), plain);
  for (const AnswerAct act : {AnswerAct::kAccept, AnswerAct::kReject, AnswerAct::kWithdraw}) {
    EXPECT_EQ(parse_answer_body(answer_body({act, ""})), (Answer{act, ""}));
    expect_exact(answer_body({act, "not on a holiday"}), parse_answer_body);
  }
  const std::vector<RestoredLine> lines{{LineId{1}, kText}, {LineId{2}, kText | kVoice}};
  EXPECT_EQ(parse_restoration_content(restoration_content(lines)), lines);
  expect_exact(restoration_content(lines), parse_restoration_content);
}

TEST(Proposal, CarriesTheProofOfAMandateWithWordsAndWithout) {
  const record::MandateProof proof{OfficerId{4}, Digest{1, 2}, {3}};
  for (const char* words : {"", "On Monday."}) {
    Proposal offer = restoration();
    offer.words = words;
    offer.mandate = proof;
    EXPECT_EQ(parse_proposal_body(proposal_body(offer)), offer);
    expect_exact(proposal_body(offer), parse_proposal_body);
    const Answer answer{AnswerAct::kAccept, words, proof};
    EXPECT_EQ(parse_answer_body(answer_body(answer)), answer);
    expect_exact(answer_body(answer), parse_answer_body);
  }
}

TEST(Proposal, AMatterOfANewerProgramIsRead) {
  const Proposal newer{static_cast<Matter>(kMatterMax), {1, 2, 3}, {}, {}, ""};
  EXPECT_EQ(parse_proposal_body(proposal_body(newer)), newer);
}

TEST(Proposal, WhatIsBeyondABoundIsRefused) {
  const auto with = [](auto change) {
    Proposal out = restoration();
    change(out);
    return parse_proposal_body(proposal_body(out)).has_value();
  };
  EXPECT_FALSE(with([](Proposal& p) { p.matter = static_cast<Matter>(0); }));
  EXPECT_FALSE(with([](Proposal& p) { p.matter = static_cast<Matter>(kMatterMax + 1); }));
  EXPECT_FALSE(with([](Proposal& p) { p.content.resize(kProposalContentMax + 1); }));
  EXPECT_FALSE(with([](Proposal& p) { p.words.assign(kProposalWordsMax + 1, 'a'); }));
  EXPECT_FALSE(with([](Proposal& p) { p.words = "a\x1b[2J"; }));
  EXPECT_FALSE(parse_answer_body(wire::CborWriter().array(1).uint(3).take()));
  EXPECT_FALSE(parse_answer_body(wire::CborWriter().array(2).uint(0).text("").take()));
  EXPECT_FALSE(parse_restoration_content(restoration_content({})));
  EXPECT_FALSE(parse_restoration_content(restoration_content({{LineId{2}, 1}, {LineId{1}, 1}})));
  EXPECT_FALSE(parse_restoration_content(restoration_content({{LineId{2}, 1}, {LineId{2}, 2}})));
  EXPECT_FALSE(parse_restoration_content(restoration_content({{LineId{1}, 0}})));
  EXPECT_FALSE(parse_restoration_content(restoration_content({{LineId{1}, 8}})));
  EXPECT_FALSE(parse_restoration_content(restoration_content({{kAccordLine, 1}})));
}

TEST(Proposal, ItLapsesAtItsInstantAtTheLatest) {
  EXPECT_EQ(lapse_of({Matter::kOther, {}, {}, {}, ""}), std::nullopt);
  EXPECT_EQ(lapse_of({Matter::kOther, {}, WallTime{5}, {}, ""}), WallTime{5});
  EXPECT_EQ(lapse_of({Matter::kOther, {}, {}, WallTime{7}, ""}), WallTime{7});
  EXPECT_EQ(lapse_of({Matter::kOther, {}, WallTime{5}, WallTime{7}, ""}), WallTime{5});
}

TEST(Proposal, ADeskMayProposeAndCounter) {
  record::Entry entry = entry_of(record::kProposal, proposal_body(restoration()));
  EXPECT_TRUE(check_proposal_act(entry));
  entry.header.references = {{record::Whose::kOthers, {}, 4, {}}};
  EXPECT_TRUE(check_proposal_act(entry));
  entry.header.references = {{record::Whose::kAuthors, {}, 4, {}}};
  EXPECT_FALSE(check_proposal_act(entry)) << "one's own is withdrawn, not countered";
}

TEST(Proposal, ADeskWritesNoProposalThatMeansNothing) {
  const auto fault = [](auto change) {
    record::Entry entry = entry_of(record::kProposal, proposal_body(restoration()));
    change(entry);
    const auto checked = check_proposal_act(entry);
    return checked ? std::optional<Fault>() : std::optional(checked.error().fault);
  };
  EXPECT_EQ(fault([](record::Entry& e) { e.header.line = LineId{1}; }), Fault::kDenied);
  EXPECT_EQ(fault([](record::Entry& e) { e.signatures.clear(); }), Fault::kDenied);
  EXPECT_EQ(fault([](record::Entry& e) { e.header.body_form = record::BodyForm::kText; }), Fault::kMalformed);
  EXPECT_EQ(fault([](record::Entry& e) { e.header.time = WallTime{1'500}; }), Fault::kState);
  EXPECT_EQ(fault([](record::Entry& e) { e.body = proposal_body({Matter::kRestoration, {1}, {}, {}, ""}); }),
            Fault::kMalformed);
  EXPECT_EQ(fault([](record::Entry& e) { e.body = proposal_body({Matter::kAccordChange, {1}, {}, {}, ""}); }),
            Fault::kMalformed);
  const auto with_files = [&](std::size_t count, std::uint64_t length, const char* type) {
    return fault([&](record::Entry& e) {
      e.body = proposal_body({Matter::kAccordChange, Bytes(32, 1), {}, {}, ""});
      e.header.attachments.assign(count, {Digest{1}, length, type, ""});
    });
  };
  EXPECT_EQ(with_files(0, 0, ""), std::nullopt);
  EXPECT_EQ(with_files(1, kBundleMax, kBundleMediaType), std::nullopt);
  EXPECT_EQ(with_files(2, 100, kBundleMediaType), Fault::kMalformed);
  EXPECT_EQ(with_files(1, 100, "text/plain"), Fault::kMalformed);
  EXPECT_EQ(with_files(1, kBundleMax + 1, kBundleMediaType), Fault::kLimit);
  EXPECT_EQ(fault([](record::Entry& e) { e.body = proposal_body({static_cast<Matter>(9), {}, {}, {}, ""}); }),
            Fault::kUnsupported);
  EXPECT_EQ(fault([](record::Entry& e) {
              e.body = proposal_body({Matter::kOther, {}, WallTime{2'000}, WallTime{3'000}, ""});
            }),
            Fault::kMalformed);
}

TEST(Proposal, AnAnswerRefersToTheOtherSidesProposal) {
  for (const AnswerAct act : {AnswerAct::kAccept, AnswerAct::kReject, AnswerAct::kWithdraw}) {
    record::Entry entry = entry_of(record::kProposalAnswer, answer_body({act, ""}));
    EXPECT_FALSE(check_proposal_act(entry)) << "to nothing";
    entry.header.references = {{record::Whose::kOthers, {}, 4, {}}};
    EXPECT_TRUE(check_proposal_act(entry));
    entry.header.references = {{record::Whose::kAuthors, {}, 4, {}}};
    EXPECT_EQ(check_proposal_act(entry).has_value(), act == AnswerAct::kWithdraw);
    entry.header.references.resize(2);
    EXPECT_FALSE(check_proposal_act(entry));
  }
}

}  // namespace
}  // namespace detente::line
