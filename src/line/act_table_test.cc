#include "line/act_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

namespace detente::line {
namespace {

using Rs = RegisterState;
using Ra = RegisterDeed;
using Ps = ProposalState;
using Pa = ProposalAct;

constexpr Rs kRegisters[] = {Rs::kClear, Rs::kAnnounced, Rs::kCut, Rs::kRestoring};
constexpr Ra kActs[] = {Ra::kCut,         Ra::kAnnounce, Ra::kHourCame, Ra::kLift,
                        Ra::kInstantCame, Ra::kPassed,   Ra::kFellBack};

TEST(ActTable, NoTwoRowsSpeakOfTheSameStateAndAct) {
  std::set<std::tuple<Rs, Ra>> registers;
  for (const RegisterRow& row : register_rows()) {
    EXPECT_TRUE(registers.insert({row.from, row.act}).second) << to_string(row.from) << to_string(row.act);
    EXPECT_EQ(step(row.from, row.act), row.to);
    for (const char* words : {row.who, row.what, row.why}) EXPECT_FALSE(std::string(words).empty());
  }
  std::set<std::tuple<Ps, Pa, Actor>> proposals;
  for (const ProposalRow& row : proposal_rows()) {
    EXPECT_TRUE(proposals.insert({row.from, row.act, row.by}).second);
    EXPECT_EQ(step(row.from, row.act, row.by), row.to);
    for (const char* words : {row.what, row.why}) EXPECT_FALSE(std::string(words).empty());
  }
}

TEST(ActTable, ACutIsPossibleInEveryStateAndAlwaysEndsInCut) {
  for (const Rs state : kRegisters) EXPECT_EQ(step(state, Ra::kCut), Rs::kCut) << to_string(state);
}

TEST(ActTable, ACutRegisterOpensOnlyThroughTests) {
  for (const Ra act : kActs) {
    const auto from_cut = step(Rs::kCut, act);
    EXPECT_TRUE(!from_cut || !carries_ordinary(*from_cut)) << to_string(act);
    const auto from_tests = step(Rs::kRestoring, act);
    EXPECT_TRUE(act == Ra::kPassed || !from_tests || !carries_ordinary(*from_tests)) << to_string(act);
  }
  EXPECT_EQ(step(Rs::kCut, Ra::kLift), Rs::kRestoring);
  EXPECT_EQ(step(Rs::kAnnounced, Ra::kLift), Rs::kClear) << "nothing was cut yet";
}

TEST(ActTable, WhatHasNoRowIsRefused) {
  EXPECT_FALSE(step(Rs::kClear, Ra::kLift));
  EXPECT_FALSE(step(Rs::kClear, Ra::kInstantCame)) << "a side that never cut takes part in the tests as it is";
  EXPECT_FALSE(step(Rs::kCut, Ra::kAnnounce));
  EXPECT_FALSE(step(Rs::kCut, Ra::kPassed));
  EXPECT_FALSE(step(Rs::kRestoring, Ra::kLift));
}

TEST(ActTable, OpenNeedsBothRegisters) {
  for (const Rs own : kRegisters)
    for (const Rs theirs : kRegisters) {
      const bool both = (own == Rs::kClear || own == Rs::kAnnounced) &&
                        (theirs == Rs::kClear || theirs == Rs::kAnnounced);
      EXPECT_EQ(shows_open(own, theirs), both) << to_string(own) << " / " << to_string(theirs);
    }
}

TEST(ActTable, NewEpochsBeginWithACutOrItsAnnouncement) {
  for (const Ra act : kActs) EXPECT_EQ(begins_epoch(act), act == Ra::kCut || act == Ra::kAnnounce);
}

TEST(ActTable, OnlyTheOtherSideAnswersAndOnlyOnce) {
  for (const Pa answer : {Pa::kAccept, Pa::kReject, Pa::kCounter}) {
    EXPECT_TRUE(step(Ps::kOffered, answer, Actor::kOther));
    EXPECT_FALSE(step(Ps::kOffered, answer, Actor::kAuthor));
    for (const Ps ended : {Ps::kAccepted, Ps::kRejected, Ps::kWithdrawn, Ps::kLapsed, Ps::kReplaced})
      EXPECT_FALSE(step(ended, answer, Actor::kOther));
  }
}

TEST(ActTable, AnOfferIsWithdrawnByItsAuthorAnAgreementByEither) {
  EXPECT_EQ(step(Ps::kOffered, Pa::kWithdraw, Actor::kAuthor), Ps::kWithdrawn);
  EXPECT_FALSE(step(Ps::kOffered, Pa::kWithdraw, Actor::kOther));
  EXPECT_EQ(step(Ps::kAccepted, Pa::kWithdraw, Actor::kAuthor), Ps::kWithdrawn);
  EXPECT_EQ(step(Ps::kAccepted, Pa::kWithdraw, Actor::kOther), Ps::kWithdrawn);
  EXPECT_FALSE(step(Ps::kAccepted, Pa::kLapse, Actor::kTime)) << "what was agreed does not lapse";
}

}  // namespace
}  // namespace detente::line
