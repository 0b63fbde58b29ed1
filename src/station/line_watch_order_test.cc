// LineWatch where entries, clocks and zone rules are not as they should be: what comes first does not win for that, and
// what a clock says is no order.
#include <gtest/gtest.h>

#include "base/civil.h"
#include "station/line_watch.h"
#include "watch/zones_for_test.h"

namespace detente::station {
namespace {

using watch::test::utc;

using enum line::CallDeed;

WallTime plus(WallTime time, std::int64_t seconds) { return {static_cast<std::uint32_t>(time.seconds + seconds)}; }

// Side 0 calls at nine and at 9:32 in UTC every day: each is open for half an hour.
watch::Schedule two_calls(const watch::ZoneBook& zones) {
  accord::Annex annex;
  annex.check_calls = {{540, "UTC", 0x7f, accord::CallKind::kOpening, "south"},
                       {572, "UTC", 0x7f, accord::CallKind::kOrdinary, "south"},
                       {1020, "UTC", 0x7f, accord::CallKind::kClosing, "south"}};
  return watch::Schedule::make(annex, {"south", "north"}, {2027, 3, 1}, zones).value();
}

watch::ZoneBook utc_zone() {
  const auto rules = watch::ZoneRules::make("UTC", {0}, utc("2060-01-01T00:00:00Z"), {{{0}, 0, "UTC"}}).value();
  return {{"UTC", std::make_shared<const watch::ZoneRules>(rules)}};
}

class LineWatchOrder : public testing::Test {
 protected:
  LineWatchOrder() : called_(two_calls(utc_zone()), 1, 10) { called_.begin(midnight_, {}, midnight_); }

  static WatchAct act(bool own, WatchActBody body, WallTime time, std::uint64_t index, std::uint8_t life = 0) {
    WatchAct out;
    out.own = own;
    out.place.epoch[0] = life;
    out.place.index = index;
    out.at = out.stored_at = out.latest = time;
    out.officer = own ? "kim 1" : "ri 1";
    out.body = std::move(body);
    return out;
  }
  static WatchAct reply(bool own, line::PresenceDeed deed, WallTime time, std::uint64_t index, std::uint64_t to) {
    WatchAct out = act(own, deed, time, index);
    out.references.push_back({record::Whose::kOthers, {}, to, {}});
    return out;
  }
  line::CallAct call(line::CallDeed deed, std::uint8_t place) const { return {deed, day_, place, ""}; }
  watch::CallId id(std::uint8_t place) const { return {static_cast<watch::Day>(day_), place}; }

  const WallTime midnight_ = utc("2027-03-01T00:00:00Z"), noon_ = utc("2027-03-01T12:00:00Z");
  const std::uint32_t day_ = midnight_.seconds / 86400;
  LineWatch called_;  // of the side that is called
};

TEST_F(LineWatchOrder, AnAnswerThatIsReadBeforeItsQuestionAnswersIt) {
  // As at a start, where the other side's log may be read first.
  LineWatch watch(std::nullopt, 0, 10);
  watch.take(reply(false, line::PresenceDeed::kReady, noon_, 3, 4), noon_);
  watch.take(act(true, line::PresenceDeed::kAsked, noon_, 2), noon_);
  watch.take(act(true, line::PresenceDeed::kAsked, noon_, 4), noon_);
  ASSERT_TRUE(watch.presence(true));
  EXPECT_EQ(watch.presence_state(*watch.presence(true), plus(noon_, 3600)), PresenceState::kReady);
}

TEST_F(LineWatchOrder, AClockThatWasSetBackHidesNothing) {
  LineWatch watch(two_calls(utc_zone()), 0, 10);
  watch.begin(midnight_, {}, midnight_);
  const WallTime back = plus(noon_, -7200);
  for (const bool own : {true, false}) {
    watch.take(act(own, line::PresenceDeed::kAsked, noon_, 0), noon_);
    watch.take(act(own, line::PresenceDeed::kAsked, back, 1), back);
    EXPECT_EQ(watch.presence(own)->place.index, 1u);
    watch.take(act(own, line::OnWatch{noon_, "a"}, noon_, 2), noon_);
    watch.take(act(own, line::OnWatch{back, "b"}, back, 3), back);
    EXPECT_EQ(watch.claim(own)->first.who, "b");
    watch.take(act(own, line::OnWatch{noon_, "late"}, noon_, 1), noon_);
    EXPECT_EQ(watch.claim(own)->first.who, "b") << "older by the log, though newer by the clock";
    watch.take(act(own, line::OnWatch{back, "c"}, back, 0, 1), back);
    EXPECT_EQ(watch.claim(own)->first.who, "c") << "the next life of that disk";
  }
  const WallTime nine = utc("2027-03-01T21:00:00Z"), ten = utc("2027-03-01T22:00:00Z");
  for (const bool own : {true, false}) watch.take(act(own, HoursSigned{nine}, noon_, 5), noon_);
  for (const bool own : {true, false}) watch.take(act(own, HoursSigned{ten}, back, 6), back);
  ASSERT_TRUE(watch.extension(back));
  EXPECT_EQ(watch.extension(back)->until, ten);
}

TEST_F(LineWatchOrder, AProposalOfOneSideUndoesNoAgreement) {
  LineWatch watch(two_calls(utc_zone()), 0, 10);
  watch.begin(midnight_, {}, midnight_);
  const WallTime six = utc("2027-03-01T18:00:00Z"), nine = utc("2027-03-01T21:00:00Z"), ten = utc("2027-03-01T22:00:00Z");
  // As at a start: one log after the other.
  watch.take(act(true, HoursSigned{nine}, six, 0), six);
  watch.take(act(true, HoursSigned{ten}, plus(six, 60), 1), six);
  watch.take(act(false, HoursSigned{nine}, plus(six, 30), 0), six);
  ASSERT_TRUE(watch.extension(plus(six, 90)));
  EXPECT_EQ(watch.extension(plus(six, 90))->until, nine);
  EXPECT_EQ(watch.proposed_extension(plus(six, 90)), std::pair(true, ten)) << "and the proposal is shown";
  for (std::uint32_t i = 0; i < 40; ++i) watch.take(act(false, HoursSigned{plus(ten, 1 + i)}, six, 1 + i), six);
  EXPECT_EQ(watch.extension(plus(six, 90))->until, nine) << "nor do forty";
  watch.take(act(false, HoursSigned{ten}, plus(six, 120), 99), six);
  EXPECT_EQ(watch.extension(plus(six, 130))->until, ten);
  EXPECT_FALSE(watch.proposed_extension(plus(six, 130)));
}

TEST_F(LineWatchOrder, TheOneThatTheyCalledIsAnswered) {
  const WallTime early = utc("2027-03-01T09:28:00Z");  // nine's is open still, the next may be called already
  ASSERT_TRUE(called_.advance(early));
  called_.take(act(false, call(kCalled, 0), early, 0), early);
  ASSERT_TRUE(called_.open_call(early));
  EXPECT_EQ(called_.open_call(early)->call.id, id(0));
  called_.take(act(true, call(kAnswered, 0), early, 0), early);
  called_.take(act(false, call(kCalled, 1), plus(early, 10), 1), plus(early, 10));
  EXPECT_EQ(called_.open_call(plus(early, 20))->call.id, id(1));
  LineWatch caller(two_calls(utc_zone()), 0, 10);
  caller.begin(midnight_, {}, midnight_);
  ASSERT_TRUE(caller.advance(early));
  EXPECT_EQ(caller.call_to_make(early)->call.id, id(0));
  caller.take(act(true, call(kCalled, 0), early, 0), early);
  EXPECT_EQ(caller.call_to_make(early)->call.id, id(1));
}

TEST_F(LineWatchOrder, WhatTheyCalledCanBeAnsweredWhateverTheHourIsHere) {
  const WallTime before = utc("2027-03-01T08:00:00Z");  // an hour ahead, or other zone rules
  ASSERT_TRUE(called_.advance(before));
  EXPECT_FALSE(called_.open_call(before));
  EXPECT_FALSE(called_.check(call(kAnswered, 0), before));
  called_.take(act(false, call(kCalled, 0), before, 0), before);
  ASSERT_TRUE(called_.open_call(plus(before, 60)));
  EXPECT_EQ(called_.open_call(plus(before, 60))->call.id, id(0));
  EXPECT_EQ(called_.open_call(plus(before, 60))->state, watch::CallState::kDue);
  EXPECT_TRUE(called_.check(call(kAnswered, 0), plus(before, 60)));
  called_.take(act(true, call(kAnswered, 0), plus(before, 60), 0), plus(before, 60));
  EXPECT_EQ(called_.book()->call(id(0))->state, watch::CallState::kAnsweredInTime);
  // A clock that is behind: half an hour after the call came it is still open.
  const WallTime after = utc("2027-03-01T19:00:00Z");
  ASSERT_TRUE(called_.advance(after));
  WatchAct late = act(false, call(kCalled, 2), utc("2027-03-01T17:00:00Z"), 1);
  late.stored_at = after;
  called_.take(late, after);
  ASSERT_TRUE(called_.open_call(plus(after, 60)));
  EXPECT_TRUE(called_.is_to_answer(*called_.open_call(plus(after, 60))));
  EXPECT_TRUE(called_.check(call(kAnswered, 2), plus(after, 60)));
  EXPECT_FALSE(called_.open_call(plus(after, 1800)));
}

TEST_F(LineWatchOrder, AWordEndsASilenceWhateverTheirClockShows) {
  const WallTime ten = utc("2027-03-01T10:10:00Z");
  ASSERT_TRUE(called_.advance(utc("2027-03-01T09:00:00Z")));
  ASSERT_TRUE(called_.advance(utc("2027-03-01T09:31:00Z")));
  ASSERT_TRUE(called_.advance(utc("2027-03-01T09:45:00Z")));
  ASSERT_TRUE(called_.advance(ten));
  ASSERT_EQ(called_.book()->silence().row(), 2u);
  // Their clock is two hours behind: by it, the word is older than the silence.
  const WallTime claimed = plus(ten, -7200);
  WatchAct word = act(false, SignOfLife{}, claimed, 0);
  word.stored_at = ten;
  word.latest = latest_said(claimed, ten, ClockAhead{-7200, 1});
  EXPECT_EQ(called_.see_person(word, ten), ten);
  EXPECT_EQ(called_.book()->silence().row(), 0u);
  EXPECT_EQ(latest_said(claimed, ten, ClockAhead{0, 1}), plus(claimed, 1)) << "clocks that agree: it was long on its way";
  EXPECT_EQ(latest_said(claimed, ten, std::nullopt), ten) << "never compared: a day is given to them";
  EXPECT_EQ(latest_said(plus(ten, -2 * 86400), ten, std::nullopt), plus(ten, -86400)) << "and no more";
}

TEST_F(LineWatchOrder, TheFirstWordAfterACutIsToldOnALineWithoutCallsToo) {
  LineWatch plain(std::nullopt, 0, 10);
  plain.begin(midnight_, {watch::CutFact{midnight_}, watch::RestoreFact{noon_}}, noon_);
  EXPECT_TRUE(plain.take_events().empty());
  EXPECT_TRUE(plain.see_person(act(false, SignOfLife{}, plus(noon_, 5), 0), plus(noon_, 5)));
  const auto events = plain.take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(*events.front().alarm, (watch::Alarm{watch::AlarmKind::kSignOfLife, 0, noon_, plus(noon_, 5)}));
  EXPECT_TRUE(plain.see_person(act(false, SignOfLife{}, plus(noon_, 9), 1), plus(noon_, 9)));
  EXPECT_TRUE(plain.take_events().empty());
}

TEST_F(LineWatchOrder, AMissingZoneIsNamedAndNotCalledNoCalls) {
  LineWatch watch(two_calls({}), 1, 10);
  watch.begin(midnight_, {}, midnight_);
  const auto refused = watch.check(call(kAnswered, 0), utc("2027-03-01T09:00:00Z"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no rules of the time zone UTC"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("tzdata"), std::string::npos);
  EXPECT_NE(watch.hours(noon_)->words.find("not known"), std::string::npos);
}

TEST_F(LineWatchOrder, OutagesOfOneSideTakeNoPlaceOfTheOthers) {
  LineWatch watch(std::nullopt, 0, 10);
  const auto outage = [&](std::uint32_t hour) { return line::Outage{plus(noon_, hour * 3600), plus(noon_, hour * 3600 + 60), ""}; };
  watch.take(act(true, outage(1), noon_, 0), noon_);
  for (std::uint32_t i = 0; i < 20; ++i) watch.take(act(false, outage(1 + i), noon_, i), noon_);
  const auto known = watch.outages().to_come(noon_);
  ASSERT_EQ(known.size(), 1 + kOutagesMax);
  EXPECT_EQ(known[0].second.from, outage(1).from);
  EXPECT_EQ(known[1].second.from, outage(1).from) << "the nearest of theirs stays";
  EXPECT_EQ(known.back().second.from, outage(16).from);
  EXPECT_FALSE(watch.outages().is_full(true, noon_));
  EXPECT_TRUE(watch.outages().is_full(false, noon_));
  // What is over makes room.
  const WallTime later = plus(noon_, 10 * 3600 + 120);
  EXPECT_TRUE(watch.take(act(false, outage(30), later, 50), later));
  EXPECT_EQ(watch.outages().to_come(later).back().second.from, outage(30).from);
}

}  // namespace
}  // namespace detente::station
