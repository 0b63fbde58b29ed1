// Cuts, outages and silence on the ladder.
#include <gtest/gtest.h>

#include <algorithm>

#include "watch/ladder_for_test.h"
#include "watch/ladder_paths.h"

namespace detente::watch {
namespace {

using namespace test;

TEST(Ladder, SilenceIsNeverCalledARefusalOrAFault) {
  const std::string text = all_of(judge(silent()));
  for (const char* word : {"refus", "off", "down", "suspended", "unplugged", "dead"})
    EXPECT_EQ(text.find(word), std::string::npos) << word << " in: " << text;
  EXPECT_NE(text.find("nobody has said why"), std::string::npos);
  EXPECT_NE(text.find("(32 s ago)"), std::string::npos) << text;
}

TEST(Ladder, OfSeveralCutsTheNewestWordsAreShownAndSinceWhenTheFirst) {
  LadderFacts facts = in_contact();
  facts.cut_by_them = CutFacts{wall_ago(900), "the second reason"};
  facts.cut_by_them->anew = wall_ago(60);
  const std::string words = judge(facts).text.words;
  EXPECT_NE(words.find(", and anew at "), std::string::npos) << words;
  EXPECT_NE(words.find("the second reason"), std::string::npos) << words;
}

TEST(Ladder, ACutThatWasSignedLongBeforeItCameSaysSo) {
  LadderFacts facts = in_contact();
  facts.cut_by_them = CutFacts{wall_ago(7200), "the leaflets"};
  EXPECT_EQ(judge(facts).text.words.find("CAME HERE LATE"), std::string::npos);
  facts.cut_by_them->came = wall_ago(60);
  EXPECT_NE(judge(facts).text.words.find("CAME HERE LATE, at "), std::string::npos) << judge(facts).text.words;
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

TEST(Ladder, AnAnnouncedCutLeavesSomethingToDoBefore) {
  LadderFacts facts = in_contact();
  facts.announced = {"north announced to suspend this line at 2020-06-09T03:00:00Z"};
  EXPECT_NE(judge(facts).text.to_do.find("before the announced suspension"), std::string::npos);
  facts.cut_by_us = cut("the leaflets");
  EXPECT_EQ(judge(facts).text.to_do.find("before the announced suspension"), std::string::npos) << "nothing can be said any more";
}

}  // namespace
}  // namespace detente::watch
