// Acts beyond the last valid position of a station, or of an officer, that was revoked: they stay in the record, and bind
// nobody, at either side. spec/acts.md section 4.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class RevokedActs : public ActingPair {
 protected:
  RevokedActs() : ActingPair(83) {}

  // The bulletin of that side, here at both: its station wrote the entries of the accord line from `size` on in other hands.
  void lose_station(std::size_t lost, const record::LogPosition& last) {
    for (std::size_t side : {0u, 1u}) {
      const record::Whose whose = side == lost ? record::Whose::kAuthors : record::Whose::kOthers;
      pair_.vouched[side] = [=](record::Whose of, const record::EpochId& epoch, std::uint64_t index) {
        return of != whose || epoch != last.epoch || index < last.size;
      };
      pair_.judge_again(side);
    }
  }
  // Or an officer's signatures.
  void revoke_officer(std::size_t lost, const record::LogPosition& last) {
    for (std::size_t side : {0u, 1u}) {
      const record::Whose whose = side == lost ? record::Whose::kAuthors : record::Whose::kOthers;
      pair_.counts[side] = [=](record::Whose of, const record::Entry&, const std::optional<line::ActPlace>& at) {
        return of != whose || (at && at->epoch == last.epoch && at->index < last.size);
      };
      pair_.judge_again(side);
    }
  }
  void expect_open(bool wanted, const char* when) {
    for (std::size_t side : {0u, 1u}) EXPECT_EQ(open(side), wanted) << "side " << side << " " << when;
  }
  void restart_both() {
    restart(0);
    restart(1);
    pair_.run(minutes(1));
  }
  line::ProposalState state(std::size_t side, const line::ActPlace& at) {
    const auto outcome = peer(side).agreements().book().outcome(at);
    return outcome ? outcome->state : line::ProposalState::kNone;
  }
};

TEST_F(RevokedActs, ACutOfAStationInOtherHandsBindsNobody) {
  const record::LogPosition last = newest(0);
  ASSERT_TRUE(say(1, "before"));
  cut(0);
  expect_open(false, "before the bulletin");
  lose_station(0, last);
  expect_open(true, "with the bulletin");
  EXPECT_TRUE(say(1, "goes on"));
  restart_both();
  expect_open(true, "after a new start");
  EXPECT_EQ(accord_entries(0, record::kRegister).size(), 1u) << "it stays in the record";
  cut(1);
  expect_open(false, "by the other side's own cut");
}

TEST_F(RevokedActs, ALiftOfAStationInOtherHandsLeavesTheCutInForce) {
  cut(0, {{}, line::kAllMedia, {}, "the leaflets"});
  const WallTime noted = registers(1).theirs(kCutLine).cuts.front().noted;
  const record::LogPosition last = newest(0);
  lift(0);
  expect_open(true, "before the bulletin");
  lose_station(0, last);
  expect_open(false, "with the bulletin");
  EXPECT_EQ(registers(1).closed(kCutLine, line::kText)->cut.reason, "the leaflets");
  EXPECT_EQ(registers(1).theirs(kCutLine).cuts.front().noted, noted);
  EXPECT_FALSE(say(1, "not on this line"));
  restart_both();
  expect_open(false, "after a new start");
}

TEST_F(RevokedActs, AnOfficersCutAfterHisLastValidPositionBindsNobodyAndOneBeforeGoesOn) {
  cut(0, {{}, line::kDocument, {}, "genuine"});
  const record::LogPosition last = newest(0);
  cut(0, {{}, line::kAllMedia, {}, "not his"});
  expect_open(false, "before the bulletin");
  revoke_officer(0, last);
  for (int i = 0; i < 2; ++i) {
    expect_open(true, i == 0 ? "with the bulletin" : "after a new start");
    for (std::size_t side : {0u, 1u}) {
      const auto closed = registers(side).closed(kCutLine, line::kDocument);
      ASSERT_TRUE(closed);
      EXPECT_EQ(closed->cut.reason, "genuine");
    }
    restart_both();
  }
}

TEST_F(RevokedActs, WhatWasAgreedOnWithAStationInOtherHandsIsNotAgreedOn) {
  cut(0);
  const record::LogPosition proposal = propose_to_restore(0, minutes(10));
  const line::ActPlace at{0, proposal.epoch, proposal.size - 1};
  const record::LogPosition last = newest(1);
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  const record::LogPosition theirs = propose_to_restore(1, minutes(20));
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(state(side, at), line::ProposalState::kAccepted);
  lose_station(1, last);
  for (std::size_t side : {0u, 1u}) {
    EXPECT_EQ(state(side, at), line::ProposalState::kOffered) << side;
    EXPECT_EQ(state(side, {1, theirs.epoch, theirs.size - 1}), line::ProposalState::kNone) << side;
    EXPECT_TRUE(peer(side).agreements().restorations().empty()) << side;
  }
  pair_.run(minutes(30));
  expect_open(false, "after the instant that nobody agreed on");
  restart_both();
  for (std::size_t side : {0u, 1u}) EXPECT_EQ(state(side, at), line::ProposalState::kOffered) << side;
}

TEST_F(RevokedActs, WhatARestorationWithThemOpenedIsCutAgain) {
  cut(0);
  const record::LogPosition last = newest(1);
  agree(seconds(60));
  pair_.run(minutes(10));
  expect_open(true, "as both had agreed");
  lose_station(1, last);
  expect_open(false, "since nobody agreed");
  restart_both();
  expect_open(false, "after a new start");
}

TEST_F(RevokedActs, WhatIsUnderWayToTheDiskIsNotForgotten) {
  const record::LogPosition last = newest(0);
  cut(0);
  line::Proposal words;
  words.matter = line::Matter::kOther;
  words.content = to_bytes(as_bytes("a hotline for the port"));
  ASSERT_TRUE(pair_.submit(1, signed_entry(1, record::kProposal, line::proposal_body(words))));
  lose_station(0, last);
  pair_.settle();
  const record::LogPosition proposal = newest(1);
  for (std::size_t side : {0u, 1u})
    EXPECT_EQ(state(side, {1, proposal.epoch, proposal.size - 1}), line::ProposalState::kOffered) << side;
  expect_open(true, "with the bulletin");
}

}  // namespace
}  // namespace detente::sim
