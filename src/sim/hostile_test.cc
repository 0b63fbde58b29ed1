#include "sim/hostile.h"

#include <gtest/gtest.h>

namespace detente::sim {
namespace {

TEST(HostileCounterpart, IsHeldToWhatItSigned) {
  std::uint64_t equivocations = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const Hostile::Report report = Hostile(seed).run();
    std::string told;
    for (const std::string& violation : report.violations) told += violation + "\n";
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told;
    equivocations += report.equivocations;
    EXPECT_GT(report.datagrams, 2000u);
  }
  EXPECT_EQ(equivocations, 24u);
}

}  // namespace
}  // namespace detente::sim
