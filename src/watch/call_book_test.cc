#include "watch/call_book.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "watch/schedule_for_test.h"

namespace detente::watch {
namespace {

using test::kNorth;
using test::kSouth;
using test::kEveryDay;
using test::kOrder;
using test::kWorkingDays;
using test::schedule;
using test::utc;

constexpr CivilDate kFirst{2027, 1, 1};

WallTime later(WallTime time, std::int64_t seconds) {
  return {static_cast<std::uint32_t>(time.seconds + seconds)};
}

// 09:00 and 16:00 in UTC; south always calls.
Schedule daily() {
  accord::CheckCall morning{540, "UTC", kEveryDay}, afternoon{960, "UTC", kEveryDay};
  morning.caller = afternoon.caller = "south";
  return schedule({morning, afternoon}, kFirst);
}

Day date(std::int32_t year, std::uint32_t month, std::uint32_t of_month) {
  return day_of({year, month, of_month});
}

CallId morning_of(std::uint32_t of_may) { return {date(2027, 5, of_may), 0}; }

CallFact fact(CallId call, FactKind kind, SideIndex side, WallTime at) {
  return {call, kind, side, at, side == kSouth ? "Kim" : "Pak"};
}

// "due 09:00, closed 09:00 unanswered, alarm 1": what a book told.
std::string told(CallBook& book) {
  std::string out;
  for (const BookEvent& event : book.take_events()) {
    const std::string hour = event.call ? format_utc(event.call->at).substr(11, 5) : "-";
    switch (event.kind) {
      case BookEvent::Kind::kDue: out += "due " + hour; break;
      case BookEvent::Kind::kOverdue: out += "overdue " + hour; break;
      case BookEvent::Kind::kClosed: out += "closed " + hour + " " + to_string(event.state); break;
      case BookEvent::Kind::kAlarm:
        out += (event.alarm->kind == AlarmKind::kSilence  ? "alarm "
                : event.alarm->kind == AlarmKind::kMissed ? "missed "
                                                          : "life after ") +
               std::to_string(event.alarm->row);
        break;
    }
    out += ", ";
  }
  return out;
}

// Looks every `step` seconds up to `until`.
void run(CallBook& book, WallTime from, WallTime until, std::uint32_t step = 600) {
  for (WallTime at = from; at < until; at = later(at, step)) ASSERT_TRUE(book.advance(at));
  ASSERT_TRUE(book.advance(until));
}

TEST(CallBook, ACallThatWasNotSeenStaysSoWhenTheBookIsMadeAgain) {
  const auto calls_of_south = [](SideIndex own, bool unseen) {
    CallBook book(daily(), own, utc("2027-05-03T00:00:00Z"));
    std::vector<BookFact> facts;
    if (unseen) facts.emplace_back(UnwatchedFact{utc("2027-05-03T09:00:00Z"), morning_of(3)});
    book.replay(std::move(facts), utc("2027-05-03T12:00:00Z"));
    return std::pair(book.call(morning_of(3))->state, book.silence().row());
  };
  EXPECT_EQ(calls_of_south(kNorth, false), std::pair(CallState::kNotCalled, 1u));
  EXPECT_EQ(calls_of_south(kNorth, true), std::pair(CallState::kOwnStationDown, 0u));
  CallBook book(daily(), kNorth, utc("2027-05-03T00:00:00Z"));
  EXPECT_FALSE(book.add(UnwatchedFact{utc("2027-05-03T09:00:00Z"), {morning_of(3).day, 7}}));
}

TEST(CallBook, WhatOurOwnPathsCouldNotCarryIsNobodysSilence) {
  const WallTime nine = utc("2027-05-03T09:00:00Z"), late = later(nine, 300), end = later(nine, 1800);
  const auto after = [&](SideIndex own, WallTime down, WallTime up, std::optional<SideIndex> called) {
    CallBook book(daily(), own, utc("2027-05-03T00:00:00Z"));
    std::vector<BookFact> facts;
    if (called) facts.emplace_back(fact(morning_of(3), FactKind::kCalled, *called, nine));
    facts.emplace_back(PathDownFact{down});
    if (up < utc("2027-05-03T12:00:00Z")) facts.emplace_back(PathUpFact{up});
    book.replay(std::move(facts), utc("2027-05-03T12:00:00Z"));
    EXPECT_LE(book.silence().row(), 1u);
    const CallState state = book.call(morning_of(3))->state;
    EXPECT_TRUE(state != CallState::kOwnPathDown || book.silence().row() == 0);
    return state;
  };
  const WallTime before = later(nine, -600), never = utc("2027-05-04T00:00:00Z");
  EXPECT_EQ(after(kSouth, before, never, kSouth), CallState::kOwnPathDown);
  EXPECT_EQ(after(kNorth, before, never, std::nullopt), CallState::kOwnPathDown) << "it was theirs to call";
  EXPECT_EQ(after(kSouth, before, later(late, 60), kSouth), CallState::kOwnPathDown) << "in time nothing could come";
  EXPECT_EQ(after(kSouth, later(end, -60), later(end, 60), kSouth), CallState::kOwnPathDown);
  EXPECT_EQ(after(kSouth, before, later(nine, 60), kSouth), CallState::kUnanswered) << "it was up in time";
  EXPECT_EQ(after(kSouth, later(end, 1), never, kSouth), CallState::kUnanswered);
  EXPECT_EQ(after(kSouth, before, never, std::nullopt), CallState::kNotCalled) << "that this side did not call is known";
  EXPECT_EQ(after(kNorth, before, never, kSouth), CallState::kUnanswered) << "they called, and we did not answer";
}

TEST(CallBook, OneCallFromItsHourToItsEnd) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T08:59:59Z")));
  EXPECT_EQ(told(book), "");
  EXPECT_EQ(book.call(morning_of(3))->state, CallState::kPending);
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:00:00Z")));
  EXPECT_EQ(told(book), "due 09:00, ");
  ASSERT_TRUE(
      book.add(fact(morning_of(3), FactKind::kCalled, kSouth, utc("2027-05-03T09:00:00Z"))));
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:05:00Z")));
  EXPECT_EQ(told(book), "overdue 09:00, ");
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:29:59Z")));
  EXPECT_EQ(told(book), "");
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:30:00Z")));
  EXPECT_EQ(told(book), "closed 09:00 unanswered, alarm 1, ");
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kSilent), 1);
  // The answer comes after all: late, and a sign of life.
  ASSERT_TRUE(
      book.add(fact(morning_of(3), FactKind::kAnswered, kNorth, utc("2027-05-03T09:40:00Z"))));
  EXPECT_EQ(told(book), "life after 1, ");
  EXPECT_EQ(book.call(morning_of(3))->state, CallState::kAnsweredLate);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kSilent), 0);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kLate), 1);
  EXPECT_EQ(book.last_answer()->deed.officer, "Pak");
}

TEST(CallBook, AnAnswerInTimeRaisesNothing) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:00:00Z")));
  ASSERT_TRUE(
      book.add(fact(morning_of(3), FactKind::kAnswered, kNorth, utc("2027-05-03T09:01:00Z"))));
  run(book, utc("2027-05-03T09:01:00Z"), utc("2027-05-03T12:00:00Z"));
  EXPECT_EQ(told(book), "due 09:00, closed 09:00 answered in time, ");
}

TEST(CallBook, AReplyThatNoPathCarriedAnswersNothing) {
  CallBook book(daily(), kNorth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:00:00Z")));
  ASSERT_TRUE(book.add(fact(morning_of(3), FactKind::kCalled, kSouth, utc("2027-05-03T09:00:00Z"))));
  ASSERT_TRUE(book.add(fact(morning_of(3), FactKind::kAnswered, kNorth, utc("2027-05-03T09:01:00Z"))));
  ASSERT_TRUE(book.advance(utc("2027-05-03T12:00:00Z")));
  EXPECT_TRUE(book.last_answer());
  book.take_back(morning_of(3), FactKind::kAnswered);
  EXPECT_EQ(book.call(morning_of(3))->state, CallState::kUnanswered);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kMissed), 1);
  EXPECT_FALSE(book.last_answer());
}

TEST(CallBook, EachSideSeesWhoseSilenceItWas) {
  CallBook south(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  CallBook north(daily(), kNorth, utc("2027-05-03T00:00:00Z"));
  run(south, utc("2027-05-03T00:00:00Z"), utc("2027-05-03T12:00:00Z"));
  run(north, utc("2027-05-03T00:00:00Z"), utc("2027-05-03T12:00:00Z"));
  // Nobody called: south's turn it was.
  EXPECT_EQ(south.day(date(2027, 5, 3)).of(DayMark::kMissed), 1);
  EXPECT_EQ(north.day(date(2027, 5, 3)).of(DayMark::kSilent), 1);
  EXPECT_EQ(south.silence().row(), 0u);
  EXPECT_EQ(north.silence().row(), 1u);
  // Each is an alarm, of its own kind: the one who missed it learns of it at home.
  EXPECT_EQ(told(south), "due 09:00, overdue 09:00, closed 09:00 not called, missed 1, ");
  EXPECT_EQ(told(north), "due 09:00, overdue 09:00, closed 09:00 not called, alarm 1, ");
}

TEST(CallBook, WhatThisSideMissesIsAFewAlarmsAndADeedAtTheDeskEndsTheRow) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  run(book, utc("2027-05-03T00:00:00Z"), utc("2027-05-07T00:00:00Z"));
  EXPECT_EQ(book.missed().row(), 8u);
  EXPECT_EQ(book.missed().since(), utc("2027-05-03T09:00:00Z"));
  std::size_t alarms = 0;
  for (const BookEvent& event : book.take_events()) alarms += event.alarm && event.alarm->kind == AlarmKind::kMissed ? 1 : 0;
  EXPECT_EQ(alarms, 2u) << "at the first and the seventh";
  ASSERT_TRUE(book.add(fact({date(2027, 5, 9), 0}, FactKind::kCalledOff, kSouth, utc("2027-05-07T00:00:00Z"))));
  EXPECT_EQ(book.missed().row(), 8u) << "what is called off is not made";
  run(book, utc("2027-05-07T00:00:00Z"), utc("2027-05-07T09:01:00Z"));
  ASSERT_TRUE(book.add(fact({date(2027, 5, 7), 0}, FactKind::kCalled, kSouth, utc("2027-05-07T09:01:00Z"))));
  EXPECT_EQ(book.missed().row(), 0u);
}

TEST(CallBook, AClockThatSteppedBackCallsNobodyTwice) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  run(book, utc("2027-05-03T08:00:00Z"), utc("2027-05-03T09:20:00Z"));
  EXPECT_EQ(told(book), "due 09:00, overdue 09:00, ");
  run(book, utc("2027-05-03T08:30:00Z"), utc("2027-05-03T12:00:00Z"));
  EXPECT_EQ(told(book), "closed 09:00 not called, missed 1, ");
  run(book, utc("2027-05-03T09:40:00Z"), utc("2027-05-03T12:00:00Z"));
  EXPECT_EQ(told(book), "") << "it was over by this clock, too";
  EXPECT_EQ(book.live_calls(), 1u);
}

TEST(CallBook, WhatAClockThatWasAheadConcludedIsMadeAgain) {
  const auto refused = [](const char* ahead, const char* back, std::optional<DownFact> down = std::nullopt) {
    CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
    EXPECT_TRUE(book.advance(utc("2027-05-03T08:30:00Z")));
    EXPECT_TRUE(!down || book.add(*down));
    EXPECT_TRUE(book.advance(utc(ahead)));
    const auto done = book.advance(utc(back));
    EXPECT_TRUE(done || done.error().fault == Fault::kState);
    return !done;
  };
  EXPECT_TRUE(refused("2027-05-05T08:30:00Z", "2027-05-03T08:31:00Z")) << "two days too far";
  EXPECT_TRUE(refused("2027-05-05T08:30:00Z", "2027-05-03T09:10:00Z")) << "the call is open";
  EXPECT_TRUE(refused("2027-05-03T09:31:00Z", "2027-05-03T09:29:00Z")) << "it was over, and is not";
  EXPECT_TRUE(refused("2027-05-04T09:10:00Z", "2027-05-03T09:40:00Z")) << "tomorrow's rang";
  EXPECT_TRUE(refused("2027-05-03T08:40:00Z", "2027-05-03T08:35:00Z",
                      DownFact{utc("2027-05-03T08:31:00Z"), utc("2027-05-03T09:10:00Z")}));
  EXPECT_FALSE(refused("2027-05-03T09:20:00Z", "2027-05-03T09:10:00Z"));
  EXPECT_FALSE(refused("2027-05-03T12:00:00Z", "2027-05-03T10:00:00Z")) << "nothing is between";
}

TEST(CallBook, SetBackTooFarItAsksToBeMadeAgain) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2028-05-03T00:00:00Z")));
  const auto back = book.advance(utc("2027-05-03T08:00:00Z"));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().fault, Fault::kState);
  EXPECT_NE(back.error().message.find("2027-05-03T08:00:00Z"), std::string::npos);
}

TEST(CallBook, AHostThatSleptOverTheHour) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T08:00:00Z")));
  // Awake while the call is still open: it is due now.
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:20:00Z")));
  EXPECT_EQ(told(book), "due 09:00, overdue 09:00, ");
  ASSERT_TRUE(book.advance(utc("2027-05-03T18:00:00Z")));
  EXPECT_EQ(told(book), "closed 09:00 not called, missed 1, closed 16:00 not watched, ");
}

TEST(CallBook, WhyItSawNothingIsSaid) {
  const ClockGap gap{GapKind::kSetAhead, utc("2027-05-03T08:00:00Z"), utc("2027-05-03T10:00:00Z")};
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(gap.from));
  ASSERT_TRUE(book.add(GapFact{gap.from, gap}));
  ASSERT_TRUE(book.advance(gap.until));
  EXPECT_EQ(book.call(morning_of(3))->state, CallState::kNotWatched);
  EXPECT_EQ(book.call(morning_of(3))->facts.gap, gap);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kNotWatched), 1);
  CallBook again(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  again.replay({UnwatchedFact{utc("2027-05-03T09:00:00Z"), morning_of(3), false, true, gap}}, utc("2027-05-03T12:00:00Z"));
  EXPECT_EQ(again.call(morning_of(3))->state, CallState::kNotWatched);
  EXPECT_EQ(again.call(morning_of(3))->facts.gap, gap);
}

TEST(CallBook, TheStationsOwnAbsence) {
  const auto state_after = [](WallTime from, WallTime until, bool called) {
    CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
    run(book, utc("2027-05-03T00:00:00Z"), from);
    const auto rung = fact(morning_of(3), FactKind::kCalled, kSouth, utc("2027-05-03T09:00:00Z"));
    EXPECT_TRUE(!called || book.add(rung));
    EXPECT_TRUE(book.add(DownFact{from, until}));
    run(book, until, utc("2027-05-03T12:00:00Z"));
    return book.call(morning_of(3))->state;
  };
  const WallTime before = utc("2027-05-03T08:00:00Z"), open = utc("2027-05-03T09:01:00Z");
  const WallTime again = utc("2027-05-03T09:10:00Z"), after = utc("2027-05-03T10:00:00Z");
  EXPECT_EQ(state_after(before, after, false), CallState::kOwnStationDown);
  EXPECT_EQ(state_after(open, after, true), CallState::kOwnStationDown);
  // It came back while the call was open: an answer made meanwhile would have come too.
  EXPECT_EQ(state_after(open, again, true), CallState::kUnanswered);
  EXPECT_EQ(state_after(open, again, false), CallState::kOwnStationDown);
  EXPECT_EQ(state_after(before, later(before, 60), false), CallState::kNotCalled);
}

TEST(CallBook, CallsInACutAreNoSilence) {
  CallBook book(daily(), kSouth, utc("2027-05-01T00:00:00Z"));
  run(book, utc("2027-05-01T00:00:00Z"), utc("2027-05-03T09:10:00Z"));
  (void)told(book);
  ASSERT_TRUE(book.add(CutFact{utc("2027-05-03T09:10:00Z")}));
  run(book, utc("2027-05-03T09:10:00Z"), utc("2028-06-19T12:00:00Z"));
  EXPECT_EQ(told(book).find("alarm"), std::string::npos) << "413 days of a known cut";
  ASSERT_TRUE(book.add(RestoreFact{utc("2028-06-19T12:00:00Z")}));
  run(book, utc("2028-06-19T12:00:00Z"), utc("2028-06-19T20:00:00Z"));
  EXPECT_EQ(told(book), "due 16:00, overdue 16:00, closed 16:00 not called, ");
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kInCut), 2);
  EXPECT_EQ(book.day(date(2028, 6, 19)).of(DayMark::kInCut), 1);
  const auto sum = book.total(date(2027, 5, 1), date(2028, 7, 1));
  EXPECT_EQ(sum[static_cast<std::size_t>(DayMark::kInCut)], 2u * 413 + 1);
}

TEST(CallBook, ADrillNeverCountsAsAnswered) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T09:00:00Z")));
  ASSERT_TRUE(
      book.add(fact(morning_of(3), FactKind::kCalled, kSouth, utc("2027-05-03T09:00:00Z"))));
  ASSERT_TRUE(book.add(DrillFact{utc("2027-05-03T09:01:00Z"), date(2027, 5, 3)}));
  run(book, utc("2027-05-03T09:01:00Z"), utc("2027-05-03T10:00:00Z"));
  EXPECT_EQ(book.call(morning_of(3))->state, CallState::kUnanswered);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kDrill), 1);
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kSilent), 1);
  EXPECT_EQ(book.silence().row(), 1u) << "a drill is no sign of life";
  run(book, utc("2027-05-03T10:00:00Z"), utc("2027-09-03T10:00:00Z"));
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kDrill), 1)
      << "also in the years that are folded";
  for (const DayMark mark : {DayMark::kInTime, DayMark::kAtTheirHour, DayMark::kLate})
    EXPECT_EQ(book.day(date(2027, 5, 3)).of(mark), 0);
  ASSERT_TRUE(book.add(DrillFact{utc("2027-09-03T10:00:00Z"), date(2027, 5, 3)}));
  EXPECT_EQ(book.day(date(2027, 5, 3)).of(DayMark::kDrill), 2);
}

TEST(CallBook, CalledOffInAdvance) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T08:00:00Z")));
  ASSERT_TRUE(
      book.add(fact(morning_of(4), FactKind::kCalledOff, kNorth, utc("2027-05-03T08:00:00Z"))));
  EXPECT_EQ(book.call(morning_of(4))->state, CallState::kCalledOff);
  run(book, utc("2027-05-04T08:00:00Z"), utc("2027-05-04T12:00:00Z"));
  EXPECT_EQ(told(book).find("due 09:00"), std::string::npos);
  EXPECT_EQ(book.day(date(2027, 5, 4)).of(DayMark::kCalledOff), 1);
}

TEST(CallBook, RefusesFactsOfNoCall) {
  CallBook book(daily(), kSouth, utc("2027-05-03T00:00:00Z"));
  ASSERT_TRUE(book.advance(utc("2027-05-03T08:00:00Z")));
  const auto fault = [&](CallId id) {
    const auto added =
        book.add(fact(id, FactKind::kCalledOff, kNorth, utc("2027-05-03T08:00:00Z")));
    return added ? std::string("good") : to_string(added.error().fault);
  };
  EXPECT_EQ(fault({date(2027, 5, 4), 2}), to_string(Fault::kNotFound));
  EXPECT_EQ(fault({date(2027, 5, 2), 0}), to_string(Fault::kNotFound));
  EXPECT_EQ(fault({date(2026, 5, 4), 0}), to_string(Fault::kNotFound));
  EXPECT_EQ(fault({date(2029, 5, 4), 0}), to_string(Fault::kLimit));
  EXPECT_EQ(fault({date(2028, 5, 4), 0}), "good");
  run(book, utc("2027-05-03T08:00:00Z"), utc("2027-09-03T08:00:00Z"));
  EXPECT_EQ(fault({date(2027, 5, 3), 0}), to_string(Fault::kState));
}

// Twenty years in which nobody there answers, and then somebody does.
TEST(CallBook, TwentyYearsOfSilence) {
  const WallTime from = utc("2027-01-01T00:00:00Z"), until = utc("2047-01-01T00:00:00Z");
  CallBook book(daily(), kSouth, from);
  std::size_t most_live = 0, alarms = 0, due = 0;
  for (WallTime at = from; at < until; at = later(at, 900)) {
    ASSERT_TRUE(book.advance(at));
    most_live = std::max(most_live, book.live_calls());
    for (const BookEvent& event : book.take_events()) {
      if (event.kind == BookEvent::Kind::kDue) {
        ++due;
        ASSERT_TRUE(book.add(fact(event.call->id, FactKind::kCalled, kSouth, at)));
      }
      alarms += event.kind == BookEvent::Kind::kAlarm ? 1 : 0;
    }
  }
  EXPECT_EQ(due, 2u * 7305) << "each call once";
  EXPECT_EQ(book.silence().row(), 2u * 7305);
  EXPECT_EQ(alarms, 4u + 40) << "1, 7, 30, 100, and then every 365 of 14,610";
  EXPECT_LE(most_live, 2u * 64);
  EXPECT_LE(book.folded_days() * sizeof(DayCounts), kDayMarks * 7310);
  const auto sum = book.total(date(2027, 1, 1), date(2047, 1, 1));
  EXPECT_EQ(sum[static_cast<std::size_t>(DayMark::kSilent)], 2u * 7305);
  ASSERT_TRUE(book.advance(utc("2047-01-01T09:00:00Z")));
  (void)book.take_events();
  ASSERT_TRUE(book.add(
      fact({date(2047, 1, 1), 0}, FactKind::kAnswered, kNorth, utc("2047-01-01T09:01:00Z"))));
  EXPECT_EQ(told(book), "life after 14610, ");
}

// The host sleeps over both changes of the clock, and every date has its call once.
TEST(CallBook, DaylightSavingInBothDirections) {
  const Schedule line = schedule({{150, "Europe/Berlin", kEveryDay}}, kFirst);
  for (const std::string change : {"2027-03-28", "2027-10-31"}) {
    CallBook book(line, kSouth, utc((change.substr(0, 7) + "-20T00:00:00Z").c_str()));
    const WallTime end = later(utc((change + "T00:00:00Z").c_str()), 2 * kSecondsPerDay);
    run(book, utc((change.substr(0, 7) + "-20T00:00:00Z").c_str()), end);
    std::size_t due = 0;
    for (const BookEvent& event : book.take_events()) due += event.kind == BookEvent::Kind::kDue;
    const auto calls = book.calls(date(2027, 1, 1), date(2028, 1, 1));
    EXPECT_EQ(due, calls.size()) << change;
    EXPECT_EQ(calls.size(),
              static_cast<std::size_t>((end.seconds / kSecondsPerDay) -
                                       static_cast<std::uint32_t>(calls[0].call.id.day)))
        << change;
  }
}

// A book that lived through it and one made again from the facts are equal, wherever the clock
// stands when it is made.
RC_GTEST_PROP(CallBook, MadeAgainItIsTheSame, ()) {
  const WallTime from = utc("2027-05-01T00:00:00Z");
  const auto days = *rc::gen::inRange<std::uint32_t>(1, 120);
  const auto rest = *rc::gen::inRange<std::uint32_t>(0, kSecondsPerDay);
  const WallTime until = later(from, std::int64_t{days} * kSecondsPerDay + rest);
  CallBook lived(daily(), kSouth, from);
  std::vector<BookFact> facts;
  const auto tell = [&](const BookFact& fact) {
    facts.push_back(fact);
    (void)lived.add(fact);
  };
  bool cut = false;
  std::uint32_t slept = 0;
  for (WallTime at = from; at < until; at = later(at, 600)) {
    RC_ASSERT(lived.advance(at));
    for (const BookEvent& event : lived.take_events()) {
      if (event.kind != BookEvent::Kind::kDue) continue;
      const CallId id = event.call->id;
      const auto what = *rc::gen::inRange(0, 10);
      if (what < 8) tell(fact(id, FactKind::kCalled, kSouth, at));
      if (what < 4) tell(fact(id, FactKind::kAnswered, kNorth, at));
      if (what == 4) tell(fact(id, FactKind::kDeclined, kNorth, at));
      if (what == 5) tell(fact({id.day + 1, id.entry}, FactKind::kCalledOff, kNorth, at));
      if (what == 6) {
        if (cut)
          tell(RestoreFact{at});
        else
          tell(CutFact{at});
        cut = !cut;
      }
      if (what == 7) tell(DrillFact{at, id.day});
      if (what == 8) slept = *rc::gen::inRange<std::uint32_t>(60, 2 * kSecondsPerDay);
    }
    if (slept && later(at, slept) < until) {
      tell(DownFact{at, later(at, slept)});
      at = later(at, slept);
    }
    slept = 0;
  }
  RC_ASSERT(lived.advance(until));
  std::reverse(facts.begin(), facts.end());  // as they happen to lie in two logs
  CallBook again(daily(), kSouth, from);
  again.replay(facts, until);
  RC_ASSERT(again.take_events().empty());
  for (Day at = date(2027, 4, 30); at < date(2027, 9, 10); ++at)
    RC_ASSERT(again.day(at) == lived.day(at));
  RC_ASSERT(again.silence().row() == lived.silence().row());
  RC_ASSERT(again.live_calls() == lived.live_calls());
}

TEST(CallBook, ARestartInTheMiddleOfACallRingsOnlyOnce) {
  const WallTime hour = utc("2027-05-03T09:00:00Z");
  CallBook rung(daily(), kSouth, utc("2027-05-01T00:00:00Z"));
  rung.replay({fact(morning_of(3), FactKind::kCalled, kSouth, hour)}, later(hour, 60));
  ASSERT_TRUE(rung.advance(later(hour, 61)));
  EXPECT_EQ(told(rung), "");
  CallBook not_rung(daily(), kSouth, utc("2027-05-01T00:00:00Z"));
  not_rung.replay({}, later(hour, 60));
  ASSERT_TRUE(not_rung.advance(later(hour, 61)));
  EXPECT_EQ(told(not_rung), "due 09:00, ");
}

}  // namespace
}  // namespace detente::watch
