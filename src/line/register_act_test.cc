#include "line/register_act.h"

#include <gtest/gtest.h>

#include "line/exact_body_for_test.h"

namespace detente::line {
namespace {

const CutAct kCutAct{{{LineId{1}, 1}, {LineId{4}, 7}}, kText | kDocument, WallTime{1'591'671'600}, "The leaflets."};

record::Entry signed_entry(Bytes body) {
  record::Entry entry;
  entry.header.kind = record::kRegister;
  entry.header.time = WallTime{1'591'650'000};
  entry.header.author = OfficerId{3};
  entry.signatures.push_back({OfficerId{3}, 1, 1, {}});
  entry.body = std::move(body);
  return entry;
}

TEST(RegisterAct, ReadsBackAndNoPartOfItDoes) {
  const ClearAct clear{{{LineId{2}, 9}}, ClearGround::kRestored};
  EXPECT_EQ(parse_register_body(cut_body(kCutAct))->cut, kCutAct);
  EXPECT_EQ(parse_register_body(clear_body(clear))->clear, clear);
  const CutAct plain{{{LineId{1}, 1}}, kAllMedia, {}, ""};
  EXPECT_EQ(parse_register_body(cut_body(plain))->cut, plain);
  const CutAct dark{{{LineId{1}, 1}}, kAllMedia, {}, "", true};
  EXPECT_EQ(parse_register_body(cut_body(dark))->cut, dark);
  expect_exact(cut_body(dark), parse_register_body);
  expect_exact(cut_body(kCutAct), parse_register_body);
  expect_exact(clear_body(clear), parse_register_body);
}

TEST(RegisterAct, CarriesTheProofOfAMandateWithAReasonAndWithout) {
  const record::MandateProof proof{OfficerId{4}, Digest{1, 2}, {3}};
  for (const char* reason : {"", "The leaflets."}) {
    const CutAct cut{{{LineId{1}, 1}}, kAllMedia, {}, reason, false, proof};
    EXPECT_EQ(parse_register_body(cut_body(cut))->cut, cut);
    expect_exact(cut_body(cut), parse_register_body);
  }
  const ClearAct clear{{{LineId{1}, 1}}, ClearGround::kLifted, proof};
  EXPECT_EQ(parse_register_body(clear_body(clear))->clear, clear);
  expect_exact(clear_body(clear), parse_register_body);
  EXPECT_FALSE(parse_register_body(cut_body({{{LineId{1}, 1}}, kAllMedia, {}, "", false, record::MandateProof{}}))) << "of nobody";
}

TEST(RegisterAct, RefusesWhatNobodyMayWrite) {
  const auto refused = [](CutAct act) { return !parse_register_body(cut_body(act)); };
  CutAct act = kCutAct;
  EXPECT_FALSE(refused(act));
  act.lines = {};
  EXPECT_TRUE(refused(act)) << "no line";
  act.lines = {{LineId{4}, 1}, {LineId{1}, 1}};
  EXPECT_TRUE(refused(act)) << "not ascending";
  act.lines = {{LineId{4}, 1}, {LineId{4}, 2}};
  EXPECT_TRUE(refused(act)) << "one line twice";
  act.lines = {{kAccordLine, 1}};
  EXPECT_TRUE(refused(act)) << "the accord line";
  act.lines = {{LineId{4}, 0}};
  EXPECT_TRUE(refused(act)) << "the cut before the first";
  act.lines.assign(kCutLinesMax + 1, {});
  for (std::uint16_t i = 0; i < act.lines.size(); ++i) act.lines[i] = {LineId{static_cast<std::uint16_t>(i + 1)}, 1};
  EXPECT_TRUE(refused(act)) << "seventeen lines";
  act = kCutAct;
  act.media = 0;
  EXPECT_TRUE(refused(act)) << "no medium";
  act.media = 9;
  EXPECT_TRUE(refused(act)) << "an unknown medium";
  act = kCutAct;
  act.reason.assign(kCutReasonMax + 1, 'x');
  EXPECT_TRUE(refused(act)) << "a long reason";
  act.reason = "\x1b[2J";
  EXPECT_TRUE(refused(act)) << "a control character";
}

TEST(RegisterAct, IsAnOfficersOnTheAccordLineAndNearInTime) {
  EXPECT_TRUE(check_register_act(signed_entry(cut_body(kCutAct))));
  record::Entry entry = signed_entry(cut_body(kCutAct));
  entry.signatures.clear();
  EXPECT_EQ(check_register_act(entry).error().fault, Fault::kDenied);
  entry = signed_entry(cut_body(kCutAct));
  entry.header.entry_class = record::EntryClass::kDrill;
  EXPECT_EQ(check_register_act(entry).error().fault, Fault::kDenied);
  entry = signed_entry(cut_body(kCutAct));
  entry.header.line = LineId{1};
  EXPECT_EQ(check_register_act(entry).error().fault, Fault::kMalformed);
  for (const std::uint32_t at : {1'591'650'000u, 1'591'640'000u, 1'591'650'000u + 72 * 3600 + 1}) {
    CutAct act = kCutAct;
    act.effective = WallTime{at};
    EXPECT_EQ(check_register_act(signed_entry(cut_body(act))).error().fault, Fault::kLimit) << at;
  }
}

TEST(RegisterAct, SaysItsMediaInWords) {
  EXPECT_EQ(media_words(kAllMedia), "all of it");
  EXPECT_EQ(media_words(kText | kDocument), "text and documents");
  EXPECT_EQ(media_words(kVoice), "voice");
  EXPECT_EQ(medium_from("document"), kDocument);
  EXPECT_FALSE(medium_from("letter"));
}

}  // namespace
}  // namespace detente::line
