#include "watch/call_state.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "watch/schedule_for_test.h"

namespace detente::watch {
namespace {

using test::kNorth;
using test::kSouth;
using test::utc;

// South calls at 00:00 UTC; north's nine o'clock is at 00:30 (2016). Late after 5 minutes,
// unanswered after 30.
PlannedCall two_clocks() {
  accord::CheckCall call{540, "Asia/Seoul", test::kEveryDay};
  call.own_hours = {{"north", 540, "Asia/Pyongyang"}};
  call.caller = "south";
  return *test::schedule({call}, {2016, 1, 1}).find({day_of({2016, 3, 1}), 0});
}

WallTime at(int minute, int second = 0) {
  return {utc("2016-03-01T00:00:00Z").seconds + static_cast<std::uint32_t>(minute * 60 + second)};
}

CallFact fact(FactKind kind, SideIndex side, WallTime time) {
  return {two_clocks().id, kind, side, time, side == kSouth ? "Kim" : "Pak"};
}

CallFacts facts(const std::vector<CallFact>& all) {
  CallFacts out;
  for (const CallFact& one : all) out.add(one);
  return out;
}

CallState judged(const std::vector<CallFact>& all, WallTime now) {
  return judge(two_clocks(), facts(all), now);
}

TEST(CallState, AsTimeGoesBy) {
  EXPECT_EQ(judged({}, {at(0).seconds - 1}), CallState::kPending);
  EXPECT_EQ(judged({}, at(0)), CallState::kDue);
  EXPECT_EQ(judged({}, at(34, 59)), CallState::kDue) << "north's own hour is not late";
  EXPECT_EQ(judged({}, at(35)), CallState::kOverdue);
  EXPECT_EQ(judged({}, at(59, 59)), CallState::kOverdue);
  EXPECT_EQ(judged({}, at(60)), CallState::kNotCalled);
  EXPECT_EQ(judged({fact(FactKind::kCalled, kSouth, at(0))}, at(60)), CallState::kUnanswered);
}

TEST(CallState, AnsweredInTimeAtTheirHourOrLate) {
  const auto answered = [](WallTime time) {
    return judged({fact(FactKind::kAnswered, kNorth, time)}, at(600));
  };
  EXPECT_EQ(answered(at(-1)), CallState::kAnsweredInTime);
  EXPECT_EQ(answered(at(4, 59)), CallState::kAnsweredInTime);
  EXPECT_EQ(answered(at(5)), CallState::kAnsweredAtTheirHour);
  EXPECT_EQ(answered(at(34, 59)), CallState::kAnsweredAtTheirHour);
  EXPECT_EQ(answered(at(35)), CallState::kAnsweredLate);
  EXPECT_EQ(answered(at(500)), CallState::kAnsweredLate);
}

TEST(CallState, NobodyAnswersHimself) {
  EXPECT_EQ(judged({fact(FactKind::kAnswered, kSouth, at(1))}, at(60)), CallState::kNotCalled);
  EXPECT_EQ(judged({fact(FactKind::kDeclined, kSouth, at(1))}, at(60)), CallState::kNotCalled);
  // Unless the other side called out of turn.
  const CallFact called = fact(FactKind::kCalled, kNorth, at(3));
  EXPECT_EQ(judged({called, fact(FactKind::kAnswered, kSouth, at(4))}, at(60)),
            CallState::kAnsweredInTime);
  EXPECT_EQ(judged({called}, at(60)), CallState::kUnanswered);
  EXPECT_EQ(silent_side(two_clocks(), facts({called}), CallState::kUnanswered), kSouth);
}

TEST(CallState, WhatAPersonSaidComesFirst) {
  const CallFact declined = fact(FactKind::kDeclined, kNorth, at(3));
  const CallFact answered = fact(FactKind::kAnswered, kNorth, at(20));
  const CallFact off = fact(FactKind::kCalledOff, kNorth, at(-60));
  EXPECT_EQ(judged({declined}, at(60)), CallState::kDeclined);
  EXPECT_EQ(judged({declined, answered}, at(60)), CallState::kAnsweredAtTheirHour);
  EXPECT_EQ(judged({off}, at(-30)), CallState::kCalledOff);
  EXPECT_EQ(judged({off, answered}, at(60)), CallState::kAnsweredAtTheirHour);
  EXPECT_EQ(judged({fact(FactKind::kCalledOff, kNorth, at(0))}, at(60)), CallState::kNotCalled)
      << "in advance, or not at all";
}

TEST(CallState, CutAndOwnStationAreNobodysSilence) {
  CallFacts cut;
  cut.in_cut = true;
  EXPECT_EQ(judge(two_clocks(), cut, at(-1)), CallState::kPending);
  EXPECT_EQ(judge(two_clocks(), cut, at(1)), CallState::kInCut);
  EXPECT_EQ(judge(two_clocks(), cut, at(60)), CallState::kInCut);
  CallFacts down;
  down.unwatched = true;
  EXPECT_EQ(judge(two_clocks(), down, at(59)), CallState::kOverdue);
  EXPECT_EQ(judge(two_clocks(), down, at(60)), CallState::kOwnStationDown);
  down.ran = true;
  EXPECT_EQ(judge(two_clocks(), down, at(60)), CallState::kNotWatched);
  down.add(fact(FactKind::kAnswered, kNorth, at(2)));
  EXPECT_EQ(judge(two_clocks(), down, at(60)), CallState::kAnsweredInTime) << "it came later";
}

TEST(CallState, WhoseSilence) {
  const PlannedCall call = two_clocks();
  EXPECT_EQ(silent_side(call, {}, CallState::kNotCalled), kSouth);
  EXPECT_EQ(
      silent_side(call, facts({fact(FactKind::kCalled, kSouth, at(0))}), CallState::kUnanswered),
      kNorth);
  for (const CallState state : {CallState::kInCut, CallState::kOwnStationDown, CallState::kDeclined,
                                CallState::kCalledOff, CallState::kAnsweredLate})
    EXPECT_FALSE(silent_side(call, {}, state));
}

RC_GTEST_PROP(CallState, OrderOfFactsChangesNothing, ()) {
  std::vector<CallFact> all;
  const auto count = *rc::gen::inRange<std::size_t>(0, 7);
  for (std::size_t i = 0; i < count; ++i) {
    const auto kind = *rc::gen::element(FactKind::kCalled, FactKind::kAnswered, FactKind::kDeclined,
                                        FactKind::kCalledOff);
    const auto side = *rc::gen::element(kSouth, kNorth);
    const auto minute = *rc::gen::inRange(-20, 70);
    all.push_back(fact(kind, side, at(minute)));
  }
  const auto minute = *rc::gen::inRange(-30, 90);
  const CallState first = judged(all, at(minute));
  std::sort(all.begin(), all.end(), [](const CallFact& a, const CallFact& b) {
    return std::pair(b.kind, b.at) < std::pair(a.kind, a.at);
  });
  RC_ASSERT(judged(all, at(minute)) == first);
  std::reverse(all.begin(), all.end());
  RC_ASSERT(judged(all, at(minute)) == first);
  // Time alone never unmakes an answer.
  if (first == CallState::kAnsweredInTime) RC_ASSERT(judged(all, at(10000)) == first);
}

}  // namespace
}  // namespace detente::watch
