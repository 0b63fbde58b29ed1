// Lines that were cut and that both sides have agreed to restore: the tests, what opens, what does not, and what
// the report says. spec/restoration.md.
#include "core/agreement_marks.h"
#include "sim/acting_pair_for_test.h"
#include "sim/names_for_test.h"

namespace detente::sim {
namespace {

using line::PathFinding;
using line::RestorationEnd;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Restoration : public ActingPair {
 protected:
  explicit Restoration(PairOptions options = two_paths()) : ActingPair(47, std::move(options)) {}
};

TEST_F(Restoration, OpensAtTheAgreedInstantAndBothSidesReport) {
  cut(0);
  agree(minutes(30));
  pair_.run(minutes(29));
  EXPECT_FALSE(open(0));
  EXPECT_TRUE(accord_entries(0, record::kRestorationTest).empty()) << "before the instant";
  pair_.run(minutes(2));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kOpen);
    EXPECT_EQ(report(side)->lines, (std::vector<line::ReportedLine>{{kCutLine, line::kText | line::kDocument, true, 0, 0}}));
    EXPECT_EQ(report(side)->paths, (std::vector<line::ReportedPath>{{PathId{1}, PathFinding::kBothWays}, {PathId{2}, PathFinding::kBothWays}}));
  }
  EXPECT_EQ(accord_entries(1, record::kRegister).size(), 0u) << "who has cut nothing clears nothing";
  const auto clears = accord_entries(0, record::kRegister);
  ASSERT_EQ(clears.size(), 2u);
  EXPECT_TRUE(clears.back().signatures.empty()) << "the station's own";
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.back().ground, line::ClearGround::kRestored);
  EXPECT_TRUE(say(1, "after"));
}

// Marks of sixty-four that ended are kept, in the order of their epochs, which are drawn: the newest may stand before all others.
TEST_F(Restoration, IsCarriedOutOnceHoweverManyEndedBefore) {
  for (std::size_t side : {0u, 1u}) {
    const std::string key = core::marks_key("restorations", peer(side).identity());
    wire::CborWriter marks;
    marks.array(64);
    for (std::uint64_t index = 0; index < 64; ++index) {
      record::EpochId epoch;
      epoch.fill(0xff);
      core::write_place(marks.array(4), {1, epoch, index}).uint(2);
    }
    pair_.stop(side);
    record::Batch batch;
    batch.fence = *pair_.store(side).claim({pair_.pair().lineage(), kAccordLine});
    batch.writes.push_back(record::PutValue{key, marks.take()});
    ASSERT_TRUE(pair_.store(side).commit(std::span(&batch, 1)));
    pair_.start(side);
  }
  pair_.run(seconds(10));
  cut(0);
  agree(minutes(30));
  pair_.run(hours(2));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    EXPECT_EQ(accord_entries(side, record::kRestorationReport).size(), 1u) << side;
  }
}

TEST_F(Restoration, OfWhatBothHaveCutOpensForBoth) {
  cut(0);
  cut(1);
  agree(minutes(10));
  pair_.run(minutes(12));
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
}

TEST_F(Restoration, WithoutAnAcceptanceOpensNothing) {
  cut(0);
  propose_to_restore(0, minutes(5));
  const record::LogPosition other = propose_to_restore(1, minutes(6));
  ASSERT_TRUE(answer(0, line::AnswerAct::kReject, 1, other));
  pair_.run(minutes(30));
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(open(1));
  EXPECT_TRUE(accord_entries(0, record::kRestorationTest).empty());
}

TEST_F(Restoration, ThatWasWithdrawnBeforeItsInstantIsNotTried) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(1, minutes(5));
  ASSERT_TRUE(answer(0, line::AnswerAct::kAccept, 1, proposal));
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 1, proposal));
  pair_.run(minutes(10));
  EXPECT_FALSE(open(0));
  EXPECT_TRUE(accord_entries(0, record::kRestorationTest).empty());
}

TEST_F(Restoration, EndsItsTestsWhenEitherSideStepsBack) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  lose_[0] = lose_[1] = true;
  pair_.run(minutes(6));
  EXPECT_TRUE(peer(0).restorations().restoring(kCutLine));
  EXPECT_FALSE(open(0)) << "restoring is still cut";
  EXPECT_FALSE(say(0, "ordinary"));
  ASSERT_TRUE(answer(0, line::AnswerAct::kWithdraw, 0, proposal));
  lose_[0] = lose_[1] = false;
  pair_.run(minutes(30));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(open(side));
    ASSERT_TRUE(report(side));
    EXPECT_EQ(report(side)->end, RestorationEnd::kWithdrawn);
  }
}

TEST_F(Restoration, NamesThePathThatIsDeadAndOpensOverTheOther) {
  cut(0);
  pair_.cut(PathId{2}, true);
  agree(minutes(5));
  pair_.run(minutes(8));
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
  for (std::size_t side : {0u, 1u}) {
    ASSERT_TRUE(report(side));
    EXPECT_EQ(report(side)->paths.back(), (line::ReportedPath{PathId{2}, PathFinding::kNothingHeard})) << side;
  }
}

TEST_F(Restoration, FallsBackWhereOneDirectionIsDead) {
  cut(0);
  agree(minutes(5));
  lose_[1] = true;
  pair_.run(hours(1));
  EXPECT_FALSE(open(0));
  pair_.run(hours(2));
  EXPECT_FALSE(peer(0).restorations().restoring(kCutLine));
  ASSERT_TRUE(report(0) || peer(0).line(kAccordLine)->queued() > 0);
  EXPECT_EQ(peer(0).restorations().runs().back().end, RestorationEnd::kTimeOver);
  lose_[1] = false;
  pair_.run(hours(1));
  EXPECT_FALSE(open(0)) << "it is tried once";
  EXPECT_FALSE(open(1));
  agree(minutes(5));
  pair_.run(minutes(10));
  EXPECT_TRUE(open(0)) << "a new agreement is tried anew";
  EXPECT_TRUE(open(1));
}

TEST_F(Restoration, WithoutDocumentsLeavesALineCutThatIsToCarryThem) {
  cut(0);
  pair_.tamper = [](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    if (datagram.size() > 420) return std::nullopt;
    return datagram;
  };
  agree(minutes(5));
  pair_.run(hours(3));
  EXPECT_FALSE(open(0));
  ASSERT_TRUE(report(0));
  EXPECT_EQ(report(0)->lines.front().tested, line::kText);
  EXPECT_EQ(report(0)->end, RestorationEnd::kTimeOver);
}

TEST_F(Restoration, OfAStationThatDiesInItsTestsLeavesTheCut) {
  cut(0);
  agree(minutes(5));
  lose_[1] = true;
  pair_.run(minutes(6));
  ASSERT_TRUE(peer(0).restorations().restoring(kCutLine));
  restart(0);
  lose_[1] = false;
  pair_.run(minutes(30));
  EXPECT_FALSE(open(0));
  EXPECT_FALSE(open(1));
  ASSERT_TRUE(report(0));
  EXPECT_EQ(report(0)->end, RestorationEnd::kStopped);
  agree(minutes(5));
  pair_.run(minutes(10));
  EXPECT_TRUE(open(0));
}

TEST_F(Restoration, EndsOnBothSidesWhenOneStationDiedInItsTests) {
  cut(0);
  agree(minutes(5));
  lose_[1] = true;
  pair_.run(minutes(6));
  restart(0);
  lose_[1] = false;
  pair_.run(minutes(2));
  EXPECT_FALSE(peer(1).restorations().restoring(kCutLine));
  ASSERT_TRUE(report(1));
  EXPECT_EQ(report(1)->end, RestorationEnd::kStopped);
}

// That it ended is on the disk, and the report is not.
TEST_F(Restoration, ReportsAlsoWhenTheStationDiedOverItsReport) {
  cut(0);
  agree(minutes(5));
  std::size_t taken = 0;
  pair_.disk = [&](std::size_t side) {
    const auto& runs = peer(0).restorations().runs();
    const bool ended = side == 0 && !runs.empty() && runs.back().end;
    return ended && taken++ > 0 ? QuietPair::Disk::kBusy : QuietPair::Disk::kTakes;
  };
  pair_.run(minutes(8));
  pair_.disk = {};
  ASSERT_TRUE(open(0));
  ASSERT_FALSE(report(0));
  restart(0);
  pair_.run(minutes(1));
  ASSERT_TRUE(report(0));
  EXPECT_EQ(report(0)->end, RestorationEnd::kStopped);
  EXPECT_TRUE(report(0)->lines.front().open);
  restart(0);
  pair_.run(minutes(1));
  EXPECT_EQ(accord_entries(0, record::kRestorationReport).size(), 1u);
}

TEST_F(Restoration, BeginsLateWhereTheStationWasNotThere) {
  cut(0);
  agree(minutes(5));
  pair_.stop(0);
  pair_.run(minutes(30));
  pair_.start(0);
  pair_.run(minutes(5));
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
}

TEST_F(Restoration, DoesNotOpenACutThatIsNewerThanTheAgreement) {
  cut(0);
  agree(minutes(5));
  cut(0);
  pair_.run(minutes(20));
  EXPECT_FALSE(open(0));
  EXPECT_TRUE(peer(0).restorations().runs().back().lines.front().cut_anew);
  EXPECT_TRUE(peer(1).restorations().runs().back().lines.front().their_cut_anew) << "the other side sees it, too";
  for (std::size_t side : {0u, 1u}) {
    EXPECT_FALSE(peer(side).restorations().restoring(kCutLine)) << side;
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kTakenBack) << side;
  }
  agree(minutes(5));
  lose_[1] = true;
  pair_.run(minutes(6));
  EXPECT_TRUE(peer(0).restorations().restoring(kCutLine));
  cut(0);
  lose_[1] = false;
  pair_.run(minutes(20));
  EXPECT_FALSE(open(0)) << "a side can stop at every step";
}

TEST_F(Restoration, TakesNoAnnouncedCutBackThatItDoesNotCover) {
  cut(0, {{}, line::kText, {}, ""});
  agree(minutes(5), line::kText);
  cut(0, {{}, line::kDocument, WallTime{pair_.now(0).wall.seconds + 1800}, "announced since"});
  pair_.run(minutes(10));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    EXPECT_TRUE(open(side, line::kDocument)) << side << ": its hour has not come";
    ASSERT_TRUE(report(side)) << side;
    EXPECT_EQ(report(side)->end, RestorationEnd::kOpen) << side;
  }
  pair_.run(minutes(30));
  for (std::size_t side : {0u, 1u}) {
    EXPECT_TRUE(open(side)) << side;
    EXPECT_FALSE(open(side, line::kDocument)) << side;
  }
}

// Its clear would end the announced one, too.
TEST_F(Restoration, OfOneMediumOpensNothingBehindAnAnnouncedCutOfAnother) {
  cut(0, {{}, line::kDocument, WallTime{pair_.now(0).wall.seconds + 3600}, "announced before"});
  cut(0, {{}, line::kText, {}, ""});
  agree(minutes(5), line::kText);
  pair_.run(minutes(10));
  EXPECT_FALSE(open(0));
  ASSERT_TRUE(report(0));
  EXPECT_EQ(report(0)->end, RestorationEnd::kTakenBack);
  pair_.run(minutes(60));
  EXPECT_FALSE(open(1, line::kDocument));
}

TEST_F(Restoration, OfOneMediumDoesNotOpenAllThatIsCut) {
  cut(0);
  agree(minutes(5), line::kText);
  pair_.run(minutes(20));
  EXPECT_FALSE(open(0));
}

TEST_F(Restoration, OfTheMediumThatIsCutNeedsNoOther) {
  cut(0, {{}, line::kText, {}, ""});
  agree(minutes(5), line::kText);
  pair_.run(minutes(20));
  EXPECT_TRUE(open(0));
  EXPECT_EQ(report(1)->lines.front().tested, line::kText);
}

TEST_F(Restoration, NobodySaysThatOneEndedWhichWasNotAgreed) {
  cut(0);
  record::Entry clear = signed_entry(0, record::kRegister, line::clear_body({{{kCutLine, 1}}, line::ClearGround::kRestored}));
  EXPECT_FALSE(pair_.submit(0, clear)) << "it refers to nothing";
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  EXPECT_FALSE(refer(0, clear, 0, proposal)) << "nobody accepted it";
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  EXPECT_FALSE(refer(0, clear, 0, proposal)) << "its tests do not run";
}

TEST_F(Restoration, AnswersThatLeadNowhereAreRefused) {
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  EXPECT_FALSE(answer(0, line::AnswerAct::kAccept, 0, proposal)) << "a side cannot agree with itself";
  ASSERT_TRUE(answer(1, line::AnswerAct::kReject, 0, proposal));
  EXPECT_FALSE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  const record::LogPosition late = propose_to_restore(0, minutes(5));
  pair_.run(minutes(6));
  EXPECT_FALSE(answer(1, line::AnswerAct::kAccept, 0, late)) << "its hour has passed";
}

// What a revoked officer signed before his last valid position goes on counting: so where an act stands is asked, too.
TEST_F(Restoration, AnActIsJudgedWhereItStands) {
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  ASSERT_TRUE(answer(1, line::AnswerAct::kReject, 0, proposal));
  SeededRandom keys(1), jitter(1);
  core::EffectQueue effects;
  const core::Context context{pair_.now(0), effects, keys, jitter, pair_.store(0)};
  std::vector<line::ActPlace> judged;
  core::Agreements anew(peer(0).identity(), true, [&](record::Whose, const record::Entry&, const std::optional<line::ActPlace>& at) {
    if (at) judged.push_back(*at);
    return judged.size() == 1;
  }, nullptr);
  anew.load(context);
  ASSERT_EQ(judged.size(), 2u) << "the proposal and its answer";
  EXPECT_EQ(judged.front(), (line::ActPlace{0, proposal.epoch, proposal.size - 1}));
  EXPECT_EQ(judged.back().side, 1);
  EXPECT_EQ(anew.book().outcome(judged.front())->state, line::ProposalState::kOffered) << "the answer's signature did not count";
}

class RestorationWithDesks : public Restoration {
 protected:
  RestorationWithDesks() : Restoration(with_desks()) {}
  static PairOptions with_desks() {
    PairOptions options;
    options.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
                     {kCutLine, "liaison", true, record::Precedence::kFlash, 1000, {}, true, true}};
    return options;
  }
  void speak(std::size_t side, const record::LogPosition& proposal) {
    record::Entry entry = signed_entry(side, record::kRestorationTest,
                                       line::restoration_test_body({line::RestorationTestOf::kDesk, {kCutLine}, "read you well"}));
    entry.header.entry_class = record::EntryClass::kTest;
    const auto done = refer(side, std::move(entry), 0, proposal);
    EXPECT_TRUE(done) << done.error().message;
  }
};

// Nobody can have read tests that had not begun.
TEST_F(RestorationWithDesks, AWordThatWasGivenBeforeTheTestsDoesNotCountInThem) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  for (std::size_t side : {0u, 1u}) speak(side, proposal);
  pair_.run(minutes(20));
  EXPECT_FALSE(open(0));
  speak(0, proposal);
  pair_.run(minutes(10));
  EXPECT_FALSE(open(0)) << "the other desk's is of before";
  speak(1, proposal);
  pair_.run(minutes(2));
  for (std::size_t side : {0u, 1u}) EXPECT_TRUE(open(side)) << side;
}

TEST_F(RestorationWithDesks, WaitsForAWordOfBoth) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(0, minutes(5));
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  pair_.run(minutes(10));
  EXPECT_FALSE(open(0)) << "nobody is at the desks";
  speak(0, proposal);
  pair_.run(minutes(50));
  EXPECT_FALSE(open(0)) << "the other desk is silent";
  speak(1, proposal);
  pair_.run(minutes(2));
  EXPECT_TRUE(open(0));
  EXPECT_TRUE(open(1));
}

}  // namespace
}  // namespace detente::sim
