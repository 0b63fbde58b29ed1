#include "watch/ladder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "watch/ladder_paths.h"

namespace detente::watch {
namespace {

constexpr std::uint32_t kWall = 1'800'000'000;
const Instant kNow{10'000'000'000};

Instant ago(std::int64_t seconds) { return kNow - std::chrono::seconds(seconds); }
WallTime wall_ago(std::uint32_t seconds) { return {kWall - seconds}; }

// Two paths that work, and nobody asked yet.
LadderFacts in_contact() {
  LadderFacts facts;
  facts.now = {kNow, {kWall}};
  facts.far = "north";
  facts.equipment.started = ago(3600);
  facts.equipment.clock_synchronised = true;
  facts.station.session = true;
  facts.station.session_since = ago(3000);
  facts.station.heard = ago(2);
  facts.media = {accord::Medium::kText, accord::Medium::kVoice};
  for (const char* name : {"fibre", "radio"}) {
    PathFacts path;
    path.name = name;
    path.kind = "udp";
    path.heard = ago(2);
    path.arrived = ago(4);
    facts.paths.push_back(path);
  }
  return facts;
}

LadderFacts on_one_path() {
  LadderFacts facts = in_contact();
  facts.paths.pop_back();
  return facts;
}

void silence(PathFacts& path, std::int64_t seconds) {
  path.heard = ago(seconds + 2);
  path.arrived = ago(seconds + 4);
  path.suspect_since = ago(seconds);
}

LadderFacts silent() {
  LadderFacts facts = in_contact();
  for (PathFacts& path : facts.paths) silence(path, 30);
  facts.station.heard = ago(32);
  return facts;
}

void they_lack(PathFacts& path) {
  silence(path, 30);
  path.heard = path.lacking = ago(1);
}

void they_answer_elsewhere(PathFacts& path) {
  path.heard = ago(90);
  path.answered_elsewhere = Span{ago(60), ago(15)};
}

Trouble unplugged() { return {ago(60), ago(1), "the network cannot be reached from here"}; }
Trouble nobody_listens() {
  return {ago(20), ago(1), "a machine at 10.0.0.2:7001 says that nobody listens there"};
}
CutFacts cut(const char* reason) { return {wall_ago(600), reason}; }

std::string all_of(const Ladder& ladder) {
  std::string out = ladder.text.title + "\n" + ladder.text.words + "\n" + ladder.text.to_do;
  for (const std::string& also : ladder.also) out += "\n" + also;
  return out;
}

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
  facts = silent();
  facts.station.lost = LostFacts{"main", 3, wall_ago(3600), std::nullopt, 2, ago(5)};
  add(Situation::kStationLost, "THEIR STATION IS DECLARED LOST", facts);
  facts = silent();
  facts.log_only = true;
  add(Situation::kLogOnly, "LOG ONLY", facts);
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

TEST(Ladder, SilenceIsNeverCalledARefusalOrAFault) {
  const std::string text = all_of(judge(silent()));
  for (const char* word : {"refus", "off", "down", "suspended", "unplugged", "dead"})
    EXPECT_EQ(text.find(word), std::string::npos) << word << " in: " << text;
  EXPECT_NE(text.find("nobody has said why"), std::string::npos);
  EXPECT_NE(text.find("(32 s ago)"), std::string::npos) << text;
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

TEST(Ladder, OfSeveralCutsTheNewestWordsAreShownAndSinceWhenTheFirst) {
  LadderFacts facts = in_contact();
  facts.cut_by_them = CutFacts{wall_ago(900), "the second reason"};
  facts.cut_by_them->anew = wall_ago(60);
  const std::string words = judge(facts).text.words;
  EXPECT_NE(words.find(", and anew at "), std::string::npos) << words;
  EXPECT_NE(words.find("the second reason"), std::string::npos) << words;
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

TEST(Ladder, ACutOfOneMediumNamesItAndWhatGoesOn) {
  LadderFacts facts = in_contact();
  facts.cut_by_them = cut("the leaflets");
  facts.cut_by_them->what = "text";
  facts.cut_by_them->left = "documents";
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kCutByThem);
  EXPECT_EQ(ladder.text.title, "TEXT SUSPENDED BY north");
  EXPECT_NE(ladder.text.words.find("suspended text on this line"), std::string::npos) << ladder.text.words;
  EXPECT_NE(ladder.text.words.find("Not suspended: documents."), std::string::npos) << ladder.text.words;
  EXPECT_EQ(ladder.text.to_do.find("Send no text on this line; documents may be sent"), 0u) << ladder.text.to_do;
  EXPECT_EQ(ladder.rung(RungKind::kLineOpen).words, "text suspended by north; documents not");

  facts = in_contact();
  facts.cut_beside_by_them = cut("the leaflets");
  facts.cut_beside_by_them->what = "documents";
  facts.cut_beside_by_them->left = "text";
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_EQ(ladder.text.title, "IN CONTACT; documents suspended by north");
  EXPECT_EQ(ladder.text.to_do, "Send no documents on this line; text may be sent.");
  EXPECT_EQ(ladder.rung(RungKind::kLineOpen).words, "open for text; documents suspended by north");
  ASSERT_EQ(ladder.also.size(), 1u);
  EXPECT_NE(ladder.also[0].find("suspended documents on this line"), std::string::npos) << ladder.also[0];
}

TEST(Ladder, ACutIsOfAnOfficerAndOfItsAuthorsClock) {
  LadderFacts facts = in_contact();
  facts.cut_by_them = cut("the leaflets");
  facts.cut_by_them->by = "duty-officer";
  facts.cut_by_them->since_by_ours = wall_ago(1200);
  const std::string words = judge(facts).text.words;
  EXPECT_EQ(words.find("North (duty-officer) suspended the line at"), 0u) << words;
  EXPECT_NE(words.find(" by north's clock ("), std::string::npos) << words;
  EXPECT_NE(words.find(" by ours)"), std::string::npos) << words;
}

TEST(Ladder, WhoMayReopenALineIsAsTheAccordHasIt) {
  LadderFacts facts = in_contact();
  facts.cut_by_us = cut("the house");
  EXPECT_NE(judge(facts).text.to_do.find("both sides must agree"), std::string::npos);
  facts.lift_alone = true;
  EXPECT_NE(judge(facts).text.to_do.find("a decision of this side: detente lift"), std::string::npos);
  facts.cut_by_them = cut("the leaflets");
  EXPECT_NE(judge(facts).text.to_do.find("each side must lift its own cut"), std::string::npos);
  facts.lift_alone = false;
  EXPECT_NE(judge(facts).text.to_do.find("both sides must agree"), std::string::npos);
}

TEST(Ladder, WhoIsSilentByOrderIsNotSilentWithNoWord) {
  LadderFacts facts = silent();
  facts.dark_by_us = cut("the house");
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kSilent);
  EXPECT_EQ(ladder.text.title, "SILENT BY OUR ORDER");
  EXPECT_NE(ladder.text.words.find("by its own order this station sends and answers nothing"), std::string::npos) << ladder.text.words;
  EXPECT_NE(ladder.text.to_do.find("detente courier export"), std::string::npos);
  EXPECT_EQ(all_of(ladder).find("goes on trying"), std::string::npos);
  facts.dark_by_us.reset();
  facts.dark_by_them = cut("the leaflets");
  ladder = judge(facts);
  EXPECT_EQ(ladder.text.title, "SILENT BY ORDER OF north");
  EXPECT_NE(ladder.text.words.find("by their own order"), std::string::npos) << ladder.text.words;
  EXPECT_EQ(judge(silent()).text.title, "SILENT, WITH NO WORD");
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

TEST(Ladder, AClaimIsShownAsAClaimAndAnAnswerAsEvidence) {
  LadderFacts facts = in_contact();
  EXPECT_EQ(judge(facts).first_not, RungKind::kOfficer);
  facts.people.claim_on = PersonFacts{wall_ago(3600), "duty"};
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).known, Known::kGood);
  EXPECT_NE(ladder.rung(RungKind::kOfficer).words.find("a claim"), std::string::npos);
  EXPECT_EQ(ladder.first_not, RungKind::kAnswer);
  facts.people.answered = PersonFacts{wall_ago(60), "Ri"};
  ladder = judge(facts);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).words, "answered the check call by Ri");
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).age, std::chrono::seconds(60));
  EXPECT_FALSE(ladder.first_not.has_value());
  // Behind a machine that is not heard nobody can be known to be there.
  facts.station.heard = ago(500);
  for (PathFacts& path : facts.paths) silence(path, 480);
  EXPECT_EQ(judge(facts).rung(RungKind::kOfficer).known, Known::kUnknown);
}

TEST(Ladder, PeopleTheNewestWordCounts) {
  LadderFacts facts = in_contact();
  facts.people.unanswered = wall_ago(900);
  facts.people.unanswered_row = 3;
  EXPECT_EQ(judge(facts).rung(RungKind::kAnswer).words, "3 check calls in a row without an answer");
  facts.people.unanswered_row = 1;
  EXPECT_EQ(judge(facts).rung(RungKind::kAnswer).words, "unanswered");
  facts.people.their_turn = true;
  EXPECT_EQ(judge(facts).rung(RungKind::kAnswer).words, "not called");
  EXPECT_NE(judge(facts).text.words.find("Nobody called us for the check call at"),
            std::string::npos);
  facts.people.called = wall_ago(60);
  EXPECT_EQ(judge(facts).rung(RungKind::kOfficer).words, "called us for the check call");
  facts.people.presence = PresenceFacts{Presence::kNotNow, wall_ago(30), "Ri"};
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_EQ(ladder.rung(RungKind::kAnswer).words, "not now");
  facts.people.presence = PresenceFacts{Presence::kUnanswered, wall_ago(10), ""};
  EXPECT_EQ(judge(facts).situation, Situation::kNobodyOnWatch);
  facts.people.declined = PersonFacts{wall_ago(5), "Ri"};
  EXPECT_EQ(judge(facts).situation, Situation::kInContact);
  facts.people.claim_off = wall_ago(1);
  EXPECT_EQ(judge(facts).situation, Situation::kNobodyOnWatch);
}

TEST(Ladder, WhatAPersonThereDidAfterAMissedCallIsEvidence) {
  LadderFacts facts = in_contact();
  facts.people.unanswered = wall_ago(900);
  facts.people.unanswered_row = 1;
  EXPECT_NE(judge(facts).text.words.find("No person there is known to have done anything before"), std::string::npos);
  facts.people.seen = PersonFacts{wall_ago(1000), "duty-officer 4"};
  facts.people.seen_doing = "signed a message";
  EXPECT_NE(judge(facts).text.words.find("A person there signed a message at"), std::string::npos);
  facts.people.seen->at = wall_ago(60);
  facts.people.claim_on = PersonFacts{wall_ago(30), "duty-officer"};
  const Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  const Finding& officer = ladder.rung(RungKind::kOfficer);
  EXPECT_EQ(officer.known, Known::kGood);
  EXPECT_EQ(officer.words.find("signed a message by duty-officer 4; on watch by duty-officer"), 0u) << officer.words;
  EXPECT_NE(officer.words.find("(a claim)"), std::string::npos) << "and their newer claim as one";
  EXPECT_EQ(officer.age, std::chrono::seconds(60));
  EXPECT_STREQ(officer.evidence, "act");
  EXPECT_EQ(ladder.rung(RungKind::kAnswer).words, "unanswered");
}

TEST(Ladder, WhatAPersonDidBeforeTheLastPlannedCallIsNotKnownNow) {
  LadderFacts facts = in_contact();
  facts.people.presence = PresenceFacts{Presence::kReady, wall_ago(92 * 86400), "Ri"};
  facts.people.known_from = wall_ago(86400);
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).known, Known::kUnknown);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).age, std::chrono::hours(92 * 24));
  EXPECT_EQ(ladder.rung(RungKind::kAnswer).known, Known::kUnknown);
  facts.people.presence->at = wall_ago(86400);
  EXPECT_EQ(judge(facts).rung(RungKind::kOfficer).known, Known::kGood);
  facts.people.presence = PresenceFacts{Presence::kUnanswered, wall_ago(92 * 86400), ""};
  EXPECT_EQ(judge(facts).situation, Situation::kInContact) << "nor that nobody was there then";
  facts.people.claim_on = PersonFacts{wall_ago(30), "duty-officer"};
  EXPECT_STREQ(judge(facts).rung(RungKind::kOfficer).evidence, "claim");
}

TEST(Ladder, ASilenceThatOutlastsTheirOutageSaysSo) {
  LadderFacts facts = silent();
  facts.outage_over = OutageFacts{false, wall_ago(9000), wall_ago(10), std::nullopt, "", ""};
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kSilent);
  EXPECT_NE(ladder.text.words.find("had announced ended at"), std::string::npos) << ladder.text.words;
  EXPECT_TRUE(ladder.outage_over);
  facts.outage_over->until = wall_ago(8999);  // they were heard after it
  ladder = judge(facts);
  EXPECT_NE(ladder.text.words.find("and nobody has said why"), std::string::npos);
  EXPECT_FALSE(ladder.outage_over);
}

TEST(Ladder, AnHourIsTheOneThatTheClockShowedThen) {
  LadderFacts facts = silent();
  WallHistory walls;
  walls.look({*facts.station.heard, {kWall - 7200}});
  walls.look(facts.now);  // the host slept two hours, less what it was awake
  facts.walls = &walls;
  facts.equipment.started_at = WallTime{kWall - 90000};
  const Ladder ladder = judge(facts);
  EXPECT_NE(ladder.text.words.find("heard last at " + time_text({kWall - 7200}) + " (2 h ago)"), std::string::npos)
      << ladder.text.words;
  EXPECT_EQ(ladder.rung(RungKind::kEquipment).words.find("runs since " + time_text({kWall - 90000})), 0u);
}

TEST(Ladder, AnOutageCountsFromItsHourToItsEnd) {
  LadderFacts facts = silent();
  facts.outage = OutageFacts{false, {kWall + 10}, {kWall + 100}, wall_ago(90000), "", "duty"};
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kSilent);
  ASSERT_EQ(ladder.also.size(), 1u);
  facts.outage->from = {kWall};
  EXPECT_EQ(judge(facts).situation, Situation::kOutageAnnounced);
  facts.outage->until = {kWall};
  EXPECT_EQ(judge(facts).situation, Situation::kSilent);
  EXPECT_TRUE(judge(facts).also.empty());
  facts = in_contact();
  facts.outage = OutageFacts{true, wall_ago(1), {kWall + 100}, wall_ago(90000), "", "duty"};
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  ASSERT_EQ(ladder.also.size(), 1u);
  EXPECT_NE(ladder.also[0].find("We announced"), std::string::npos);
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

TEST(Ladder, SaysWhatIsUnderWayAndWhoseTurnItIs) {
  using What = UnderWay::What;
  const auto with = [](What what) {
    LadderFacts facts = in_contact();
    facts.people.under_way = {{what, wall_ago(60), {kWall + 540}}};
    return judge(facts);
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  for (const What what : {What::kWeCalled, What::kWeAsked}) {
    const Ladder ladder = with(what);
    const Finding& answer = ladder.rung(RungKind::kAnswer);
    EXPECT_EQ(answer.known, Known::kUnknown);
    EXPECT_TRUE(has(answer.words, "waiting for an answer until ")) << answer.words;
    EXPECT_TRUE(has(ladder.text.to_do, "Wait for the answer")) << ladder.text.to_do;
  }
  EXPECT_TRUE(has(with(What::kOurCall).text.to_do, "detente call LINE --as YOU"));
  EXPECT_TRUE(has(with(What::kTheirCall).text.to_do, "detente call LINE --as YOU"));
  EXPECT_TRUE(has(with(What::kTheyCalled).text.to_do, "detente answer LINE --as YOU"));
  EXPECT_TRUE(has(with(What::kTheyAsked).text.to_do, "detente presence ready LINE --as YOU"));
  EXPECT_EQ(judge(in_contact()).text.to_do, "Nothing.");

  LadderFacts facts = in_contact();
  facts.people.under_way = {{What::kOurCall, wall_ago(60), {kWall + 540}}};
  facts.cut_by_them = cut("the leaflets");
  EXPECT_FALSE(has(judge(facts).text.to_do, "detente call")) << "a line that is cut takes no call";

  facts = in_contact();
  facts.people.unanswered = wall_ago(900);
  EXPECT_TRUE(has(judge(facts).text.to_do, "detente presence ask LINE")) << "no call is due: what can be done";
  facts.people.under_way = {{What::kWeAsked, wall_ago(60), {kWall + 540}}};
  EXPECT_FALSE(has(judge(facts).text.to_do, "detente presence ask LINE")) << "it is done already";
}

TEST(Ladder, WhoMayReopenAnOwnCutHangsOnTheAccord) {
  LadderFacts facts = in_contact();
  facts.cut_by_us = cut("the leaflets");
  EXPECT_NE(judge(facts).text.to_do.find("both sides must agree"), std::string::npos);
  facts.lift_alone = true;
  EXPECT_NE(judge(facts).text.to_do.find("a decision of this side"), std::string::npos);
}

}  // namespace
}  // namespace detente::watch
