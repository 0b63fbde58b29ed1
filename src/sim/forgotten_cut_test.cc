// A disk that went back has forgotten a cut of its own side: the other station, which holds the act, tells of it at the
// first contact, and the line is held cut. spec/cut.md section 6.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;

class ForgottenCut : public ActingPair {
 protected:
  explicit ForgottenCut(std::uint64_t seed = 59) : ActingPair(seed) {}
  void go_back(std::size_t side, const MemoryStore::Snapshot& before) {
    pair_.run(minutes(1));
    pair_.stop(side);
    pair_.run(minutes(1));
    pair_.store(side).restore(before);
    pair_.take_events(side);
    pair_.start(side);
    pair_.run(minutes(2));
  }
  // The same, and no more than a link is there: what the two hold of each other is still under way.
  void go_back_to_the_link(std::size_t side, const MemoryStore::Snapshot& before) {
    pair_.run(minutes(1));
    pair_.stop(0);
    pair_.stop(1);
    pair_.store(side).restore(before);
    pair_.delay = [](std::size_t, std::size_t) -> Duration { return std::chrono::milliseconds(50); };
    pair_.start(0);
    pair_.start(1);
    for (int i = 0; i < 1000 && !peer(side).link().ready(); ++i) pair_.run(std::chrono::milliseconds(1));
    ASSERT_FALSE(peer(side).line(kAccordLine)->contact_made());
  }
  std::size_t told_of_forgotten(std::size_t side) {
    std::size_t out = 0;
    for (const core::Alarm& alarm : told<core::Alarm>(side))
      out += alarm.kind == core::AlarmKind::kWeForgot && alarm.text.find("is held cut") != std::string::npos;
    return out;
  }
};

TEST_F(ForgottenCut, IsToldOfAndHeld) {
  ASSERT_TRUE(say(0, "before"));
  const auto before = pair_.store(0).snapshot();
  cut(0);
  go_back(0, before);
  EXPECT_EQ(told_of_forgotten(0), 1u);
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << side;
  EXPECT_FALSE(say(0, "not on this line"));
  EXPECT_EQ(registers(0).own(kCutLine).cut_epoch(), 1u) << "the next cut has a number of its own";
  restart(0);
  EXPECT_FALSE(open(0)) << "it is on the disk";
  lift(0);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  EXPECT_TRUE(say(1, "after"));
}

// What an officer signed before it was known that this disk is an older copy goes back, also where its commit is under way just
// then: he is told to sign it anew, and nothing of it is carried out.
TEST_F(ForgottenCut, WhatTheDiskIsTakingAtTheFirstContactGoesBack) {
  cut(0);
  const auto before = pair_.store(0).snapshot();
  propose_to_restore(0, minutes(60));  // the copy has it not
  go_back_to_the_link(0, before);
  bool busy = true, full = false;
  pair_.disk = [&](std::size_t side) {
    if (side == 1) return QuietPair::Disk::kTakes;
    return std::exchange(full, false) ? QuietPair::Disk::kFull : busy ? QuietPair::Disk::kBusy : QuietPair::Disk::kTakes;
  };
  const auto lifted = sign_lift(0);
  ASSERT_TRUE(lifted) << lifted.error().message;
  const auto answered = act(0, line::cut_body({{{kOther, 1}}, line::kAllMedia, {}, "second"}));
  ASSERT_TRUE(answered) << answered.error().message;
  pair_.take_events(0);
  pair_.run(std::chrono::seconds(1));
  ASSERT_TRUE(peer(0).line(kAccordLine)->contact_made());
  busy = false;
  std::set<core::SubmissionId> back;
  const auto take_back = [&] {
    for (const core::SubmissionFailed& failed : told<core::SubmissionFailed>(0)) EXPECT_TRUE(back.insert(failed.submission).second) << "told twice";
  };
  pair_.run(minutes(1));
  take_back();
  EXPECT_EQ(back, (std::set<core::SubmissionId>{*lifted, *answered}));
  full = true;  // a refused commit has the queue read again from the disk
  propose_to_restore(0, minutes(60));
  pair_.run(minutes(2));
  EXPECT_TRUE(peer(0).line(kAccordLine)->held_lifts().empty());
  EXPECT_EQ(peer(0).line(kAccordLine)->queued(), 0u);
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << "nobody lifted it, " << side;
  EXPECT_EQ(accord_entries(0, record::kRegister).size(), 0u) << "in the new epoch";
  EXPECT_EQ(pair_.store(0).outbox({pair_.pair().lineage(), kAccordLine}).size(), 0u);
}

// What an officer signed before it was known that this disk is an older copy has no place in its log; but what it did to the
// register is on the disk, beside what the other station told meanwhile, and this life goes by what the next one will find.
TEST_F(ForgottenCut, AnActThatWentBackWhileTheDiskTookItIsInForceNowAsAfterTheNextStart) {
  bool busy = false;
  pair_.disk = [&](std::size_t side) { return side == 0 && busy ? QuietPair::Disk::kBusy : QuietPair::Disk::kTakes; };
  for (const std::uint64_t told : {1u, 2u, 3u}) {
    SCOPED_TRACE(told);
    const auto before = pair_.store(0).snapshot();
    for (std::uint64_t number = registers(0).own(kOther).cut_epoch() + 1; number <= told; ++number)
      ASSERT_TRUE(act(0, line::cut_body({{{kOther, number}}, line::kAllMedia, {}, "first"})));
    go_back_to_the_link(0, before);
    busy = true;
    const auto done = act(0, line::cut_body({{{kOther, registers(0).own(kOther).cut_epoch() + 1}}, line::kDocument, {}, "second"}));
    ASSERT_TRUE(done) << done.error().message;
    pair_.run(std::chrono::seconds(1));
    busy = false;
    pair_.run(minutes(1));
    pair_.delay = nullptr;
    const Bytes now = core::encode_register(registers(0).own(kOther));
    EXPECT_GE(registers(0).own(kOther).cut_epoch(), told);
    restart(0);
    EXPECT_EQ(core::encode_register(registers(0).own(kOther)), now);
  }
}

TEST_F(ForgottenCut, OfOneMediumLeavesTheOthers) {
  const auto before = pair_.store(0).snapshot();
  cut(0, {{}, line::kDocument, {}, ""});
  go_back(0, before);
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side, line::kDocument)) << side;
    EXPECT_TRUE(open(side)) << side;
  }
}

TEST_F(ForgottenCut, ThatWasAnnouncedWaitsForItsHour) {
  const auto before = pair_.store(0).snapshot();
  cut(0, {{}, line::kAllMedia, WallTime{pair_.now(0).wall.seconds + 3600}, ""});
  go_back(0, before);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  pair_.run(minutes(60));
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << side;
}

TEST_F(ForgottenCut, IsEndedByAnAgreementMadeSince) {
  cut(0);
  lift(0);
  const auto before = pair_.store(0).snapshot();
  cut(0);
  go_back(0, before);
  agree(minutes(5));
  pair_.run(minutes(8));
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  EXPECT_TRUE(say(1, "after"));
}

TEST_F(ForgottenCut, ThatWasLiftedSinceIsNotHeld) {
  const auto before = pair_.store(0).snapshot();
  cut(0);
  lift(0);
  go_back(0, before);
  EXPECT_EQ(told_of_forgotten(0), 0u);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
}

// Nobody can tell from here whether it was lifted: it stays cut, and its officers are asked.
TEST_F(ForgottenCut, ALiftThatThisDiskHasForgottenIsAskedFor) {
  cut(0);
  const auto before = pair_.store(0).snapshot();
  lift(0);
  ASSERT_TRUE(say(0, "after the lift"));
  go_back(0, before);
  std::string words;
  for (const core::Alarm& alarm : told<core::Alarm>(0)) words += alarm.text + "\n";
  EXPECT_NE(words.find("holds the line for open on this side"), std::string::npos) << words;
  EXPECT_NE(words.find("What this side cut, lifted, proposed or answered since is not known here"), std::string::npos) << words;
  EXPECT_FALSE(open(0));
  EXPECT_TRUE(open(1));
  lift(0);
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
  EXPECT_TRUE(say(1, "after"));
}

TEST_F(ForgottenCut, ACutThatBothHoldIsDoubtedByNobody) {
  cut(0);
  pair_.run(minutes(1));
  told<core::Alarm>(0);
  for (std::size_t side : {0u, 1u}) {
    restart(side);
    pair_.run(minutes(1));
    for (std::size_t at : {0u, 1u})
      for (const core::Alarm& alarm : told<core::Alarm>(at)) EXPECT_NE(alarm.kind, core::AlarmKind::kWeForgot) << alarm.text;
  }
}

// What it had agreed to it does not know, so it carries out nothing; the cut stands until both agree anew.
TEST_F(ForgottenCut, AnAnswerThatThisDiskHasForgottenIsNotCarriedOut) {
  cut(1);
  const record::LogPosition proposal = propose_to_restore(1, minutes(30));
  const auto before = pair_.store(0).snapshot();
  ASSERT_TRUE(answer(0, line::AnswerAct::kAccept, 1, proposal));
  go_back(0, before);
  EXPECT_TRUE(peer(0).agreements().restorations().empty());
  pair_.run(std::chrono::hours(3));
  for (std::size_t side : {0u, 1u}) EXPECT_FALSE(open(side)) << side;
  ASSERT_TRUE(report(1));
  EXPECT_EQ(report(1)->end, line::RestorationEnd::kTimeOver);
  EXPECT_TRUE(peer(0).restorations().runs().empty());
  agree(minutes(5));
  pair_.run(minutes(8));
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
}

// What a station that serves somebody else would do; here its disk does not know that the signature was used.
TEST_F(ForgottenCut, AnActThatItsStationShowsASecondTimeCountsForNothing) {
  const auto before = pair_.store(1).snapshot();
  line::Proposal proposal;
  proposal.matter = line::Matter::kRestoration;
  proposal.content = line::restoration_content({{kCutLine, line::kAllMedia}});
  proposal.instant = WallTime{pair_.now(1).wall.seconds + 7200};
  const record::Entry offered = signed_entry(1, record::kProposal, line::proposal_body(proposal));
  ASSERT_TRUE(pair_.submit(1, offered));
  pair_.settle();
  ASSERT_TRUE(answer(1, line::AnswerAct::kWithdraw, 1, newest(1)));
  go_back(1, before);
  told<core::Alarm>(0);
  ASSERT_TRUE(pair_.submit(1, offered)) << "its disk does not know better";
  pair_.run(minutes(1));
  for (int life = 0; life < 2; ++life) {
    const line::ProposalBook& book = peer(0).agreements().book();
    ASSERT_EQ(book.proposals().size(), 1u) << "nobody offers it again";
    EXPECT_EQ(book.outcome(book.proposals().front())->state, line::ProposalState::kWithdrawn);
    if (life == 0) {
      std::string words;
      for (const core::Alarm& alarm : told<core::Alarm>(0)) words += alarm.text + "\n";
      EXPECT_NE(words.find("that was used before; it does not count"), std::string::npos) << words;
      EXPECT_FALSE(answer(0, line::AnswerAct::kAccept, 1, newest(1)));
    }
    restart(0);
  }
}

// An officer whose machine went back with the disk may sign another text under a counter that he had used.
TEST_F(ForgottenCut, AnotherTextUnderAUsedCounterIsNoActShownTwice) {
  cut(1);
  const auto before = pair_.store(1).snapshot();
  record::Entry word = signed_entry(1, record::kRegister, line::cut_body({{{kOther, 1}}, line::kAllMedia, {}, "once"}));
  word.signatures.front().signature.fill(1);
  ASSERT_TRUE(pair_.submit(1, word));
  go_back(1, before);
  record::Entry other = signed_entry(1, record::kRegister, line::cut_body({{{kOther, 2}}, line::kAllMedia, {}, "another"}));
  other.signatures.front().counter = word.signatures.front().counter;
  other.signatures.front().signature.fill(2);
  ASSERT_TRUE(pair_.submit(1, other));
  pair_.run(minutes(1));
  EXPECT_EQ(registers(0).theirs(kOther).cut_epoch(), 2u);
  restart(0);
  EXPECT_EQ(registers(0).theirs(kOther).cut_epoch(), 2u);
}

TEST_F(ForgottenCut, ACutThatItsStationShowsASecondTimeCutsNothingThere) {
  const auto before = pair_.store(1).snapshot();
  const record::Entry cut_once = signed_entry(1, record::kRegister, line::cut_body({{{kCutLine, 1}}, line::kAllMedia, {}, ""}));
  ASSERT_TRUE(pair_.submit(1, cut_once));
  pair_.settle();
  lift(1);
  ASSERT_TRUE(open(0));
  go_back(1, before);
  ASSERT_TRUE(pair_.submit(1, cut_once));
  pair_.run(minutes(1));
  EXPECT_FALSE(open(1)) << "at home it holds";
  EXPECT_TRUE(open(0));
  restart(0);
  EXPECT_TRUE(open(0));
}

// Both cuts have the number 2, each in a log of its own, in whatever order these are read; the agreement was made behind
// the first.
class CutNumberedAnew : public ForgottenCut, public testing::WithParamInterface<std::uint64_t> {
 protected:
  CutNumberedAnew() : ForgottenCut(GetParam()) {}
};

TEST_P(CutNumberedAnew, IsNotCoveredByAnAgreementAboutTheOneBefore) {
  cut(0);
  lift(0);
  const auto before = pair_.store(0).snapshot();
  cut(0);
  agree(minutes(60));
  lift(0);
  go_back(0, before);
  cut(0);
  ASSERT_EQ(registers(1).theirs(kCutLine).cut_epoch(), 2u);
  restart(1);
  const auto agreed = peer(1).agreements().restorations();
  ASSERT_EQ(agreed.size(), 1u);
  EXPECT_TRUE(peer(1).restorations().cut_anew(agreed[0].at, agreed[0].lines[0], record::Whose::kOthers));
}

INSTANTIATE_TEST_SUITE_P(Seeds, CutNumberedAnew, testing::Range<std::uint64_t>(61, 69));

}  // namespace
}  // namespace detente::sim
