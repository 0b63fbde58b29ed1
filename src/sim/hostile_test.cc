#include "sim/hostile.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace detente::sim {
namespace {

TEST(HostileCounterpart, IsHeldToWhatItSigned) {
  std::uint64_t equivocations = 0;
  // A sanitizer's build is slow: a few seeds there.
  const std::uint64_t seeds = std::getenv("DETENTE_QUICK") != nullptr ? 3 : 24;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Hostile::Report report = Hostile(seed).run();
    std::string told;
    for (const std::string& violation : report.violations) told += violation + "\n";
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told;
    equivocations += report.equivocations;
    EXPECT_GT(report.datagrams, 2000u);
  }
  EXPECT_EQ(equivocations, 17 * seeds);
}

TEST(HostileCounterpart, NamesNoMoreDocumentsThanAreBoundedInNumber) {
  const Hostile::Report report = Hostile(25, core::DocumentTerms()).name_without_end();
  for (const std::string& violation : report.violations) ADD_FAILURE() << violation;
}

// However long the line is.
TEST(HostileCounterpart, ThatRepeatsACounterHasLittleRead) {
  const Hostile::Report report = Hostile(1).repeat_a_counter(std::getenv("DETENTE_QUICK") != nullptr ? 300 : 2000);
  std::string told;
  for (const std::string& violation : report.violations) told += violation + "\n";
  EXPECT_TRUE(report.violations.empty()) << told;
}

}  // namespace
}  // namespace detente::sim
