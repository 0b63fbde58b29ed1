// Persons on the ladder: claims, evidence, what is under way.
#include <gtest/gtest.h>

#include <algorithm>

#include "watch/ladder_for_test.h"
#include "watch/ladder_paths.h"

namespace detente::watch {
namespace {

using namespace test;

TEST(Ladder, AClaimIsShownAsAClaimAndAnAnswerAsEvidence) {
  LadderFacts facts = in_contact();
  EXPECT_EQ(judge(facts).first_not, RungKind::kOfficer);
  facts.people.claim_on = PersonFacts{wall_ago(3600), "duty"};
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).known, Known::kUnknown) << "their station's word shows nothing";
  EXPECT_NE(ladder.rung(RungKind::kOfficer).words.find("a claim"), std::string::npos);
  EXPECT_EQ(ladder.first_not, RungKind::kOfficer);
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

TEST(Ladder, ACallThatNobodyAnsweredStandsBesideAClaimAndNeitherIsTheOthersProof) {
  LadderFacts facts = in_contact();
  facts.people.claim_on = PersonFacts{wall_ago(3600), "duty-officer"};
  facts.people.claim_since = wall_ago(7200);
  facts.people.unanswered = wall_ago(900);
  facts.people.unanswered_row = 1;
  Ladder ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kNobodyOnWatch);
  EXPECT_EQ(ladder.text.title, "NOBODY ANSWERS THERE") << "they say that somebody is on watch";
  EXPECT_NE(ladder.text.words.find("It says that somebody is on watch (duty-officer) since " + time_text(wall_ago(7200)) + ", which is a claim."),
            std::string::npos)
      << ladder.text.words;
  const Finding& officer = ladder.rung(RungKind::kOfficer);
  EXPECT_EQ(officer.known, Known::kNot);
  EXPECT_EQ(officer.words.find("nobody answered the check call; on watch by duty-officer"), 0u) << officer.words;
  EXPECT_STREQ(officer.evidence, "act");
  // Somebody came after it, as they say: that is known of nobody.
  facts.people.claim_on->at = wall_ago(60);
  ladder = judge(facts);
  EXPECT_EQ(ladder.situation, Situation::kInContact);
  EXPECT_EQ(ladder.rung(RungKind::kOfficer).known, Known::kUnknown);
  EXPECT_EQ(ladder.rung(RungKind::kAnswer).words, "unanswered");
  facts.people.claim_on.reset();
  EXPECT_EQ(judge(facts).text.title, "NOBODY ON WATCH THERE");
}

TEST(Ladder, AFlashThatNobodyAcknowledgedComesBeforeAllElse) {
  LadderFacts facts = in_contact();
  facts.flashes = {{"12", wall_ago(60)}};
  facts.people.under_way = {{UnderWay::What::kOurCall, wall_ago(30), {kWall + 540}}};
  std::string to_do = judge(facts).text.to_do;
  EXPECT_EQ(to_do.find("A FLASH of theirs waits since " + time_text(wall_ago(60)) + ", and nobody has acknowledged it: detente inbox LINE"), 0u) << to_do;
  EXPECT_NE(to_do.find("then detente ack LINE 12 --as YOU. It is our turn"), std::string::npos) << to_do;
  facts.people.under_way.clear();
  EXPECT_EQ(judge(facts).text.to_do.find("Nothing."), std::string::npos);
  facts.flashes = {{"12", wall_ago(60)}, {"1a2b3c4d/3", wall_ago(50)}, {"14", wall_ago(5)}};
  to_do = judge(facts).text.to_do;
  EXPECT_NE(to_do.find("3 FLASH of theirs wait"), std::string::npos) << to_do;
  EXPECT_NE(to_do.find("detente ack LINE 12 --as YOU, and so with 1a2b3c4d/3, 14."), std::string::npos) << to_do;
  facts.flashes_more = 2000;
  EXPECT_NE(judge(facts).text.to_do.find("2003 FLASH of theirs wait"), std::string::npos);
  EXPECT_NE(judge(facts).text.to_do.find("and so with 1a2b3c4d/3, 14 and the rest."), std::string::npos);
  facts.flashes_more = 0;
  facts.cut_by_us = cut("the leaflets");
  to_do = judge(facts).text.to_do;
  EXPECT_EQ(to_do.find("3 FLASH of theirs wait"), 0u) << to_do;
  EXPECT_EQ(to_do.find("detente ack"), std::string::npos) << "a line that is cut takes none";
}

TEST(Ladder, ALineOutsideItsHoursSaysSoAtAGlance) {
  LadderFacts facts = in_contact();
  facts.hours = "open until 17:00";
  EXPECT_TRUE(judge(facts).also.empty());
  facts.hours = "closed until 09:00 by both";
  facts.outside_hours = true;
  EXPECT_EQ(judge(facts).also, std::vector<std::string>{"Outside its hours: closed until 09:00 by both. FLASH rings all the same."});
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

}  // namespace
}  // namespace detente::watch
