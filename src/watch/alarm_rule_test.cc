#include "watch/alarm_rule.h"

#include <gtest/gtest.h>

#include <string>

#include "watch/schedule_for_test.h"

namespace detente::watch {
namespace {

PlannedCall call_at(std::uint32_t hour) {
  PlannedCall out;
  out.at = out.called_hour = {hour * 3600};
  out.unanswered_from = {hour * 3600 + 1800};
  return out;
}

// The lengths of the row at which alarms came.
std::string alarms_of(AlarmRule& rule, std::uint32_t silences) {
  std::string out;
  for (std::uint32_t i = 0; i < silences; ++i)
    if (const auto alarm = rule.on_silence(call_at(i + 1))) {
      EXPECT_EQ(alarm->kind, AlarmKind::kSilence);
      EXPECT_EQ(alarm->since, call_at(1).at);
      EXPECT_EQ(alarm->at, call_at(i + 1).unanswered_from);
      out += std::to_string(alarm->row) + " ";
    }
  return out;
}

TEST(AlarmRule, EightHundredCallsAreAHandful) {
  AlarmRule rule;
  EXPECT_EQ(alarms_of(rule, 826), "1 7 30 100 365 730 ");
  EXPECT_EQ(rule.row(), 826u);
}

TEST(AlarmRule, FirstSignOfLifeOnce) {
  AlarmRule rule;
  EXPECT_FALSE(rule.on_life({100})) << "nothing was silent";
  (void)alarms_of(rule, 40);
  const auto alarm = rule.on_life({41 * 3600});
  ASSERT_TRUE(alarm);
  EXPECT_EQ(*alarm, (Alarm{AlarmKind::kSignOfLife, 40, {3600}, {41 * 3600}}));
  EXPECT_FALSE(rule.on_life({42 * 3600}));
  EXPECT_EQ(alarms_of(rule, 2), "1 ") << "a new row is a new alarm";
}

TEST(AlarmRule, AWordFromBeforeEndsNothing) {
  AlarmRule rule;
  (void)alarms_of(rule, 3);
  EXPECT_FALSE(rule.on_life({3599}));
  EXPECT_EQ(rule.row(), 3u);
}

TEST(AlarmRule, TheFirstWordAfterACutIsAsLoudAsOneAfterASilence) {
  AlarmRule rule;
  rule.on_cut_over({7200});
  EXPECT_FALSE(rule.on_life({7199})) << "said before the cut ended";
  EXPECT_EQ(rule.on_life({7300}), (Alarm{AlarmKind::kSignOfLife, 0, {7200}, {7300}}));
  EXPECT_FALSE(rule.on_life({7400}));
  (void)alarms_of(rule, 3);
  rule.on_cut_over({5 * 3600});
  EXPECT_EQ(rule.on_life({5 * 3600}), (Alarm{AlarmKind::kSignOfLife, 3, {3600}, {5 * 3600}})) << "one alarm for both";
  EXPECT_FALSE(rule.on_life({6 * 3600}));
}

TEST(AlarmRule, StepsAreData) {
  AlarmRule rule({{2, 3}, 0});
  EXPECT_EQ(alarms_of(rule, 2000), "2 3 ");
  AlarmRule every({{}, 10});
  EXPECT_EQ(alarms_of(every, 35), "10 20 30 ");
}

}  // namespace
}  // namespace detente::watch
