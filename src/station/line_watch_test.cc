#include "station/line_watch.h"

#include <gtest/gtest.h>

#include "base/civil.h"
#include "watch/zones_for_test.h"

namespace detente::station {
namespace {

using watch::test::utc;

using enum line::CallDeed;

// Called by side 0 at nine in UTC every day; open from nine to five.
watch::Schedule schedule(std::uint16_t evening = 1020) {
  const auto rules = watch::ZoneRules::make("UTC", {0}, utc("2060-01-01T00:00:00Z"), {{{0}, 0, "UTC"}}).value();
  const watch::ZoneBook zones{{"UTC", std::make_shared<const watch::ZoneRules>(rules)}};
  accord::Annex annex;
  annex.check_calls = {{540, "UTC", 0x7f, accord::CallKind::kOpening, "south"},
                       {evening, "UTC", 0x7f, accord::CallKind::kClosing, "south"}};
  return watch::Schedule::make(annex, {"south", "north"}, {2027, 3, 1}, zones).value();
}

class LineWatchTest : public testing::Test {
 protected:
  LineWatchTest() : watch_(schedule(), 0, 10) { watch_.begin(utc("2027-03-01T00:00:00Z"), {}, utc("2027-03-01T00:00:00Z")); }

  WatchAct act(bool own, WatchActBody body, WallTime time, std::uint64_t index) {
    WatchAct out;
    out.own = own;
    out.place.index = index;
    out.at = time;
    out.officer = own ? "kim 1" : "ri 1";
    out.body = std::move(body);
    return out;
  }
  line::CallAct call(line::CallDeed deed) { return {deed, day_, 0, ""}; }
  watch::CallState state(const char* time) {
    EXPECT_TRUE(watch_.advance(utc(time)));
    return watch_.book()->call({static_cast<watch::Day>(day_), 0})->state;
  }

  const std::uint32_t day_ = utc("2027-03-01T00:00:00Z").seconds / 86400;
  LineWatch watch_;
};

TEST_F(LineWatchTest, OnlyWhatAPersonVouchesForAndIsNoDrillCounts) {
  const WallTime nine = utc("2027-03-01T09:00:10Z");
  watch_.take(act(true, call(kCalled), nine, 0), nine);
  WatchAct forged = act(false, call(kAnswered), nine, 0);
  forged.vouched = false;
  EXPECT_FALSE(watch_.take(forged, nine));
  for (const auto entry_class : {record::EntryClass::kDrill, record::EntryClass::kTest}) {
    WatchAct other = act(false, call(kAnswered), nine, 1);
    other.entry_class = entry_class;
    watch_.take(other, nine);
  }
  EXPECT_EQ(state("2027-03-01T09:01:00Z"), watch::CallState::kDue);
  EXPECT_TRUE(watch_.take(act(false, call(kAnswered), nine, 2), nine));
  EXPECT_EQ(state("2027-03-01T09:01:30Z"), watch::CallState::kAnsweredInTime);
}

TEST_F(LineWatchTest, ADeskIsToldWhatItCanDoInstead) {
  EXPECT_EQ(watch_.check(call(kCalled), utc("2027-03-01T08:00:00Z")).error().fault, Fault::kState);
  EXPECT_TRUE(watch_.check(call(kCalled), utc("2027-03-01T08:56:00Z")));
  EXPECT_FALSE(watch_.check(call(kCalled), utc("2027-03-01T09:30:00Z")));
  EXPECT_FALSE(watch_.check(call(kAnswered), utc("2027-03-01T10:00:00Z"))) << "it is this side's turn to call";
  LineWatch called(schedule(), 1, 10);
  called.begin(utc("2027-03-01T00:00:00Z"), {}, utc("2027-03-01T00:00:00Z"));
  EXPECT_TRUE(called.check(call(kAnswered), utc("2027-03-01T10:00:00Z"))) << "a late answer is an answer";
  EXPECT_TRUE(watch_.check(call(kCalledOff), utc("2027-03-01T08:59:00Z")));
  EXPECT_FALSE(watch_.check(call(kCalledOff), utc("2027-03-01T09:00:00Z")));
  EXPECT_EQ(watch_.check({kCalled, day_, 7, ""}, utc("2027-03-01T09:00:00Z")).error().fault, Fault::kNotFound);
}

TEST_F(LineWatchTest, APresenceQueryIsAnsweredByItsOwnAnswerAlone) {
  const WallTime noon = utc("2027-03-01T12:00:00Z");
  watch_.take(act(true, line::PresenceDeed::kAsked, noon, 4), noon);
  WatchAct other = act(false, line::PresenceDeed::kReady, noon, 0);
  other.references.push_back({record::Whose::kOthers, {}, 3, {}});
  EXPECT_FALSE(watch_.take(other, noon)) << "it answers another question";
  EXPECT_EQ(watch_.presence_state(*watch_.presence(true), utc("2027-03-01T15:00:00Z")), PresenceState::kNotThere) << "nobody was asked";
  watch_.hold_query(utc("2027-03-01T15:00:00Z"));
  EXPECT_EQ(watch_.presence_state(*watch_.presence(true), utc("2027-03-01T15:09:59Z")), PresenceState::kWaiting);
  EXPECT_EQ(watch_.presence_state(*watch_.presence(true), utc("2027-03-01T15:10:00Z")), PresenceState::kUnanswered);
  other.references.front().index = 4;
  EXPECT_TRUE(watch_.take(other, noon));
  EXPECT_EQ(watch_.presence_state(*watch_.presence(true), noon), PresenceState::kReady);
  // The question is read again at every start: its answer stays.
  EXPECT_FALSE(watch_.take(act(true, line::PresenceDeed::kAsked, noon, 4), noon));
  EXPECT_TRUE(watch_.presence(true)->answer);
}

TEST_F(LineWatchTest, AQueryThatWasLongOnItsWayIsOpenFromWhenItCame) {
  WatchAct asked = act(false, line::PresenceDeed::kAsked, utc("2027-03-01T09:00:00Z"), 0);
  asked.stored_at = utc("2027-03-01T12:00:00Z");
  watch_.take(asked, asked.stored_at);
  EXPECT_EQ(watch_.presence_state(*watch_.presence(false), utc("2027-03-01T12:09:59Z")), PresenceState::kWaiting);
  EXPECT_EQ(watch_.presence_state(*watch_.presence(false), utc("2027-03-01T12:10:00Z")), PresenceState::kUnanswered);
}

TEST_F(LineWatchTest, AnExtensionNeedsBothAndTheSameInstant) {
  const WallTime six = utc("2027-03-01T18:00:00Z"), ten = utc("2027-03-01T22:00:00Z");
  watch_.take(act(true, HoursSigned{ten}, six, 0), six);
  EXPECT_FALSE(watch_.extension(six));
  EXPECT_EQ(watch_.proposed_extension(six), std::pair(true, ten));
  watch_.take(act(false, HoursSigned{utc("2027-03-01T21:00:00Z")}, six, 0), six);
  EXPECT_FALSE(watch_.extension(six));
  watch_.take(act(false, HoursSigned{ten}, six, 1), six);
  ASSERT_TRUE(watch_.extension(six));
  EXPECT_FALSE(watch_.proposed_extension(six));
  EXPECT_FALSE(watch_.extension(ten)) << "it is over";
}

TEST_F(LineWatchTest, WhateverAPersonThereSignedEndsASilence) {
  const std::array<WatchActBody, 4> bodies = {SignOfLife{}, SignOfLife{true}, line::PresenceDeed::kReady, HoursSigned{}};
  WallTime day = utc("2027-03-01T00:00:00Z");
  for (const WatchActBody& body : bodies) {
    const WallTime nine{day.seconds + 9 * 3600}, ten{day.seconds + 10 * 3600};
    watch_.add_fact(watch::CallFact{{watch::day_at(day), 0}, watch::FactKind::kCalled, 0, nine, "kim 1"});
    ASSERT_TRUE(watch_.advance(nine));
    ASSERT_TRUE(watch_.advance(ten));
    ASSERT_EQ(watch_.book()->silence().row(), 1u);
    watch_.take_events();
    WatchAct word = act(false, body, ten, 1);
    for (bool WatchAct::*const flaw : {&WatchAct::vouched, &WatchAct::own}) {
      WatchAct other = word;
      other.*flaw = !(other.*flaw);
      EXPECT_FALSE(watch_.see_person(other, ten));
    }
    WatchAct machine = word, test = word;
    machine.officer = "";
    test.entry_class = record::EntryClass::kTest;
    EXPECT_FALSE(watch_.see_person(machine, ten));
    EXPECT_FALSE(watch_.see_person(test, ten));
    EXPECT_EQ(watch_.see_person(word, ten), ten);
    EXPECT_EQ(watch_.book()->silence().row(), 0u);
    EXPECT_EQ(watch_.person()->at, ten);
    const auto events = watch_.take_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events.front().alarm->kind, watch::AlarmKind::kSignOfLife);
    day.seconds += 86400;
  }
  EXPECT_FALSE(watch_.see_person(act(false, line::OnWatch{}, day, 1), day)) << "a station's claim is no person's act";
}

TEST_F(LineWatchTest, AnOutageThatPassedItsEndIsNotForgotten) {
  const WallTime now = utc("2027-03-01T12:00:00Z"), from = utc("2027-03-01T13:00:00Z"), until = utc("2027-03-01T14:00:00Z");
  watch_.take(act(false, line::Outage{from, until, "power"}, now, 0), now);
  EXPECT_FALSE(watch_.outages().over(now));
  ASSERT_TRUE(watch_.outages().over(until));
  EXPECT_EQ(watch_.outages().over(until)->until, until);
}

TEST_F(LineWatchTest, TheNewestOfAnOutageCounts) {
  const WallTime now = utc("2027-03-01T12:00:00Z");
  const line::Outage outage{utc("2027-03-01T13:00:00Z"), utc("2027-03-01T14:00:00Z"), "power"};
  watch_.take(act(false, outage, now, 0), now);
  EXPECT_EQ(watch_.outages().to_come(now).size(), 1u);
  watch_.take(act(true, outage, now, 0), now);
  EXPECT_EQ(watch_.outages().to_come(now).size(), 2u) << "each side's own";
  watch_.take(act(false, line::Outage{outage.from, outage.from, ""}, now, 1), now);
  EXPECT_EQ(watch_.outages().to_come(now).size(), 1u);
  for (std::uint32_t i = 0; i < 100; ++i)
    watch_.take(act(false, line::Outage{{now.seconds + i}, {now.seconds + 9999}, ""}, now, 2 + i), now);
  EXPECT_LE(watch_.outages().to_come(now).size(), 17u) << "theirs, and the one of ours";
}

TEST_F(LineWatchTest, AnEntryOfACallIsNewOnceAndOldOnesAreLetGo) {
  const watch::CallId id{static_cast<watch::Day>(day_), 0};
  EXPECT_TRUE(watch_.add_entry(id, {true, {{}, 3}}));
  EXPECT_FALSE(watch_.add_entry(id, {true, {{}, 3}}));
  EXPECT_TRUE(watch_.add_entry(id, {false, {{}, 3}}));
  EXPECT_TRUE(watch_.advance(utc("2027-06-01T00:00:00Z")));
  EXPECT_TRUE(watch_.entries_of(id).empty());
  EXPECT_FALSE(watch_.add_entry(id, {true, {{}, 3}}));
}

TEST_F(LineWatchTest, OfCallsThatNobodyAgreedOrThatAreFarAheadNothingIsKept) {
  const auto day = static_cast<watch::Day>(day_);
  EXPECT_TRUE(watch_.is_planned({day, 0}));
  EXPECT_TRUE(watch_.is_planned({day, 1}));
  EXPECT_FALSE(watch_.is_planned({day, 2})) << "the accord plans two a day";
  EXPECT_TRUE(watch_.is_planned({day + 400, 0})) << "it may be called off";
  EXPECT_FALSE(watch_.is_planned({day + 402, 0}));
  EXPECT_FALSE(watch_.add_entry({day + 402, 0}, {false, {{}, 3}}));
  std::map<std::uint32_t, watch::Schedule> former;
  former.emplace(1, schedule(720));
  watch_.set_former(std::move(former));
  EXPECT_FALSE(watch_.is_planned({day, 2}));
  // A ring that is kept leaves its call open for as long as the accord says, from when it came.
  WatchAct late = act(false, line::CallAct{kCalled, day_ + 402, 0, ""}, utc("2027-03-01T00:00:00Z"), 7);
  late.stored_at = utc("2028-04-09T00:00:00Z");
  watch_.see_ring(late);
  EXPECT_TRUE(watch_.advance(utc("2028-04-06T00:00:00Z")));
  const auto then = watch_.book()->call({day + 402, 0});
  ASSERT_TRUE(then);
  EXPECT_EQ(watch_.open_until(*then), then->call.unanswered_from) << "it was too far ahead when it came";
  watch_.see_ring(late);
  EXPECT_GT(watch_.open_until(*then), then->call.unanswered_from);
  EXPECT_TRUE(watch_.is_planned({day + 402, 0}));
  EXPECT_FALSE(watch_.is_planned({day, 0})) << "it is long over";
}

TEST_F(LineWatchTest, WhatNobodySignedIsOfTheAccordThatWasInForceAtItsTime) {
  std::map<std::uint32_t, watch::Schedule> former;
  former.emplace(1, schedule(720));  // its second call of a date was at noon
  watch_.set_former(std::move(former));
  const WallTime change = utc("2027-03-01T12:10:00Z");
  watch_.follow(change, 1);
  const auto called = [&](std::uint8_t place) { return act(false, line::CallAct{kCalled, day_, place, ""}, utc("2027-03-01T12:00:10Z"), 0); };
  WatchAct noon = called(1);
  EXPECT_TRUE(watch_.is_former(noon));
  watch_.see_ring(noon);
  EXPECT_FALSE(watch_.take(noon, change));
  EXPECT_FALSE(watch_.book()->call({static_cast<watch::Day>(day_), 1})->facts.of(1, watch::FactKind::kCalled));
  EXPECT_FALSE(watch_.is_former(called(0))) << "nine is nine under both";
  noon.latest = change;  // by a clock that is behind
  EXPECT_FALSE(watch_.is_former(noon));
  noon.accord_version = 1;
  EXPECT_TRUE(watch_.is_former(noon)) << "its signature says so";
  WatchAct evening = called(1);
  evening.accord_version = 2;
  EXPECT_FALSE(watch_.is_former(evening));
}

TEST_F(LineWatchTest, NobodyAnswersHimself) {
  const WallTime nine = utc("2027-03-01T09:00:10Z");
  for (const auto deed : {kAnswered, kDeclined}) {
    const auto refused = watch_.check(call(deed), nine);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("it is your turn to call: detente call LINE"), std::string::npos);
  }
  watch_.take(act(true, call(kCalled), nine, 0), nine);
  EXPECT_NE(watch_.check(call(kAnswered), nine).error().message.find("it is for them to answer"), std::string::npos);
  watch_.take(act(false, call(kCalled), nine, 0), nine);  // they called, though it was our turn
  EXPECT_TRUE(watch_.check(call(kAnswered), nine));
}

TEST_F(LineWatchTest, WhatWasSignedUnderAFormerAccordCountsForTheSameHourAlone) {
  std::map<std::uint32_t, watch::Schedule> former;
  former.emplace(1, schedule(720));  // its second call of a date was at noon
  watch_.set_former(std::move(former));
  const WallTime early = utc("2027-03-01T08:00:00Z");
  std::uint64_t index = 0;
  const auto call_off = [&](std::uint8_t place, std::optional<std::uint32_t> version) {
    WatchAct out = act(false, line::CallAct{kCalledOff, day_, place, ""}, early, index++);
    out.accord_version = version;
    return watch_.take(out, early);
  };
  EXPECT_FALSE(call_off(1, 1)) << "noon was called off, and not the evening";
  EXPECT_TRUE(call_off(0, 1)) << "nine is nine under both";
  EXPECT_TRUE(call_off(1, 2));
  EXPECT_EQ(state("2027-03-01T08:00:00Z"), watch::CallState::kCalledOff);
}

TEST_F(LineWatchTest, AnHourThatIsDoneWithIsNotCalledAgain) {
  const WallTime nine = utc("2027-03-01T09:00:10Z");
  const auto refused = [&](line::CallDeed deed, WallTime time) {
    const auto done = watch_.check(call(deed), time);
    return done ? std::string() : done.error().message;
  };
  const line::CallAct evening{kCalledOff, day_, 1, ""};
  watch_.take(act(false, evening, nine, 0), nine);
  EXPECT_NE(watch_.check(evening, nine).error().message.find("called off already, by the other side at 2027-03-01T09:00:10Z (ri 1)"),
            std::string::npos);
  EXPECT_NE(watch_.check({kCalled, day_, 1, ""}, utc("2027-03-01T17:00:00Z")).error().message.find("was called off by the other side"),
            std::string::npos);
  EXPECT_EQ(refused(kCalled, nine), "");
  watch_.take(act(true, call(kCalled), nine, 0), nine);
  EXPECT_NE(refused(kCalled, nine).find("was made by this side at 2027-03-01T09:00:10Z (kim 1): it is for them to answer"), std::string::npos);
  watch_.take(act(false, call(kAnswered), nine, 1), nine);
  EXPECT_NE(refused(kCalled, nine).find("was answered by the other side"), std::string::npos);
}

}  // namespace
}  // namespace detente::station
