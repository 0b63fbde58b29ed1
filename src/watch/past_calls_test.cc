#include "watch/past_calls.h"

#include <gtest/gtest.h>

namespace detente::watch {
namespace {

constexpr SideIndex kOwn = 0, kFar = 1;
constexpr Day kDay = 20'000;

WallTime hour(Day day) { return {static_cast<std::uint32_t>(day) * 86400 + 9 * 3600}; }
CallFact fact(Day day, FactKind kind, SideIndex side) { return {{day, 0}, kind, side, hour(day), side == kOwn ? "kim" : "ri"}; }

TEST(PastCalls, AreMarkedAsABookMarksThem) {
  PastCalls past(kOwn);
  past.add(fact(kDay, FactKind::kCalled, kOwn));
  past.add(fact(kDay, FactKind::kAnswered, kFar));
  past.add({kDay, 0}, kOwn, CallState::kAnsweredInTime, hour(kDay));
  past.add(fact(kDay + 1, FactKind::kCalled, kOwn));
  past.add({kDay + 1, 0}, kOwn, CallState::kUnanswered, hour(kDay + 1));
  past.add({kDay + 2, 0}, kOwn, CallState::kNotCalled, hour(kDay + 2));
  past.add({kDay + 3, 0}, kFar, CallState::kOwnStationDown, hour(kDay + 3));
  past.add({kDay + 3, 0}, kFar, CallState::kNotCalled, hour(kDay + 3));
  past.add(DrillFact{hour(kDay), kDay});
  EXPECT_EQ(past.day(kDay), DayCounts()) << "of the accord in force, as far as is known";
  past.settle();
  EXPECT_EQ(past.day(kDay).of(DayMark::kInTime), 1);
  EXPECT_EQ(past.day(kDay).of(DayMark::kDrill), 1);
  EXPECT_EQ(past.day(kDay + 1).of(DayMark::kSilent), 1);
  EXPECT_EQ(past.day(kDay + 2).of(DayMark::kMissed), 1);
  EXPECT_EQ(past.day(kDay + 3).of(DayMark::kOwnStationDown), 0) << "the newest of a call counts";
  EXPECT_EQ(past.day(kDay + 3).of(DayMark::kSilent), 1);
  ASSERT_TRUE(past.last_answer());
  EXPECT_EQ(past.last_answer()->side, kFar);
  EXPECT_EQ(past.alarm().row(), 2u);
  EXPECT_EQ(past.alarm().since(), hour(kDay + 1));
}

TEST(PastCalls, WhatComesAfterTheLastChangeIsTheBooks) {
  PastCalls past(kOwn);
  past.add({kDay, 0}, kFar, CallState::kNotCalled, hour(kDay));
  past.settle();
  past.add(LifeFact{hour(kDay + 1)});
  past.add({kDay + 1, 0}, kFar, CallState::kNotCalled, hour(kDay + 1));
  past.drop_unsettled();
  past.settle();
  EXPECT_EQ(past.alarm().row(), 1u);
  EXPECT_EQ(past.day(kDay + 1), DayCounts());
}

TEST(PastCalls, WhatAClockThatWasSetBackConcludedIsNotSettled) {
  PastCalls past(kOwn);
  past.add({kDay, 0}, kFar, CallState::kNotCalled, hour(kDay));
  past.add({kDay + 1, 0}, kFar, CallState::kNotCalled, hour(kDay + 1));
  past.add({kDay + 2, 0}, kFar, CallState::kOwnStationDown, hour(kDay + 2));
  past.take_back({hour(kDay).seconds + 3600});
  past.add({kDay + 1, 0}, kFar, CallState::kNotCalled, hour(kDay + 1));
  past.settle();
  EXPECT_EQ(past.alarm().row(), 2u);
  EXPECT_EQ(past.day(kDay + 1).of(DayMark::kSilent), 1);
  EXPECT_EQ(past.day(kDay + 2), DayCounts());
}

TEST(PastCalls, ABookGoesOnFromThem) {
  PastCalls past(kOwn);
  past.add(fact(kDay, FactKind::kAnswered, kFar));
  past.add({kDay, 0}, kOwn, CallState::kAnsweredInTime, hour(kDay));
  past.add({kDay + 1, 0}, kFar, CallState::kNotCalled, hour(kDay + 1));
  past.settle();
  const ZoneBook zones;
  CallBook book(Schedule::make(accord::Annex(), {"south", "north"}, {2027, 3, 1}, zones).value(), kOwn, hour(kDay + 2));
  book.carry(past.alarm(), past.missed(), past.last_answer());
  EXPECT_EQ(book.silence().row(), 1u);
  EXPECT_EQ(book.missed().row(), 0u);
  EXPECT_EQ(book.last_answer()->deed.officer, "ri");
  ASSERT_TRUE(book.add(LifeFact{hour(kDay + 2)}));
  ASSERT_EQ(book.take_events().size(), 1u) << "the row of the former accord's calls ends with a sign of life";
}

TEST(PastCalls, TheRowOfWhatThisSideMissedGoesOn) {
  PastCalls past(kOwn);
  past.add({kDay, 0}, kOwn, CallState::kNotCalled, hour(kDay));
  past.add({kDay, 0}, kOwn, CallState::kNotCalled, hour(kDay));
  past.add({kDay + 1, 0}, kOwn, CallState::kNotCalled, hour(kDay + 1));
  past.settle();
  EXPECT_EQ(past.missed().row(), 2u);
  EXPECT_EQ(past.missed().since(), hour(kDay));
  const ZoneBook zones;
  CallBook book(Schedule::make(accord::Annex(), {"south", "north"}, {2027, 3, 1}, zones).value(), kOwn, hour(kDay + 2));
  book.carry(past.alarm(), past.missed(), past.last_answer());
  EXPECT_EQ(book.missed().row(), 2u);
  past.add(fact(kDay + 2, FactKind::kCalledOff, kOwn));
  past.settle();
  EXPECT_EQ(past.missed().row(), 2u) << "what is called off is not made";
  past.add(fact(kDay + 2, FactKind::kCalled, kOwn));
  past.settle();
  EXPECT_EQ(past.missed().row(), 0u);
}

}  // namespace
}  // namespace detente::watch
