#include "link/path_flow.h"

#include <gtest/gtest.h>

namespace detente::link {
namespace {

Instant ms(std::int64_t value) { return {value * 1000}; }

TEST(PathFlow, SlowStartDoublesAndALossHalvesOnceARoundTrip) {
  PathFlow flow;
  std::uint64_t counter = 0;
  const std::size_t first = flow.window();
  std::vector<std::uint64_t> sent;
  while (flow.in_flight() + 1200 <= flow.window()) {
    flow.sent(ms(0), counter, 1200);
    sent.push_back(counter++);
  }
  EXPECT_EQ(sent.size(), first / 1200);
  for (std::uint64_t c : sent) flow.acknowledged(ms(100), c);
  EXPECT_EQ(flow.window(), first * 2);
  EXPECT_NEAR(static_cast<double>(flow.round_trip().smoothed().count()), 100e3, 1e3);

  sent.clear();
  while (flow.in_flight() + 1200 <= flow.window()) {
    flow.sent(ms(200), counter, 1200);
    sent.push_back(counter++);
  }
  flow.acknowledged(ms(300), sent.back());
  const auto lost = flow.detect_lost(ms(300), sent.back());
  EXPECT_EQ(lost.size(), sent.size() - 3) << "packet threshold 3";
  EXPECT_LE(flow.window(), first + 1200) << "one reduction for all of one round trip";
  EXPECT_GE(flow.window(), first);
  EXPECT_GT(flow.loss_per_mille(), 250u);
}

TEST(PathFlow, NeverBelowTwoPacketsAndWindowHolds) {
  PathFlow flow;
  for (std::uint64_t c = 0; c < 50; ++c) {
    flow.sent(ms(static_cast<std::int64_t>(c) * 1000), c, 1200);
    flow.lost(ms(static_cast<std::int64_t>(c) * 1000 + 500), c);
  }
  EXPECT_EQ(flow.window(), 2400u);
  flow.sent(ms(60000), 100, 1200);
  flow.sent(ms(60000), 101, 1200);
  EXPECT_FALSE(flow.may_send(ms(70000)));
  EXPECT_FALSE(flow.may_send_at());
  flow.release(100);
  EXPECT_TRUE(flow.may_send(ms(70000)));
}

TEST(PathFlow, AConfiguredRateLeavesOnePacketInTheBearer) {
  PathFlow flow({2400, 96});
  EXPECT_TRUE(flow.may_send(ms(0)));
  flow.occupied(ms(0), 96);
  EXPECT_FALSE(flow.may_send(ms(319)));
  EXPECT_EQ(*flow.may_send_at(), ms(320));
  EXPECT_TRUE(flow.may_send(ms(320)));
}

TEST(PathFlow, TheBearersFramingTakesItsPartOfTheRate) {
  PathFlow flow({48000, 0, 28});
  EXPECT_EQ(flow.occupied(ms(0), 572), ms(100));
  EXPECT_EQ(flow.occupied(ms(50), 572), ms(200)) << "behind the one before";
  EXPECT_EQ(flow.bearer_time(1172), Duration(200'000));
  EXPECT_EQ(PathFlow().occupied(ms(7), 572), ms(7));
}

TEST(PathFlow, PacingSpreadsAWindowOverARoundTrip) {
  PathFlow flow;
  flow.probed(Instant{}, std::chrono::milliseconds(100));
  std::int64_t now = 1000;
  std::uint64_t counter = 0;
  for (; counter < 100 && now < 1101; ++now)
    while (flow.may_send(ms(now))) flow.sent(ms(now), counter++, 1200);
  EXPECT_EQ(counter, 10u) << "the window";
  PathFlow burst;
  burst.probed(Instant{}, std::chrono::milliseconds(100));
  int at_once = 0;
  while (burst.may_send(ms(1000))) burst.sent(ms(1000), static_cast<std::uint64_t>(at_once++), 1200);
  EXPECT_LT(at_once, 4) << "not all of it at once";
}

// The other side's process stood still: what it answers then is seconds old, and what comes after is not.
TEST(PathFlow, AfterAStandstillThePaceIsThatOfTheNewestRoundTrip) {
  PathFlow flow;
  flow.sent(ms(0), 0, 500);
  flow.acknowledged(ms(5000), 0);
  for (std::uint64_t c = 1; c < 4; ++c) {
    flow.sent(ms(5000 + 100 * static_cast<std::int64_t>(c)), c, 500);
    flow.lost(ms(5050 + 100 * static_cast<std::int64_t>(c)), c);
  }
  ASSERT_EQ(flow.in_flight(), 0u);
  const auto group = [&](std::int64_t at, std::uint64_t first) {
    for (std::uint64_t c = first; c < first + 10; ++c) flow.sent(ms(at), c, 1000);
    for (std::uint64_t c = first; c < first + 10; ++c) flow.acknowledged(ms(at + 2), c);
  };
  group(10000, 100);
  ASSERT_TRUE(flow.may_send_at());
  EXPECT_LT(*flow.may_send_at() - ms(10000), std::chrono::milliseconds(30)) << "ten packets of a window of two, in a round trip of 2 ms";
  EXPECT_GT(flow.round_trip().smoothed(), std::chrono::seconds(1)) << "the timeout is as careful as before";
}

// The acknowledgement of an earlier packet may have been lost: that it is told once more says nothing of its way.
TEST(PathFlow, OnlyTheNewestPacketThatCameMeasuresTheRoundTrip) {
  PathFlow flow;
  for (std::uint64_t c = 0; c < 6; ++c) flow.sent(ms(0), c, 500);
  flow.acknowledged_range(ms(100), 0, 0, {}, true);
  flow.lost(ms(200), 1);
  flow.sent(ms(9000), 6, 500);
  flow.acknowledged_range(ms(9100), 6, 6, {}, true);
  flow.acknowledged_range(ms(9100), 3, 4, {}, false);
  flow.acknowledged_range(ms(9100), 0, 1, {}, false);
  EXPECT_EQ(flow.round_trip().smoothed(), std::chrono::milliseconds(100));
  EXPECT_EQ(flow.in_flight(), 1000u) << "they arrived all the same";
}

}  // namespace
}  // namespace detente::link
