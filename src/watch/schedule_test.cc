#include "watch/schedule.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>

#include "watch/schedule_check.h"
#include "watch/schedule_for_test.h"

namespace detente::watch {
namespace {

using test::kEveryDay;
using test::kWorkingDays;
using test::schedule;
using test::shown;
using test::utc;

TEST(Schedule, PyongyangTime) {
  const Schedule line = schedule({{540, "Asia/Pyongyang", kEveryDay}}, {2015, 1, 1});
  EXPECT_EQ(shown(line, "2015-08-13T12:00:00Z", "2015-08-16T12:00:00Z"),
            "2015-08-14T00:00:00Z north\n2015-08-15T00:30:00Z south\n2015-08-16T00:30:00Z north\n");
  EXPECT_EQ(shown(line, "2018-05-03T12:00:00Z", "2018-05-06T12:00:00Z"),
            "2018-05-04T00:30:00Z north\n2018-05-05T00:00:00Z south\n2018-05-06T00:00:00Z north\n");
}

// From 2015 to 2018 one side's nine o'clock came half an hour after the other's.
TEST(Schedule, TwoNineOClocks) {
  accord::CheckCall call{540, "Asia/Seoul", kEveryDay};
  call.own_hours = {{"north", 540, "Asia/Pyongyang"}};
  call.exceptions = {{{2016, 3, 3}, 600}};
  const Schedule line = schedule({call}, {2015, 1, 2});
  const auto calls = line.planned(utc("2016-03-01T00:00:00Z"), utc("2016-03-03T12:00:00Z"));
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(shown(calls),
            "2016-03-01T00:00:00Z south\n2016-03-02T00:30:00Z north\n2016-03-03T01:00:00Z south\n");
  // South calls at its nine; north may answer at its own without being late.
  EXPECT_EQ(format_utc(calls[0].called_hour), "2016-03-01T00:30:00Z");
  EXPECT_EQ(format_utc(calls[0].in_time_until), "2016-03-01T00:05:00Z");
  EXPECT_EQ(format_utc(calls[0].late_from), "2016-03-01T00:35:00Z");
  EXPECT_EQ(format_utc(calls[0].unanswered_from), "2016-03-01T01:00:00Z");
  // North calls at its nine, when south's has passed.
  EXPECT_EQ(format_utc(calls[1].called_hour), "2016-03-02T00:00:00Z");
  EXPECT_EQ(format_utc(calls[1].in_time_until), "2016-03-02T00:35:00Z");
  EXPECT_EQ(format_utc(calls[1].late_from), "2016-03-02T00:35:00Z");
  // A date of its own in the annex is one hour for both.
  EXPECT_EQ(calls[2].at, calls[2].called_hour);
  // Before and after these years there was one nine o'clock.
  for (const char* day : {"2015-08-01T00:00:00Z", "2018-06-01T00:00:00Z"}) {
    const auto one = line.next(utc(day));
    EXPECT_EQ(one->at, one->called_hour) << day;
  }
}

TEST(Schedule, InTheGapAndInTheHourThatComesTwice) {
  const Schedule line = schedule({{150, "Europe/Berlin", kEveryDay}}, {2027, 1, 1});
  EXPECT_EQ(shown(line, "2027-03-27T00:00:00Z", "2027-03-30T00:00:00Z"),
            "2027-03-27T01:30:00Z north\n2027-03-28T01:00:00Z south\n2027-03-29T00:30:00Z north\n");
  EXPECT_EQ(shown(line, "2027-10-30T00:00:00Z", "2027-11-02T00:00:00Z"),
            "2027-10-30T00:30:00Z south\n2027-10-31T00:30:00Z north\n2027-11-01T01:30:00Z south\n");
  // Every date of the year exactly once.
  const auto year = line.planned(utc("2027-01-01T00:00:00Z"), utc("2028-01-01T00:00:00Z"));
  ASSERT_EQ(year.size(), 365u);
  for (std::size_t i = 0; i < year.size(); ++i)
    EXPECT_EQ(year[i].id.day, day_of({2027, 1, 1}) + static_cast<Day>(i));
}

TEST(Schedule, InTurnByNumberAlsoOverADayLeftOut) {
  // Friday south, Monday (a holiday), Tuesday north: the turn passes with each call, not each day.
  const Schedule line = schedule({{540, "UTC", kWorkingDays}}, {2027, 5, 7}, {{{2027, 5, 10}}});
  EXPECT_EQ(shown(line, "2027-05-07T00:00:00Z", "2027-05-13T00:00:00Z"),
            "2027-05-07T09:00:00Z south\n2027-05-11T09:00:00Z north\n2027-05-12T09:00:00Z south\n");
  EXPECT_EQ(line.next(utc("2027-05-08T00:00:00Z"))->number, 1u);
}

TEST(Schedule, TwoCallsADayAreSharedEveryDay) {
  const Schedule line = schedule({{540, "UTC", kEveryDay}, {960, "UTC", kEveryDay}}, {2027, 5, 7});
  EXPECT_EQ(shown(line, "2027-05-07T00:00:00Z", "2027-05-09T00:00:00Z"),
            "2027-05-07T09:00:00Z south\n2027-05-07T16:00:00Z north\n"
            "2027-05-08T09:00:00Z north\n2027-05-08T16:00:00Z south\n");
}

TEST(Schedule, OneSideAlwaysCalls) {
  accord::CheckCall call{540, "UTC", kEveryDay};
  call.caller = "north";
  EXPECT_EQ(shown(schedule({call}, {2027, 1, 1}), "2027-05-07T00:00:00Z", "2027-05-09T00:00:00Z"),
            "2027-05-07T09:00:00Z north\n2027-05-08T09:00:00Z north\n");
  call.caller = "east";
  const auto made = Schedule::make(test::annex({call}), test::kOrder, {2027, 1, 1}, test::zones());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::kConflict);
}

TEST(Schedule, WhoseTurnItIsHangsOnNoZoneRules) {
  const accord::Annex annex = test::annex({{540, "Asia/Pyongyang", kWorkingDays}});
  ZoneBook old = test::zones();
  old["Asia/Pyongyang"] = test::zone("Asia/Pyongyang", {{utc("2010-01-01T00:00:00Z"), 32400, ""}});
  const auto ours = Schedule::make(annex, test::kOrder, {2015, 1, 1}, test::zones()).value();
  const auto theirs = Schedule::make(annex, test::kOrder, {2015, 1, 1}, old).value();
  const WallTime from = utc("2015-01-01T12:00:00Z"), until = utc("2019-01-01T12:00:00Z");
  const auto a = ours.planned(from, until), b = theirs.planned(from, until);
  ASSERT_EQ(a.size(), b.size());
  bool other_instants = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].id, b[i].id);
    ASSERT_EQ(a[i].caller, b[i].caller);
    other_instants = other_instants || a[i].at != b[i].at;
  }
  EXPECT_TRUE(other_instants);
}

TEST(Schedule, UnknownZonesAreNamedAndNotGuessed) {
  accord::CheckCall half{600, "UTC", kEveryDay};
  half.own_hours = {{"north", 600, "Mars/Olympus"}};
  ZoneBook zones = test::zones();
  const auto line = Schedule::make(
      test::annex({{540, "Asia/Seol", kEveryDay}, {540, "Asia/Seoul", kEveryDay}, half}),
      test::kOrder, {2027, 1, 1}, zones);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->unknown_zones(), (std::vector<std::string>{"Asia/Seol", "Mars/Olympus"}));
  const auto calls = line->planned(utc("2027-01-02T00:00:00Z"), utc("2027-01-04T00:00:00Z"));
  ASSERT_EQ(calls.size(), 2u) << "the line's other calls go on";
  EXPECT_EQ(calls[0].id.entry, 1);
}

TEST(Schedule, FindsWhatItPlanned) {
  accord::CheckCall moved{540, "America/New_York", kWorkingDays};
  moved.exceptions = {{{2027, 3, 14}, 150}};
  const Schedule line =
      schedule({moved, {150, "Europe/Berlin", kEveryDay}}, {2027, 1, 1}, {{{0, 5, 1}}});
  const auto calls = line.planned(utc("2027-01-01T00:00:00Z"), utc("2029-01-01T00:00:00Z"));
  ASSERT_GT(calls.size(), 1000u);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    ASSERT_EQ(line.find(calls[i].id), calls[i]);
    ASSERT_EQ(line.next(calls[i].at)->at, calls[i].at);
  }
  EXPECT_FALSE(line.find({day_of({2027, 5, 1}), 1}));
  EXPECT_FALSE(line.find({day_of({2027, 5, 3}), 2}));
  EXPECT_EQ(line.words(*line.find({day_of({2027, 3, 14}), 0})),
            "2027-03-14 02:30 America/New_York");
}

TEST(Schedule, NextOfASingleDateFarAway) {
  accord::CheckCall call{540, "Asia/Seoul", 0};
  call.exceptions = {{{2049, 6, 1}, 600}};
  const Schedule line = schedule({call}, {2027, 1, 1});
  EXPECT_EQ(format_utc(line.next(utc("2027-01-01T00:00:00Z"))->at), "2049-06-01T01:00:00Z");
  EXPECT_FALSE(line.next(utc("2049-06-01T01:00:01Z")));
}

TEST(Schedule, NothingBeyondTheRules) {
  const Schedule line = schedule({{540, "Asia/Seoul", kEveryDay}}, {2027, 1, 1});
  EXPECT_EQ(line.planned(utc("2079-12-01T00:00:00Z"), utc("2081-01-01T00:00:00Z")).size(), 31u);
}

TEST(Schedule, TwentyYearsOfDailyCalls) {
  const Schedule line =
      schedule({{540, "Asia/Seoul", kEveryDay}, {960, "Europe/Berlin", kEveryDay}}, {2027, 1, 1});
  const auto calls = line.planned(utc("2027-01-01T00:00:00Z"), utc("2047-01-01T00:00:00Z"));
  EXPECT_EQ(calls.size(), 2u * 7305);
  std::size_t by_south = 0;
  for (const PlannedCall& call : calls) by_south += call.caller == 0 ? 1 : 0;
  EXPECT_EQ(by_south, calls.size() / 2);
}

// A line with everything, in zones with and without changes.
Schedule any_schedule() {
  std::vector<accord::CheckCall> calls;
  const auto count = *rc::gen::inRange<std::size_t>(1, 4);
  for (std::size_t i = 0; i < count; ++i) {
    accord::CheckCall call;
    call.minute = *rc::gen::inRange<std::uint16_t>(0, 1440);
    call.zone = *rc::gen::element<std::string>("Europe/Berlin", "America/New_York",
                                               "Asia/Pyongyang", "Asia/Seoul");
    call.days = *rc::gen::inRange<std::uint8_t>(1, 128);
    if (*rc::gen::arbitrary<bool>())
      call.own_hours = {{"north", *rc::gen::inRange<std::uint16_t>(0, 1440), "America/New_York"}};
    if (*rc::gen::arbitrary<bool>())
      call.exceptions = {{civil_from_days(*rc::gen::inRange<Day>(16600, 16700)), 150}};
    calls.push_back(std::move(call));
  }
  return schedule(std::move(calls), {2015, 1, 1}, {{{0, 3, 29}, {2015, 10, 25}}});
}

RC_GTEST_PROP(Schedule, PartsOfASpanMakeTheWhole, ()) {
  const Schedule line = any_schedule();
  const auto second = rc::gen::inRange<std::uint32_t>(utc("2015-02-01T00:00:00Z").seconds,
                                                      utc("2016-02-01T00:00:00Z").seconds);
  std::array<std::uint32_t, 3> at = {*second, *second, *second};
  std::sort(at.begin(), at.end());
  auto parts = line.planned({at[0]}, {at[1]});
  const auto rest = line.planned({at[1]}, {at[2]});
  parts.insert(parts.end(), rest.begin(), rest.end());
  RC_ASSERT(parts == line.planned({at[0]}, {at[2]}));
}

// Against a walk over every date and minute: each date once, at the first instant that shows it.
RC_GTEST_PROP(Schedule, EveryDateOnce, ()) {
  const Schedule line = any_schedule();
  const auto calls = line.planned(utc("2015-02-01T00:00:00Z"), utc("2016-02-01T00:00:00Z"));
  std::set<CallId> seen;
  for (const PlannedCall& call : calls) {
    RC_ASSERT(seen.insert(call.id).second);
    RC_ASSERT(call.begin() <= call.at);
    RC_ASSERT(call.in_time_until <= call.late_from);
    RC_ASSERT(call.late_from < call.unanswered_from);
  }
  for (std::uint8_t entry = 0; entry < line.entries(); ++entry)
    for (Day day = day_of({2015, 2, 3}); day < day_of({2016, 1, 28}); ++day)
      RC_ASSERT(seen.contains({day, entry}) == line.dates(entry).on(day).has_value());
}

TEST(ScheduleCheck, GoodOnesPass) {
  EXPECT_TRUE(check_schedule(
      schedule({{540, "Asia/Seoul", kEveryDay}, {960, "Asia/Seoul", kEveryDay}}, {2027, 1, 1}),
      {2027, 1, 1}));
}

TEST(ScheduleCheck, RefusesAndSaysWhere) {
  const CivilDate first{2027, 1, 1};
  const auto message = [&](std::vector<accord::CheckCall> calls, accord::HoursTerms terms = {}) {
    const auto good = check_schedule(schedule(std::move(calls), first, std::move(terms)), first);
    return good ? std::string("good") : good.error().message;
  };
  // Two zones: 09:00 in Seoul is 01:00 in Berlin, in winter.
  const std::string zones =
      message({{540, "Asia/Seoul", kEveryDay}, {90, "Europe/Berlin", kEveryDay}}, {{}, 5, 60, 10});
  EXPECT_NE(zones.find("2027-01-01 09:00 Asia/Seoul is open until 2027-01-01T01:00:00Z"),
            std::string::npos)
      << zones;
  EXPECT_NE(zones.find("2027-01-01 01:30 Europe/Berlin"), std::string::npos) << zones;
  // An exception that runs into the other call of the day.
  accord::CheckCall moved{540, "Asia/Seoul", kEveryDay};
  moved.exceptions = {{{2031, 5, 4}, 945}};
  const std::string exception = message({moved, {960, "Asia/Seoul", kEveryDay}});
  EXPECT_NE(exception.find("2031-05-04 15:45"), std::string::npos) << exception;
  // Two calls that the lost hour of spring puts on one instant.
  const std::string gap =
      message({{125, "Europe/Berlin", kEveryDay}, {155, "Europe/Berlin", kEveryDay}});
  EXPECT_NE(gap.find("2027-03-28 02:05"), std::string::npos) << gap;
  // The only date lies before the accord.
  accord::CheckCall past{540, "Asia/Seoul", 0};
  past.exceptions = {{{2026, 12, 31}, 540}};
  const std::string never = message({{540, "Asia/Seoul", kEveryDay}, past});
  EXPECT_NE(never.find("check call 2 of the annex never occurs"), std::string::npos) << never;
  EXPECT_NE(never.find("2027-01-01"), std::string::npos) << never;
}

}  // namespace
}  // namespace detente::watch
