// A counterpart that keeps to the protocol and writes without end: it is held to its
// quota, nothing is lost by it, and the other lines go on in their usual time.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

constexpr LineId kFlooded{1}, kOther{2};
constexpr std::size_t kBytesAtOnce = 64 << 10;
constexpr std::size_t kOverLimit = 400;  // about six times as much

PairOptions small_quota() {
  PairOptions out;
  out.limits.entry_bytes_at_once = kBytesAtOnce;
  out.limits.entry_bytes_a_day = kBytesAtOnce * 4;
  return out;
}

std::string long_text(std::size_t number) {
  SeededRandom random(number);
  std::string out = std::to_string(number) + ' ';
  while (out.size() < 500) out += static_cast<char>('a' + random.below(26));
  return out;
}

template <typename Event, typename Pick>
std::size_t count(const std::vector<core::DeskEvent>& events, Pick pick) {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [&](const core::DeskEvent& event) {
        const auto* found = std::get_if<Event>(&event);
        return found != nullptr && pick(*found);
      }));
}

class Quota : public testing::Test {
 protected:
  Quota() : pair_(11, small_quota()) {
    pair_.start();
    for (std::size_t i = 0; i < kOverLimit; ++i) EXPECT_TRUE(pair_.say(1, kFlooded, long_text(i)));
    pair_.run(std::chrono::minutes(5));
    events_ = pair_.take_events(0);
  }
  std::uint64_t held(LineId line) {
    return pair_.station(0).peer(PeerId{0}).line(line)->far().durable_size();
  }

  QuietPair pair_;
  std::vector<core::DeskEvent> events_;
};

TEST_F(Quota, HoldsALineThatRunsOver) {
  EXPECT_GT(held(kFlooded), 40u);
  EXPECT_LT(held(kFlooded) * 500, kBytesAtOnce);
  EXPECT_EQ(count<core::Alarm>(
                events_, [](const core::Alarm& a) { return a.kind == core::AlarmKind::kQuota; }),
            1u);
  EXPECT_EQ(count<core::Alarm>(
                events_, [](const core::Alarm& a) { return a.kind != core::AlarmKind::kQuota; }),
            0u);
}

// Virtual time without delays: whatever a message needed more than one exchange for would show as a
// timer's wait.
TEST_F(Quota, AnotherLineAndTheOwnWordsGoOnAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t before = held(kOther);
    ASSERT_TRUE(pair_.say(1, kOther, "The other line is not full."));
    pair_.settle();
    ASSERT_EQ(held(kOther), before + 1) << i;
  }
  ASSERT_TRUE(pair_.say(0, kFlooded, "Please stop writing on this line."));
  pair_.settle();
  EXPECT_EQ(pair_.station(0).peer(PeerId{0}).line(kFlooded)->own().receipted_size(), 1u);
}

// Its acts are verified again at every start: less of them is taken.
TEST(AccordQuota, IsSmallerThanThatOfALine) {
  PairOptions options;
  options.limits.accord_bytes_at_once = kBytesAtOnce;
  options.limits.accord_bytes_a_day = kBytesAtOnce * 4;
  QuietPair pair(12, options);
  pair.start();
  for (std::size_t i = 0; i < kOverLimit; ++i) {
    EXPECT_TRUE(pair.say(1, kAccordLine, long_text(i)));
    EXPECT_TRUE(pair.say(1, kFlooded, long_text(i)));
  }
  pair.run(std::chrono::minutes(5));
  const auto held = [&](LineId line) { return pair.station(0).peer(PeerId{0}).line(line)->far().durable_size(); };
  EXPECT_GT(held(kAccordLine), 40u);
  EXPECT_LT(held(kAccordLine), kOverLimit / 2);  // and a window more, which was under way
  EXPECT_EQ(held(kFlooded), kOverLimit);
  pair.run(std::chrono::hours(24 * 3));
  EXPECT_EQ(held(kAccordLine), kOverLimit);
}

TEST_F(Quota, WhatWaitedComesLaterAndNothingIsLost) {
  pair_.run(std::chrono::hours(24 * 3));
  EXPECT_EQ(held(kFlooded), kOverLimit);
  events_ = pair_.take_events(1);
  EXPECT_EQ(pair_.station(1).peer(PeerId{0}).line(kFlooded)->own().receipted_size(), kOverLimit);
  std::size_t shown =
      count<core::EntryArrived>(pair_.take_events(0), [](const auto&) { return true; });
  EXPECT_LT(shown, kOverLimit);  // the first ones came before
  EXPECT_GT(shown, kOverLimit / 2);
}

// Seed 2000 of thirty days: each try of a full disk to take a new epoch counted as one more.
TEST(QuotaOfAFullDisk, WhatItDidNotTakeDoesNotCount) {
  QuietPair pair(12);
  pair.start();
  MemoryStore::Snapshot old = pair.store(1).snapshot();
  ASSERT_TRUE(pair.say(1, kFlooded, "The last word of the old epoch."));
  pair.run(std::chrono::seconds(10));
  pair.take_events(0);
  bool full = true;
  pair.disk = [&](std::size_t side) {
    return side == 0 && full ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
  };
  pair.stop(1);
  pair.store(1).restore(std::move(old));
  pair.start(1);
  pair.run(std::chrono::hours(2));
  full = false;
  ASSERT_TRUE(pair.say(1, kFlooded, "The first word of the new one."));
  pair.run(std::chrono::minutes(10));
  const auto events = pair.take_events(0);
  EXPECT_EQ(count<core::Alarm>(events, [](const core::Alarm& a) { return a.kind == core::AlarmKind::kQuota; }), 0u);
  EXPECT_EQ(pair.station(0).peer(PeerId{0}).line(kFlooded)->far().durable_size(), 2u);
}

}  // namespace
}  // namespace detente::sim
