#include "accord/annex.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

TEST(Annex, GivesBackWhatWasPutIn) {
  for (const Annex& annex : test::annexes()) {
    const std::string text = write_annex(annex).value();
    const auto read = parse_annex(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, annex);
    EXPECT_EQ(write_annex(*read).value(), text);
  }
}

TEST(Annex, EveryMinuteAndDaySurvive) {
  Annex annex = test::annexes()[1];
  for (std::uint16_t minute = 0; minute < 24 * 60; ++minute) {
    annex.check_calls = {{minute, "UTC", static_cast<std::uint8_t>(minute % 127 + 1)}};
    ASSERT_EQ(parse_annex(write_annex(annex).value()).value(), annex);
  }
}

TEST(Annex, RefusesAndSaysWhere) {
  const std::string text = test::annex_texts()[1];
  const std::string deniable = test::annex_texts()[2];
  const std::string zero = test::annex_texts()[0];
  struct Case {
    std::string text;
    Fault fault;
    std::string names;
  };
  const Case cases[] = {
      {test::replaced(text, "staffed", "colour = 1\nstaffed"), Fault::kMalformed, "colour"},
      {test::replaced(text, "zone = ", "hours = 1\nzone = "), Fault::kMalformed, "hours"},
      {test::replaced(text, "annex/1", "annex/9"), Fault::kUnsupported, "format"},
      {test::replaced(text, "salt = \"", "salt = \"00"), Fault::kMalformed, "salt"},
      {test::replaced(text, "\"09:00\"", "\"9:00\""), Fault::kMalformed, "time"},
      {test::replaced(text, "\"09:00\"", "\"24:00\""), Fault::kMalformed, "time"},
      {test::replaced(text, "\"mon\", \"tue\"", "\"tue\", \"mon\""), Fault::kMalformed, "days"},
      {test::replaced(text, "\"mon\", \"tue\"", "\"mon\", \"mon\""), Fault::kMalformed, "days"},
      {test::replaced(text, "\"mon\", \"tue\"", "\"maandag\""), Fault::kMalformed, "days"},
      {test::replaced(text, "Asia/Seoul", "Asia Seoul"), Fault::kMalformed, "zone"},
      {test::replaced(text, "\"provable\"\nmedia", "\"perhaps\"\nmedia"), Fault::kUnsupported,
       "evidence"},
      {test::replaced(text, "media = [\"text\"]", "media = []"), Fault::kConflict, "media"},
      {test::replaced(text, "media = [\"text\"]", "media = [\"text\", \"text\"]"), Fault::kConflict,
       "media"},
      {test::replaced(text, "media = [\"text\"]", "media = [\"smell\"]"), Fault::kUnsupported,
       "smell"},
      {test::replaced(text, "media = [\"text\"]", "media = \"text\""), Fault::kMalformed, "media"},
      {test::replaced(text, "\"flash\"", "\"urgent\""), Fault::kUnsupported, "highest_precedence"},
      {test::replaced(text, "\"radio\", \"fibre\"", ""), Fault::kMalformed, "paths"},
      {test::replaced(text, "\"radio\", \"fibre\"", "\"radio\", \"radio\""), Fault::kConflict,
       "paths"},
      {test::replaced(text, "signed_acts = []", "signed_acts = [\"cut\"]"), Fault::kConflict,
       "signed_acts"},
      {test::replaced(text, "military-west", "accord"), Fault::kConflict, "line 0"},
      {test::replaced(text, "military-west", "Military West"), Fault::kMalformed, "name"},
      {test::replaced(zero, "\"provable\"\nmedia", "\"deniable\"\nmedia"), Fault::kConflict,
       "always provable"},
      {test::replaced(deniable, "line = 7", "line = 0"), Fault::kConflict, "line 0"},
      {std::string(kAnnexTextMax + 1, '#'), Fault::kLimit, "annex"},
  };
  for (const Case& c : cases) {
    const auto read = parse_annex(c.text);
    ASSERT_FALSE(read) << c.names;
    EXPECT_EQ(read.error().fault, c.fault) << read.error().message;
    EXPECT_NE(read.error().message.find(c.names), std::string::npos)
        << read.error().message << " does not name " << c.names;
  }
}

TEST(Annex, ALineMayBeLogOnly) {
  Annex annex = test::annexes()[1];
  annex.check_calls.clear();
  annex.hours = {};
  EXPECT_EQ(write_annex(annex).value().find("class"), std::string::npos);
  annex.log_only = true;
  const std::string text = write_annex(annex).value();
  EXPECT_NE(text.find("class = \"log-only\""), std::string::npos);
  EXPECT_EQ(parse_annex(text).value(), annex);
  EXPECT_FALSE(parse_annex(test::replaced(text, "log-only", "carried")).value().log_only);
  EXPECT_EQ(parse_annex(test::replaced(text, "log-only", "silent")).error().fault, Fault::kUnsupported);
  annex.check_calls = test::annexes()[1].check_calls;
  ASSERT_FALSE(annex.check_calls.empty());
  EXPECT_EQ(check_annex(annex).error().fault, Fault::kConflict);
  annex = test::annexes()[0];
  annex.log_only = true;
  EXPECT_EQ(check_annex(annex).error().fault, Fault::kConflict) << "the accord line";
}

TEST(Annex, ALineMayEndAtTheStationsOfOnePost) {
  Annex annex = test::annexes()[1];
  EXPECT_TRUE(annex.carried_between("main", "reserve")) << "where no post is named, every pair carries it";
  annex.station = "liaison";
  const std::string text = write_annex(annex).value();
  EXPECT_EQ(parse_annex(text).value(), annex);
  EXPECT_TRUE(annex.carried_between("liaison", "liaison"));
  EXPECT_FALSE(annex.carried_between("liaison", "main"));
  EXPECT_FALSE(annex.carried_between("main", "liaison"));
  EXPECT_EQ(parse_annex(test::replaced(text, "station = \"liaison\"", "station = \"a house\"")).error().fault, Fault::kMalformed);
  EXPECT_EQ(parse_annex(test::replaced(text, "station = \"liaison\"", "station = \"\"")).error().fault, Fault::kMalformed);
  annex = test::annexes()[0];
  annex.station = "liaison";
  EXPECT_EQ(check_annex(annex).error().fault, Fault::kConflict) << "the accord line";
}

TEST(Annex, SaltHidesEqualTerms) {
  SeededRandom random(9);
  const Annex a = draft_annex({4}, "ship", {"fibre"}, Evidence::kProvable, random);
  const Annex b = draft_annex({4}, "ship", {"fibre"}, Evidence::kProvable, random);
  EXPECT_NE(annex_digest(*write_annex(a)), annex_digest(*write_annex(b)));
}

TEST(Annex, Answers) {
  const Annex annex = test::annexes()[2];
  EXPECT_TRUE(annex.allows_path("fibre"));
  EXPECT_FALSE(annex.allows_path("radio"));
  EXPECT_TRUE(annex.allows_medium(Medium::kVoice));
  EXPECT_FALSE(annex.allows_medium(Medium::kDocument));
  EXPECT_FALSE(annex.provable());
}

}  // namespace
}  // namespace detente::accord
