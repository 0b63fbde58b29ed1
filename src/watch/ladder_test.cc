#include <gtest/gtest.h>

#include <algorithm>

#include "watch/ladder_for_test.h"
#include "watch/ladder_paths.h"

namespace detente::watch {
namespace {

using namespace test;

struct Case {
  Situation situation;
  const char* title;
  LadderFacts facts;
};

std::vector<Case> every_situation() {
  std::vector<Case> out;
  const auto add = [&](Situation situation, const char* title, LadderFacts facts) {
    out.push_back({situation, title, std::move(facts)});
  };
  LadderFacts facts = in_contact();
  add(Situation::kInContact, "IN CONTACT", facts);
  facts.equipment.fault = "no space left on device";
  add(Situation::kOwnEquipmentDown, "OWN EQUIPMENT DOWN", facts);
  facts = silent();
  for (PathFacts& path : facts.paths) path.own = unplugged();
  add(Situation::kOwnPathUnplugged, "OWN PATH UNPLUGGED", facts);
  facts = silent();
  facts.station.session = false;
  facts.station.farewell = Farewell{ago(30), "this station stops"};
  add(Situation::kFarMachineOff, "FAR MACHINE OFF", facts);
  facts = on_one_path();
  they_lack(facts.paths[0]);
  add(Situation::kOneDirection, "ONE DIRECTION DEAD: they do not hear us", facts);
  facts = in_contact();
  they_answer_elsewhere(facts.paths[0]);
  add(Situation::kOneDirection, "ONE DIRECTION DEAD: we do not hear them", facts);
  facts = in_contact();
  facts.unconfirmed = UnconfirmedFacts{2, true, ago(40)};
  add(Situation::kNotConfirmed, "ARRIVES THERE, NOT CONFIRMED", facts);
  facts = in_contact();
  facts.people.unanswered = wall_ago(900);
  facts.people.answered = PersonFacts{wall_ago(26000), "duty officer"};
  add(Situation::kNobodyOnWatch, "NOBODY ON WATCH THERE", facts);
  facts = in_contact();
  facts.cut_by_them = cut("the leaflets");
  add(Situation::kCutByThem, "SUSPENDED BY north", facts);
  facts.cut_by_us = cut("the house");
  add(Situation::kCutByBoth, "SUSPENDED BY BOTH", facts);
  facts.cut_by_them.reset();
  add(Situation::kCutByUs, "SUSPENDED BY US", facts);
  facts = silent();
  facts.outage =
      OutageFacts{false, wall_ago(100), {kWall + 100}, wall_ago(90000), "new batteries", "duty"};
  add(Situation::kOutageAnnounced, "OUTAGE ANNOUNCED", facts);
  add(Situation::kSilent, "SILENT, WITH NO WORD", silent());
  facts = silent();
  facts.station.elsewhere = FarFacts::Elsewhere{"satellite", ago(3)};
  add(Situation::kLinesPathsDead, "PATHS OF THIS LINE DEAD", facts);
  facts = silent();
  facts.station.session = false;
  facts.station.other_accord = true;
  add(Situation::kOtherAccord, "OTHER ACCORD THERE", facts);
  facts.station.calls_not_read = true;
  add(Situation::kOtherAccord, "THEY CANNOT READ OUR CALLS", facts);
  facts = silent();
  facts.station.lost = LostFacts{"main", 3, wall_ago(3600), std::nullopt, 2, ago(5)};
  add(Situation::kStationLost, "THEIR STATION IS DECLARED LOST", facts);
  facts = silent();
  facts.log_only = true;
  add(Situation::kLogOnly, "LOG ONLY", facts);
  facts = in_contact();
  facts.own_lost = LostFacts{"main", 2, wall_ago(60), std::nullopt, 0, std::nullopt, 0, true, 4};
  add(Situation::kRevokedHere, "THIS STATION IS REVOKED", facts);
  return out;
}

TEST(Ladder, EverySituationIsToldApart) {
  const std::vector<Case> cases = every_situation();
  for (const Case& one : cases) {
    const Ladder ladder = judge(one.facts);
    EXPECT_EQ(ladder.situation, one.situation) << one.title << ": " << to_string(ladder.situation);
    EXPECT_EQ(ladder.text.title, one.title);
    EXPECT_FALSE(ladder.text.words.empty());
    EXPECT_FALSE(ladder.text.to_do.empty());
    for (const Case& other : cases) {
      if (other.title == one.title) continue;
      EXPECT_EQ(all_of(ladder).find(other.title), std::string::npos)
          << one.title << " shows " << other.title;
    }
  }
}

// Where both ends have old addresses neither finds the other, and each looks switched off to the other.
TEST(Ladder, AnAddressThatChangedIsNamedAsACauseWithWhatToDo) {
  LadderFacts facts = silent();
  facts.paths[0].configured = "192.0.2.1:7001";
  facts.paths[1].configured = "192.0.2.2:7001";
  Ladder ladder = judge(facts);
  ASSERT_EQ(ladder.situation, Situation::kSilent);
  EXPECT_NE(ladder.text.to_do.find("for fibre this station has 192.0.2.1:7001"), std::string::npos) << ladder.text.to_do;
  EXPECT_NE(ladder.text.to_do.find("detente station path north fibre --to ADDRESS:PORT"), std::string::npos) << ladder.text.to_do;
  facts.station.session = false;
  facts.paths[1].refused = nobody_listens();
  facts.paths[1].moved_to = "198.51.100.9:7001";
  ladder = judge(facts);
  ASSERT_EQ(ladder.situation, Situation::kFarMachineOff);
  EXPECT_NE(ladder.text.to_do.find("for radio this station has 192.0.2.2:7001, and heard them last from 198.51.100.9:7001"), std::string::npos)
      << ladder.text.to_do;
  EXPECT_NE(ladder.text.to_do.find("detente station path north radio --to ADDRESS:PORT"), std::string::npos) << ladder.text.to_do;
  EXPECT_NE(ladder.text.words.find("or has another address by now"), std::string::npos) << ladder.text.words;
  facts.station.farewell = Farewell{ago(30), "this station stops"};
  EXPECT_EQ(judge(facts).text.to_do.find("station path"), std::string::npos) << "it said that it stops";
}

TEST(Ladder, SilenceClearsNobodysEquipmentAndAHintIsCalledOne) {
  EXPECT_EQ(judge(silent()).text.to_do.find("Nothing here is to be repaired"), std::string::npos)
      << "a dead router of our own house looks the same";
  LadderFacts facts = silent();
  facts.station.session = false;
  for (PathFacts& path : facts.paths) path.refused = nobody_listens();
  EXPECT_EQ(judge(facts).situation, Situation::kFarMachineOff);
  EXPECT_EQ(judge(facts).text.title, "FAR MACHINE OFF, BY A HINT");
}

TEST(Ladder, OfALineThatIsLogOnlyNothingIsJudgedByPackets) {
  LadderFacts facts = in_contact();
  facts.log_only = true;
  const Ladder none = judge(facts);
  EXPECT_NE(none.text.words.find("No contact was logged"), std::string::npos);
  EXPECT_TRUE(none.paths.empty() && none.media.empty() && none.also.empty());
  EXPECT_EQ(none.highest_good, RungKind::kEquipment);
  EXPECT_EQ(none.first_not, RungKind::kPath);
  EXPECT_EQ(none.rung(RungKind::kStation).known, Known::kUnknown);
  facts.contact = ContactFacts{wall_ago(600), "ship radio", "Hanla, this is Baekdu", true};
  const std::string words = judge(facts).text.words;
  EXPECT_NE(words.find("ship radio, from north: \"Hanla, this is Baekdu\""), std::string::npos) << words;
  facts.cut_by_them = CutFacts{wall_ago(60), "The leaflets"};
  const Ladder cut = judge(facts);
  EXPECT_EQ(cut.situation, Situation::kCutByThem) << "a cut is of every line that it names";
  EXPECT_EQ(cut.rung(RungKind::kLineOpen).known, Known::kNot);
  ASSERT_EQ(cut.also.size(), 1U);
  EXPECT_NE(cut.also[0].find("By the accord nothing goes"), std::string::npos) << cut.also[0];
  facts.equipment.fault = "no space left on device";
  EXPECT_EQ(judge(facts).situation, Situation::kOwnEquipmentDown);
}

TEST(Ladder, WhatALostStationStillSendsIsToldAndItsSuccessorIsThere) {
  LadderFacts facts = silent();
  facts.station.lost = LostFacts{"main", 3, wall_ago(3600), std::nullopt, 12, ago(5)};
  const Ladder lost = judge(facts);
  EXPECT_EQ(lost.rung(RungKind::kStation).known, Known::kNot);
  EXPECT_NE(lost.text.words.find("what still comes from it is not taken"), std::string::npos) << lost.text.words;
  EXPECT_NE(lost.text.words.find("12 calls"), std::string::npos) << lost.text.words;
  facts = in_contact();
  facts.station.lost = LostFacts{"main", 3, wall_ago(3600), 7, 0, std::nullopt};
  facts.own_lost = LostFacts{"main", 2, wall_ago(60), 9, 0, std::nullopt};
  const Ladder now = judge(facts);
  EXPECT_EQ(now.situation, Situation::kInContact);
  ASSERT_EQ(now.also.size(), 2U);
  EXPECT_NE(now.also[0].find("Station no. 7 has its place"), std::string::npos) << now.also[0];
  EXPECT_NE(now.also[1].find("this one, no. 9, has its place"), std::string::npos) << now.also[1];
}

TEST(Ladder, WhatDrawsNoReceiptIsNotSaidToBeWell) {
  LadderFacts facts = in_contact();
  facts.unconfirmed = UnconfirmedFacts{3, false, ago(61)};
  EXPECT_EQ(judge(facts).situation, Situation::kInContact) << "a heartbeat or two may be late";
  EXPECT_EQ(judge(facts).media[0].out.known, Known::kGood);
  facts.unconfirmed->since = ago(63);
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kNotConfirmed);
  EXPECT_NE(ladder.text.words.find("3 entries of ours are NOT confirmed as on its disk: no receipt has come since 2027-01-15 07:58:57Z, for 63 s"),
            std::string::npos) << ladder.text.words;
  EXPECT_NE(ladder.text.to_do.find("Use another channel"), std::string::npos);
  EXPECT_EQ(ladder.media[0].out.known, Known::kUnknown);
  EXPECT_EQ(ladder.media[0].in.known, Known::kGood);
  facts.unconfirmed->on_the_way = std::chrono::seconds(30);
  EXPECT_EQ(judge(facts).situation, Situation::kInContact) << "a slow bearer has not carried it yet";
  facts.unconfirmed = UnconfirmedFacts{1, true, ago(26)};
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kNotConfirmed) << "a FLASH does not wait for so long";
  EXPECT_NE(ladder.text.words.find("a FLASH of ours is NOT confirmed"), std::string::npos) << ladder.text.words;
  facts.people.unanswered = wall_ago(900);
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kNotConfirmed);
  EXPECT_EQ(ladder.also.size(), 1U) << "that nobody answers is true besides";
  // Where nothing arrives, that is what is said.
  facts = silent();
  facts.unconfirmed = UnconfirmedFacts{1, true, ago(90)};
  EXPECT_EQ(judge(facts).situation, Situation::kSilent);
}

TEST(Ladder, AStationThatIsHeardByAPathOfOtherLinesIsUp) {
  LadderFacts facts = silent();
  facts.station.elsewhere = FarFacts::Elsewhere{"satellite", ago(3)};
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.rungs[static_cast<std::size_t>(RungKind::kStation)].known, Known::kGood);
  EXPECT_NE(ladder.text.words.find("heard by satellite"), std::string::npos);
  EXPECT_NE(ladder.text.words.find("By fibre, radio, all that the accord gives this line"), std::string::npos);
  facts.station.elsewhere->heard = ago(600);
  EXPECT_EQ(judge(facts).situation, Situation::kSilent) << "that was long ago";
  facts.station.elsewhere->heard = ago(3);
  facts.station.session = false;
  EXPECT_EQ(judge(facts).situation, Situation::kSilent) << "calls alone";
}

// All the paths of the line: what comes by another tells of the station, and of the direction that works.
TEST(Ladder, AnOwnPathThatIsDeadInOneDirectionIsThatAndNotDead) {
  LadderFacts facts = on_one_path();
  facts.station.elsewhere = FarFacts::Elsewhere{"satellite", ago(3)};
  they_answer_elsewhere(facts.paths[0]);
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kOneDirection);
  EXPECT_EQ(ladder.text.title, "ONE DIRECTION DEAD: we do not hear them");
  EXPECT_NE(ladder.text.words.find("On fibre north hears us"), std::string::npos) << ladder.text.words;
  facts.paths[0].answered_elsewhere.reset();
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kLinesPathsDead);
  EXPECT_NE(ladder.text.words.find("what we send by fibre is known to arrive"), std::string::npos) << ladder.text.words;
}

TEST(Ladder, NeverHeardSaysSinceWhen) {
  LadderFacts facts = silent();
  facts.station = {};
  for (PathFacts& path : facts.paths)
    path = {path.name, path.kind, {}, {}, {}, {}, {}, {}, {}, 0, {}, {}};
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kSilent);
  EXPECT_NE(ladder.text.words.find("since this station's start at 2027-01-15 07:00:00Z"),
            std::string::npos)
      << ladder.text.words;
  EXPECT_EQ(ladder.highest_good, RungKind::kEquipment);
  EXPECT_EQ(ladder.first_not, RungKind::kPath);
  // What a run before this one heard is known, too, and is said with its source.
  facts.station.heard_before = WallTime{facts.now.wall.seconds - 86400};
  std::string words = judge(facts).text.words;
  EXPECT_NE(words.find("; before it last at 2027-01-14 "), std::string::npos) << words;
  EXPECT_NE(words.find("as this station noted then."), std::string::npos) << words;
  facts.station.heard_before = WallTime{facts.now.wall.seconds + 86400};
  words = judge(facts).text.words;
  EXPECT_NE(words.find("(an hour that this clock has not reached), as this station noted then."), std::string::npos) << words;
}

TEST(Ladder, ALostPacketIsNoSituation) {
  LadderFacts facts = on_one_path();
  silence(facts.paths[0], 2);
  facts.paths[0].heard = facts.paths[0].lacking = ago(1);
  EXPECT_EQ(judge(facts).situation, Situation::kInContact);
  facts.paths[0].lacking.reset();
  facts.paths[0].heard = ago(4);
  EXPECT_EQ(judge(facts).situation, Situation::kInContact);
}

TEST(Ladder, ADirectionThatIsMerelySlowIsShownAsSlowAndNotAsDead) {
  LadderFacts facts = on_one_path();
  they_lack(facts.paths[0]);
  facts.station.heard = ago(1);
  ASSERT_EQ(judge(facts).situation, Situation::kOneDirection);
  facts.paths[0].late = ago(1);  // the newest they lack still, but what was sent half a minute ago is there
  facts.paths[0].late_by = std::chrono::seconds(31);
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_EQ(ladder.paths[0].out.known, Known::kGood);
  EXPECT_EQ(ladder.paths[0].out.words, "SLOW: what was sent up to 31 s before was told to be there");
  facts.paths[0].late_by = std::chrono::seconds(1);
  EXPECT_EQ(judge(facts).situation, Situation::kOneDirection) << "a second is not slow";
  facts.paths[0].late_by = std::chrono::seconds(31);
  facts.paths[0].late = ago(600);
  EXPECT_EQ(judge(facts).situation, Situation::kOneDirection) << "and not for ever";
}

TEST(Ladder, AnAnswerThatComesLateIsNoDeadDirectionEither) {
  LadderFacts facts = in_contact();
  they_answer_elsewhere(facts.paths[0]);
  ASSERT_EQ(judge(facts).situation, Situation::kOneDirection);
  facts.paths[0].late_back = ago(5);
  facts.paths[0].late_back_by = std::chrono::seconds(30);
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_TRUE(ladder.also.empty());
  EXPECT_EQ(ladder.paths[0].in.words, "SLOW: the answer to what was sent 30 s before came");
}

TEST(Ladder, NoAnswerAlthoughTheyAreHeardIsNotYetADeadDirection) {
  LadderFacts facts = on_one_path();
  silence(facts.paths[0], 30);
  facts.paths[0].heard = ago(1);
  facts.station.heard = ago(1);
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_NE(ladder.text.words.find("nothing that we sent was answered since"), std::string::npos)
      << ladder.text.words;
  EXPECT_NE(ladder.first_not, RungKind::kAnswer);
}

TEST(Ladder, CallsThatLeadToNothingShowADeadDirection) {
  LadderFacts facts = on_one_path();
  facts.station = {};
  PathFacts& path = facts.paths[0];
  path.heard.reset();
  path.arrived.reset();
  path.called = ago(1);
  path.called_since = ago(5);
  path.calls = 2;
  EXPECT_NE(judge(facts).situation, Situation::kOneDirection);
  path.calls = 3;
  path.called_since = ago(2);  // a call or two that crossed with ours
  EXPECT_NE(judge(facts).situation, Situation::kOneDirection);
  path.called_since = ago(5);
  EXPECT_EQ(judge(facts).situation, Situation::kOneDirection);
  EXPECT_EQ(judge(facts).text.title, "ONE DIRECTION DEAD: they do not hear us");
}

TEST(Ladder, AHintIsCalledAHint) {
  LadderFacts facts = silent();
  facts.paths[1].refused = nobody_listens();
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kFarMachineOff);
  EXPECT_NE(ladder.text.words.find("a machine at 10.0.0.2:7001 says"), std::string::npos);
  EXPECT_NE(ladder.text.words.find("a hint, not signed"), std::string::npos);
  // What verified afterwards counts more, and an old one says nothing of now.
  facts.paths[1].heard = kNow;
  EXPECT_NE(judge(facts).situation, Situation::kFarMachineOff);
  facts = silent();
  facts.paths[1].refused = nobody_listens();
  facts.paths[1].refused->last = ago(400);
  EXPECT_EQ(judge(facts).situation, Situation::kSilent);
}

TEST(Ladder, WhatAnotherPathMakesUpForIsSaidWithIt) {
  LadderFacts facts = in_contact();
  silence(facts.paths[0], 60);
  facts.paths[0].own = unplugged();
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kOwnPathUnplugged);
  EXPECT_NE(ladder.text.words.find("The line goes on by radio."), std::string::npos);
  EXPECT_EQ(ladder.rung(RungKind::kPath).known, Known::kGood);
  // A trouble of the whole line comes first, and hides none of a path.
  facts.cut_by_them = cut("the leaflets");
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kCutByThem);
  ASSERT_EQ(ladder.also.size(), 1u);
  EXPECT_NE(ladder.also[0].find("cannot send on fibre"), std::string::npos);
}

TEST(Ladder, EachDirectionStandsForItself) {
  LadderFacts facts = in_contact();
  they_lack(facts.paths[0]);
  they_answer_elsewhere(facts.paths[1]);
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.paths[0].out.known, Known::kNot);
  EXPECT_EQ(ladder.paths[0].in.known, Known::kGood);
  EXPECT_EQ(ladder.paths[1].out.known, Known::kGood);
  EXPECT_EQ(ladder.paths[1].in.known, Known::kNot);
  EXPECT_EQ(ladder.rung(RungKind::kPath).words, "out by radio, in by fibre");
  ASSERT_EQ(ladder.media.size(), 2u);
  EXPECT_EQ(ladder.media[0].out.words, "as packets of radio");
  EXPECT_EQ(ladder.media[0].in.words, "as packets of fibre");
  EXPECT_EQ(ladder.media[1].out.words, "not tested");
  EXPECT_EQ(ladder.media[1].out.known, Known::kUnknown);
}

TEST(Ladder, AClockThatNobodySetIsSaid) {
  LadderFacts facts = in_contact();
  facts.equipment.clock_synchronised = false;
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  const auto says = [](const Ladder& of) {
    return of.rung(RungKind::kEquipment).words.find("this machine's clock is not synchronised") !=
           std::string::npos;
  };
  EXPECT_TRUE(says(ladder));
  EXPECT_EQ(ladder.rung(RungKind::kEquipment).known, Known::kGood);
  facts.equipment.clock_synchronised.reset();
  EXPECT_FALSE(says(judge(facts)));
}

TEST(Ladder, OneQuietPathThatMadeTheSessionIsGood) {
  LadderFacts facts = on_one_path();
  facts.paths[0].arrived.reset();
  facts.station.session_since = ago(5);
  EXPECT_EQ(judge(facts).paths[0].out.known, Known::kGood);
  facts.station.session_since = ago(3000);
  EXPECT_EQ(judge(facts).paths[0].out.known, Known::kUnknown);
}

TEST(Ladder, ALineWithoutAPathHereIsNotCalledSilent) {
  LadderFacts facts = in_contact();
  facts.paths.clear();
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kOwnPathUnplugged);
  EXPECT_NE(ladder.text.words.find("has none of the paths"), std::string::npos);
  EXPECT_EQ(ladder.media[0].out.known, Known::kUnknown);
}

TEST(Ladder, SpansAreShort) {
  EXPECT_EQ(span_text(std::chrono::milliseconds(1900)), "1 s");
  EXPECT_EQ(span_text(std::chrono::minutes(2)), "2 min");
  EXPECT_EQ(span_text(std::chrono::hours(3)), "3 h");
  EXPECT_EQ(span_text(std::chrono::hours(826 * 24)), "826 days");
}

}  // namespace
}  // namespace detente::watch
