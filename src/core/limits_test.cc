#include "core/limits.h"

#include <gtest/gtest.h>

namespace detente::core {
namespace {

constexpr Instant at(std::int64_t micros) { return Instant{micros}; }

TEST(Bucket, GivesWhatItHoldsThenWhatTimeBrings) {
  Bucket bucket(10, 2, std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take(at(0)));
  EXPECT_FALSE(bucket.take(at(0)));
  EXPECT_FALSE(bucket.take(at(499'999)));
  EXPECT_TRUE(bucket.take(at(500'000)));
  EXPECT_FALSE(bucket.take(at(500'001)));
}

// Asked at every moment it gains as much as asked rarely: what is too little for one is not lost.
TEST(Bucket, GainsTheSameHoweverOftenItIsAsked) {
  Bucket often(1000, 3, std::chrono::seconds(10)), rarely(1000, 3, std::chrono::seconds(10));
  often.spend(at(0), 1000);
  rarely.spend(at(0), 1000);
  for (std::int64_t t = 0; t <= 600'000'000; t += 7'001) often.spend(at(t), 0);
  often.spend(at(600'000'000), 0);
  rarely.spend(at(600'000'000), 0);
  EXPECT_EQ(rarely.left(), 180u);
  EXPECT_NEAR(static_cast<double>(often.left()), 180.0, 1.0);
}

TEST(Bucket, TakesBackWhatWasSpentAndNoMore) {
  Bucket bucket(10, 1, std::chrono::hours(1));
  EXPECT_EQ(bucket.spend(at(0), 4), 4u);
  EXPECT_EQ(bucket.spend(at(0), 8), 6u);
  bucket.give_back(6);
  EXPECT_EQ(bucket.left(), 6u);
  bucket.give_back(100);
  EXPECT_EQ(bucket.left(), 10u);
}

TEST(Bucket, KeepsAReserve) {
  Bucket bucket(16, 1, std::chrono::hours(1));
  int ordinary = 0;
  while (bucket.take(at(0), 1, 4)) ++ordinary;
  EXPECT_EQ(ordinary, 12);
  int urgent = 0;
  while (bucket.take(at(0))) ++urgent;
  EXPECT_EQ(urgent, 4);
}

TEST(Bucket, IsNeverFullerThanFull) {
  Bucket bucket(std::uint64_t{64} << 20, std::uint64_t{256} << 20, std::chrono::hours(24));
  bucket.spend(at(0), std::uint64_t{1} << 40);
  EXPECT_EQ(bucket.left(), 0u);
  bucket.spend(at(INT64_MAX / 2), 0);
  EXPECT_EQ(bucket.left(), std::uint64_t{64} << 20);
  bucket.spend(at(5), 1);  // an earlier time gains nothing and breaks nothing
  EXPECT_EQ(bucket.left(), (std::uint64_t{64} << 20) - 1);
}

TEST(Bucket, TellsOfTheFirstRefusalAndAgainAfterItWasHalfFull) {
  Bucket bucket(10, 1, std::chrono::seconds(1));
  bucket.spend(at(0), 10);
  EXPECT_TRUE(bucket.newly_refused());
  EXPECT_FALSE(bucket.newly_refused());
  EXPECT_TRUE(bucket.take(at(1'000'000)));
  EXPECT_FALSE(bucket.newly_refused());
  EXPECT_TRUE(bucket.take(at(8'000'000), 7));
  EXPECT_TRUE(bucket.newly_refused());
}

}  // namespace
}  // namespace detente::core
