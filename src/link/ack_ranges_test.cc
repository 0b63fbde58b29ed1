#include "link/ack_ranges.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace detente::link {
namespace {

std::set<std::uint64_t> counters(const PathAck& ack) {
  std::set<std::uint64_t> out;
  for (const CounterRange& range : ack.ranges)
    for (std::uint64_t c = range.first; c <= range.last; ++c) out.insert(c);
  return out;
}

// Against a set: everything received is told, as far as the newest ranges reach, and nothing else.
TEST(AckRanges, TellsWhatASlowOracleKnows) {
  SeededRandom random(7);
  for (int run = 0; run < 200; ++run) {
    AckRanges ranges;
    std::set<std::uint64_t> all;
    const std::uint64_t spread = 1 + random.below(200);
    for (int i = 0; i < 150; ++i) {
      const std::uint64_t counter = static_cast<std::uint64_t>(i) + random.below(spread);
      ranges.received({}, counter, true);
      all.insert(counter);
    }
    const PathAck ack = ranges.take({}, PathId{1});
    ASSERT_LE(ack.ranges.size(), AckRanges::kRangesMax);
    const std::set<std::uint64_t> told = counters(ack);
    for (std::uint64_t counter : told) ASSERT_EQ(all.count(counter), 1u);
    for (auto it = all.lower_bound(*told.begin()); it != all.end(); ++it) ASSERT_EQ(told.count(*it), 1u);
    ASSERT_EQ(*told.rbegin(), *all.rbegin());
    const auto again = decode_path_ack(encode_path_ack(ack));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->ranges, ack.ranges);
    EXPECT_EQ(again->path, ack.path);
  }
}

TEST(AckRanges, IsDueAtOnceAfterAGapAndElseAfterAWhile) {
  AckRanges ranges;
  ranges.received({1000}, 0, false);
  EXPECT_FALSE(ranges.due()) << "nothing was asked for";
  ranges.received({2000}, 1, true);
  ASSERT_TRUE(ranges.due());
  EXPECT_GT(*ranges.due(), Instant{2000});
  ranges.received({3000}, 3, true);
  EXPECT_EQ(*ranges.due(), Instant{3000}) << "2 is missing";
  ranges.take({3000}, PathId{1});
  EXPECT_FALSE(ranges.due());
}

TEST(PathAck, ImpossibleRangesAreRefused) {
  const Bytes good = encode_path_ack({PathId{1}, Duration(0), {{5, 9}, {1, 2}}});
  ASSERT_TRUE(decode_path_ack(good));
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    const auto decoded = decode_path_ack(ByteView(good).first(cut));
    if (decoded) {
      EXPECT_EQ(decoded->ranges.size(), 1u) << "only whole pairs may be cut off";
    }
  }
  EXPECT_FALSE(decode_path_ack(Bytes{1, 0, 3, 5})) << "more than there are counters";
  EXPECT_FALSE(decode_path_ack(Bytes{1, 0, 3, 0})) << "an empty range";
  EXPECT_FALSE(decode_path_ack(Bytes{1, 0, 9, 2, 7, 1})) << "below zero";
}

}  // namespace
}  // namespace detente::link
