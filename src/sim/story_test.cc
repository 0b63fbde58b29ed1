// The report's story by seed: loss, duplicates, crashes and clocks of their own, and the end state of every one.
#include "sim/story.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace detente::sim {
namespace {

// A sanitizer's build is slow.
std::uint64_t stories(std::uint64_t all) { return std::getenv("DETENTE_QUICK") != nullptr ? all / 10 : all; }

std::string said(const StoryReport& report) {
  std::string out;
  for (const std::string& violation : report.violations) out += violation + "\n";
  return out;
}

StoryReport play(std::uint64_t seed) {
  StoryOptions options;
  options.seed = seed;
  return Story(options).run();
}

TEST(TheStory, ComesToItsEndByEverySeed) {
  StoryReport sum;
  for (std::uint64_t seed = 1; seed <= stories(30); ++seed) {
    const StoryReport report = play(seed);
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << said(report);
    EXPECT_GE(report.released, 2u) << "seed " << seed;
    sum.crashes += report.crashes;
    sum.dropped += report.dropped;
    sum.files_packed += report.files_packed;
    sum.files_taken += report.files_taken;
    sum.files_lost += report.files_lost;
    sum.tries += report.tries;
    sum.restorations += report.restorations;
    sum.days += report.days;
  }
  std::printf("%.0f days, %llu crashes, %llu files (%llu lost), %llu tries to restore, %llu datagrams lost\n", sum.days,
              static_cast<unsigned long long>(sum.crashes), static_cast<unsigned long long>(sum.files_packed),
              static_cast<unsigned long long>(sum.files_lost), static_cast<unsigned long long>(sum.restorations),
              static_cast<unsigned long long>(sum.dropped));
  EXPECT_GT(sum.crashes, stories(30));
  EXPECT_GT(sum.files_lost, stories(30));
  EXPECT_GT(sum.tries, stories(30));
  EXPECT_GT(sum.restorations, stories(30)) << "none was restored at the second try, after a crash";
}

// A life that ended over telling what it took; a message that waited for its path; an agreement that ended another.
TEST(TheStory, FoundSeeds) {
  for (std::uint64_t seed : {291u, 422u, 453u}) {
    const StoryReport report = play(seed);
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << said(report);
  }
}

TEST(TheStory, SameSeedSameTrace) {
  EXPECT_EQ(play(7).trace, play(7).trace);
  EXPECT_NE(play(7).trace, play(8).trace);
}

// Read by the test that compares two compilers.
TEST(StoryTrace, OfTwoSeeds) {
  for (std::uint64_t seed : {1u, 2u})
    std::printf("trace: story %llu %s\n", static_cast<unsigned long long>(seed), play(seed).trace.c_str());
}

}  // namespace
}  // namespace detente::sim
