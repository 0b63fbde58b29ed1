#include "line/watch_acts.h"

#include <gtest/gtest.h>

#include "line/exact_body_for_test.h"
#include "wire/cbor.h"

namespace detente::line {
namespace {

TEST(WatchActs, EachBodyReadsBackAndNoPartOfItDoes) {
  const CallAct call{CallDeed::kCalledOff, 20'000, 3, "holiday on our side"};
  EXPECT_EQ(parse_call_body(call_body(call)), call);
  expect_exact(call_body(call), parse_call_body);
  const CallAct plain{CallDeed::kAnswered, 20'000, 0, ""};
  EXPECT_EQ(parse_call_body(call_body(plain)), plain);
  for (const auto deed : {PresenceDeed::kAsked, PresenceDeed::kReady, PresenceDeed::kNotNow})
    EXPECT_EQ(parse_presence_body(presence_body(deed)), deed);
  expect_exact(presence_body(PresenceDeed::kReady), parse_presence_body);
  for (const OnWatch& claim : {OnWatch{}, OnWatch{WallTime{7}, ""}, OnWatch{WallTime{7}, "duty-officer"}})
    EXPECT_EQ(parse_on_watch_body(on_watch_body(claim)), claim);
  const std::vector<ZoneDigest> zones{{"Asia/Pyongyang", Digest{1}}, {"Asia/Seoul", Digest{2}}};
  EXPECT_EQ(parse_zone_rules_body(zone_rules_body(zones)), zones);
  expect_exact(zone_rules_body(zones), parse_zone_rules_body);
  EXPECT_EQ(parse_hours_body(hours_body(WallTime{99})), WallTime{99});
  const Outage outage{WallTime{10}, WallTime{20}, "generator"};
  EXPECT_EQ(parse_outage_body(outage_body(outage)), outage);
  expect_exact(outage_body(outage), parse_outage_body);
}

TEST(WatchActs, WhatIsBeyondABoundIsRefused) {
  EXPECT_FALSE(parse_call_body(wire::CborWriter().array(3).uint(4).uint(1).uint(0).take()));
  EXPECT_FALSE(parse_call_body(wire::CborWriter().array(3).uint(0).uint(kCallDayMax + 1).uint(0).take()));
  EXPECT_FALSE(parse_call_body(wire::CborWriter().array(3).uint(0).uint(1).uint(64).take()));
  EXPECT_FALSE(parse_call_body(wire::CborWriter().array(4).uint(0).uint(1).uint(0).text("").take()));
  EXPECT_FALSE(parse_call_body(call_body({CallDeed::kDeclined, 1, 0, std::string(201, 'a')})));
  EXPECT_FALSE(parse_call_body(call_body({CallDeed::kDeclined, 1, 0, "a\x1b[2J"})));
  EXPECT_FALSE(parse_outage_body(outage_body({WallTime{20}, WallTime{10}, ""})));
  EXPECT_FALSE(parse_zone_rules_body(zone_rules_body({})));
  EXPECT_FALSE(parse_zone_rules_body(zone_rules_body({{"B", {}}, {"A", {}}})));
  EXPECT_FALSE(parse_hours_body(wire::CborWriter().array(1).uint(std::uint64_t{1} << 32).take()));
}

record::Entry act_of(record::Kind kind, Bytes body) {
  record::Entry out;
  out.header.kind = kind;
  out.header.body_form = record::BodyForm::kCbor;
  out.body = std::move(body);
  return out;
}

TEST(WatchActs, APersonsActNeedsASignatureWhereTheLineIsProvable) {
  record::Entry entry = act_of(record::kCheckCall, call_body({CallDeed::kAnswered, 1, 0, ""}));
  EXPECT_EQ(check_watch_act(entry, true).error().fault, Fault::kDenied);
  EXPECT_TRUE(check_watch_act(entry, false));
  entry.signatures.resize(1);
  EXPECT_TRUE(check_watch_act(entry, true));
  entry.header.body_form = record::BodyForm::kText;
  EXPECT_EQ(check_watch_act(entry, true).error().fault, Fault::kMalformed);
}

TEST(WatchActs, ACircuitTestIsNeverOfAnotherClass) {
  record::Entry entry = act_of(record::kCircuitTest, wire::CborWriter().null().take());
  EXPECT_EQ(check_watch_act(entry, true).error().fault, Fault::kDenied);
  entry.header.entry_class = record::EntryClass::kDrill;
  EXPECT_FALSE(check_watch_act(entry, true));
  entry.header.entry_class = record::EntryClass::kTest;
  EXPECT_TRUE(check_watch_act(entry, true));
}

TEST(WatchActs, AnAnswerToAPresenceQueryRefersToTheQuery) {
  record::Entry entry = act_of(record::kPresence, presence_body(PresenceDeed::kReady));
  EXPECT_FALSE(check_watch_act(entry, false));
  entry.header.references.push_back({record::Whose::kOthers, {}, 4, {}});
  EXPECT_TRUE(check_watch_act(entry, false));
  entry.body = presence_body(PresenceDeed::kAsked);
  EXPECT_FALSE(check_watch_act(entry, false));
}

TEST(WatchActs, WhatStationsSayIsNotForADeskToWrite) {
  EXPECT_EQ(check_watch_act(act_of(record::kOnWatch, on_watch_body({})), false).error().fault,
            Fault::kUnsupported);
}

}  // namespace
}  // namespace detente::line
