#include "sim/failing_seeds.h"

#include <gtest/gtest.h>

namespace detente::sim {
namespace {

TEST(FailingSeeds, NamesEachAndHowToRunOneAlone) {
  FailingSeeds failing("seeds", "--days 30 ");
  EXPECT_TRUE(failing.add(6, {}));
  EXPECT_TRUE(failing.verdict());
  EXPECT_TRUE(failing.lines().empty());
  EXPECT_FALSE(failing.add(7, {"lost a message", "at 40 s: another"}));
  EXPECT_EQ(failing.lines(), (std::vector<std::string>{"seed 7: lost a message", "seed 7: at 40 s: another"}));
  EXPECT_TRUE(failing.add(8, {}));
  EXPECT_EQ(failing.verdict().error().message,
            "1 of the seeds broke a promise (seed 7); one alone, with the same trace: detente sim --days 30 --first-seed 7 --seeds 1");
  EXPECT_FALSE(failing.add(12, {"a third"}));
  EXPECT_EQ(failing.lines(), (std::vector<std::string>{"seed 12: a third"}));
  EXPECT_EQ(failing.violations(), 3u);
  EXPECT_EQ(failing.verdict().error().fault, Fault::kConflict);
  EXPECT_NE(failing.verdict().error().message.find("2 of the seeds broke a promise (seeds 7, 12)"), std::string::npos);
  ASSERT_EQ(failing.seeds().size(), 2u);
  EXPECT_EQ(failing.seeds()[1].seed, 12u);
}

}  // namespace
}  // namespace detente::sim
