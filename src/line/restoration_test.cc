#include "line/restoration.h"

#include <gtest/gtest.h>

#include "line/exact_body_for_test.h"

namespace detente::line {
namespace {

TEST(RestorationBodies, ReadBackAndNoPartOfThemDoes) {
  const RestorationTest desk{RestorationTestOf::kDesk, {LineId{1}, LineId{4}}, "I read you well."};
  const RestorationTest text{RestorationTestOf::kText, {}, ""}, document{RestorationTestOf::kDocument, {}, ""};
  const RestorationTest lift{RestorationTestOf::kLift, {}, "", {{LineId{1}, 3}, {LineId{4}, 1}}};
  for (const RestorationTest& test : {desk, text, document, lift}) {
    EXPECT_EQ(parse_restoration_test_body(restoration_test_body(test)), test);
    expect_exact(restoration_test_body(test), parse_restoration_test_body);
  }
  const RestorationReport report{RestorationEnd::kTimeOver,
                                 {{LineId{1}, kText | kDocument, true, 12, 0}, {LineId{2}, kText, false, 900, 3}},
                                 {{PathId{1}, PathFinding::kBothWays}, {PathId{2}, PathFinding::kNothingArrives}}};
  EXPECT_EQ(parse_restoration_report_body(restoration_report_body(report)), report);
  expect_exact(restoration_report_body(report), parse_restoration_report_body);
}

TEST(RestorationBodies, RefuseWhatNobodyMayWrite) {
  const auto desk = [](std::vector<LineId> lines, std::string words) {
    return parse_restoration_test_body(restoration_test_body({RestorationTestOf::kDesk, std::move(lines), std::move(words)})).has_value();
  };
  EXPECT_TRUE(desk({LineId{1}}, "well"));
  EXPECT_FALSE(desk({}, "well")) << "no line";
  EXPECT_FALSE(desk({kAccordLine}, "well"));
  EXPECT_FALSE(desk({LineId{2}, LineId{1}}, "well")) << "not ascending";
  EXPECT_FALSE(desk({LineId{1}}, "")) << "no words";
  EXPECT_FALSE(desk({LineId{1}}, std::string(kTestWordsMax + 1, 'x')));
  EXPECT_FALSE(desk({LineId{1}}, "two\x1b[2Jscreens")) << "what a terminal obeys";

  const auto lift = [](std::vector<RegisterOf> registers) {
    return parse_restoration_test_body(restoration_test_body({RestorationTestOf::kLift, {}, "", std::move(registers)})).has_value();
  };
  EXPECT_TRUE(lift({{LineId{1}, 1}}));
  EXPECT_FALSE(lift({})) << "of no register";
  EXPECT_FALSE(lift({{kAccordLine, 1}}));
  EXPECT_FALSE(lift({{LineId{1}, 0}})) << "no cut has that number";
  EXPECT_FALSE(lift({{LineId{2}, 1}, {LineId{1}, 1}})) << "not ascending";

  const auto report = [](RestorationReport one) { return parse_restoration_report_body(restoration_report_body(one)).has_value(); };
  const ReportedLine line{LineId{1}, kText, true, 1, 0};
  EXPECT_TRUE(report({RestorationEnd::kOpen, {line}, {}}));
  EXPECT_FALSE(report({RestorationEnd::kOpen, {}, {}})) << "of no line";
  EXPECT_FALSE(report({RestorationEnd::kOpen, {line, line}, {}})) << "twice";
  EXPECT_FALSE(report({static_cast<RestorationEnd>(6), {line}, {}}));
  EXPECT_FALSE(report({RestorationEnd::kOpen, {{LineId{1}, 8, true, 1, 0}}, {}})) << "an unknown medium";
  std::vector<ReportedPath> paths;
  for (std::uint8_t number = 1; number <= 32; ++number) paths.push_back({PathId{number}, PathFinding::kBothWays});
  EXPECT_TRUE(report({RestorationEnd::kOpen, {line}, paths})) << "every path that an accord can have";
  paths.push_back({PathId{33}, PathFinding::kBothWays});
  EXPECT_FALSE(report({RestorationEnd::kOpen, {line}, paths}));
}

}  // namespace
}  // namespace detente::line
