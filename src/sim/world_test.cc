#include "sim/world.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace detente::sim {
namespace {

// A sanitizer's build is slow: a few seeds there and a third of the time, all of them in the build that counts.
bool quick() { return std::getenv("DETENTE_QUICK") != nullptr; }
std::uint64_t seeds(std::uint64_t all) { return quick() ? all / 10 : all; }
std::uint64_t expected(std::uint64_t all) { return quick() ? all / 40 : all; }

std::string told(const Report& report) {
  std::string out;
  for (const std::string& violation : report.violations) out += violation + "\n";
  return out;
}

Options half_day(std::uint64_t seed) {
  Options options;
  options.seed = seed;
  options.duration = std::chrono::hours(quick() ? 4 : 12);
  return options;
}

TEST(Simulator, NothingAcknowledgedIsLostAndNothingComesTwice) {
  Report sum;
  for (std::uint64_t seed = 1; seed <= seeds(60); ++seed) {
    const Report report = World(half_day(seed)).run();
    ASSERT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
    sum.add(report);
  }
  std::printf("%llu messages taken, %llu delivered, %llu crashes, %llu datagrams lost\n",
              static_cast<unsigned long long>(sum.submitted),
              static_cast<unsigned long long>(sum.delivered),
              static_cast<unsigned long long>(sum.crashes),
              static_cast<unsigned long long>(sum.dropped));
  EXPECT_GE(sum.delivered, sum.submitted);
  EXPECT_GT(sum.crashes, expected(100));
  EXPECT_GT(sum.dropped, 1000u);
  EXPECT_GE(sum.rollbacks, expected(6));  // few seeds may draw none
  EXPECT_GE(sum.rotten, expected(1)) << "no start found the bit that had been turned over";
  EXPECT_GE(sum.takeovers, expected(20));
  EXPECT_GE(sum.refused, expected(20));
  EXPECT_GT(sum.duplicated, expected(1000));
  EXPECT_GT(sum.reordered, expected(1000));
  EXPECT_GE(sum.slowed, quick() ? 0u : 1000u);  // few seeds may draw no slow path
  EXPECT_GT(sum.flipped, expected(1000));
  EXPECT_GT(sum.replayed, expected(1000));
  EXPECT_GT(sum.partitions, expected(100));
  EXPECT_GT(sum.one_way, quick() ? 0u : 50u);
  EXPECT_LT(sum.one_way, sum.partitions);
  EXPECT_GE(sum.clock_steps, expected(50));
  EXPECT_GE(sum.far_steps, expected(5));
  // What the checkers looked at.
  EXPECT_GT(sum.cuts_respected, expected(1000));
  EXPECT_GE(sum.lifts_tested, expected(10));
  EXPECT_GT(sum.documents_sent, expected(500));
  EXPECT_GT(sum.documents_arrived, expected(400));
  EXPECT_GT(sum.documents_confirmed, expected(400));
}

TEST(Simulator, SeveralPathsAndOneAeadHoldTheSame) {
  for (std::uint64_t seed = 1; seed <= seeds(10); ++seed) {
    Options options = half_day(seed);
    options.pair.paths = 3;
    options.pair.both_aeads = false;
    const Report report = World(options).run();
    ASSERT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
  }
}

// As many as an accord may name, too.
TEST(Simulator, ManyPathsHoldTheSame) {
  for (const std::size_t paths : {8, 32})
    for (std::uint64_t seed = 1; seed <= (quick() ? 1 : 3); ++seed) {
      Options options = half_day(seed);
      options.duration /= 4;
      options.pair.paths = paths;
      const Report report = World(options).run();
      ASSERT_TRUE(report.violations.empty()) << paths << " paths, seed " << seed << ":\n" << told(report);
      EXPECT_GT(report.delivered, 0u);
    }
}

TEST(Simulator, RekeysHandshakesAndSecretStepsWhileMessagesFlow) {
  for (std::uint64_t seed = 1; seed <= seeds(10); ++seed) {
    Options options = half_day(seed);
    options.message_every = std::chrono::minutes(1);
    options.pair.policy.fresh_handshake = std::chrono::minutes(7);
    options.pair.policy.rekey_packets = 3;
    options.pair.policy.rekey_age = std::chrono::minutes(1);
    options.pair.policy.secret_step_seconds = 1800;
    const Report report = World(options).run();
    ASSERT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
  }
}

// Further back than the newest snapshots: what the other side has told since then comes again, and the secret has moved on.
TEST(Simulator, ADiskMayGoBackToAnyDay) {
  Report sum;
  for (std::uint64_t seed = 1; seed <= (quick() ? 1 : 3); ++seed) {
    Options options = half_day(seed);
    if (!quick()) options.duration = std::chrono::hours(24 * 8);
    options.faults.rollback_every = std::chrono::hours(72);
    options.snapshots = 100;
    const Report report = World(options).run();
    ASSERT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
    sum.add(report);
  }
  if (!quick()) {
    EXPECT_GT(sum.farthest_back, 8u) << "further than a run that keeps eight";
  }
}

TEST(Simulator, WorseThanAnyNetwork) {
  for (std::uint64_t seed = 1; seed <= seeds(10); ++seed) {
    Options options = half_day(seed);
    options.faults.loss_per_mille = 500;
    options.faults.duplicate_per_mille = 300;
    options.faults.delay_max = std::chrono::seconds(20);
    options.faults.crash_every = std::chrono::minutes(20);
    const Report report = World(options).run();
    ASSERT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
  }
}

// Found by the simulator, each a fault of the core once.
TEST(Simulator, SeedsThatFoundFaults) {
  const auto run = [](std::uint64_t seed, std::size_t paths, bool worse) {
    Options options = half_day(seed);
    options.pair.paths = paths;
    options.pair.both_aeads = paths == 1;
    if (worse) {
      options.faults.loss_per_mille = 500;
      options.faults.duplicate_per_mille = 300;
      options.faults.delay_max = std::chrono::seconds(20);
      options.faults.crash_every = std::chrono::minutes(20);
    }
    return World(options).run();
  };
  struct Found {
    std::uint64_t seed;
    std::size_t paths;
    bool worse;
    const char* what;
  };
  const Found all[] = {
      {4, 1, false, "entries that had seen the lost end of this log could not be taken"},
      {5, 1, false, "a probe confirmed counters of another session; retries without end beside a full disk"},
      {34, 3, false, "what was issued on top of a failed commit"},
      {9, 1, true, "a restored disk asked once for what it lacked, and never again"},
      {26, 1, true, "a call went out while its counter's reservation was under way"},
      {42, 1, true, "crossed handshakes were compared with one that had not crossed"},
      {52, 1, true, "nothing was sent again after a commit had failed"},
      {81, 3, false, "an entry of a deniable line was taken for another place, far behind"},
  };
  std::size_t left = quick() ? 2 : std::size(all);
  for (const Found& found : all) {
    if (left-- == 0) break;
    const Report report = run(found.seed, found.paths, found.worse);
    EXPECT_TRUE(report.violations.empty())
        << "seed " << found.seed << " (" << found.what << "):\n" << told(report);
  }
}

// Documents: each a fault of the core once, two days long.
TEST(Simulator, DocumentSeedsThatFoundFaults) {
  struct Found {
    std::uint64_t seed;
    std::size_t paths;
    const char* what;
  };
  const Found all[] = {
      {1, 2, "more were wanted than are asked for at once, and the core wanted attention without end"},
      {2, 2, "two desks handed one file over, and the second took its name from it"},
      {35, 1, "an offer was lost, and none was made again"},
      {13, 1, "acknowledgements in another session than the data's, after crossed calls; questions that began a piece anew"},
      {29, 1, "what the author's disk had lost was sent again, and nobody said that it was there"},
  };
  std::size_t left = quick() ? 1 : std::size(all);
  for (const Found& found : all) {
    if (left-- == 0) break;
    Options options = half_day(found.seed);
    options.duration = std::chrono::hours(48);
    options.pair.paths = found.paths;
    const Report report = World(options).run();
    EXPECT_TRUE(report.violations.empty()) << "seed " << found.seed << " (" << found.what << "):\n" << told(report);
    EXPECT_GT(report.documents_sent, 20u);
    EXPECT_GT(report.documents_confirmed, 15u);
  }
}

// A question crossed the last of a document, and the word that all of it is there was lost.
TEST(Simulator, AuthorAsksWhetherTheLastOfADocumentIsThere) {
  Options options = half_day(20910);
  options.duration = std::chrono::hours(quick() ? 1 : 6);
  options.pair.paths = 2;
  options.faults.loss_per_mille = 100;
  const Report report = World(options).run();
  EXPECT_TRUE(report.violations.empty()) << told(report);
}

TEST(Simulator, NothingLeavesAStationThatIsInTheDarkAndNothingIsLostBehindIt) {
  for (std::uint64_t seed = 1; seed <= seeds(10); ++seed) {
    Options options = half_day(seed);
    options.faults.dark_every = std::chrono::hours(4);
    const Report report = World(options).run();
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
  }
}

TEST(Simulator, FilesThatAreCarriedBesideThePathsChangeNoPromise) {
  std::uint64_t packed = 0, taken = 0;
  for (std::uint64_t seed = 1; seed <= seeds(12); ++seed) {
    Options options = half_day(seed);
    options.faults.courier_every = std::chrono::hours(1);
    options.faults.rollback_every = std::chrono::hours(6);
    options.faults.dark_every = std::chrono::hours(6);
    const Report report = World(options).run();
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
    packed += report.files_packed;
    taken += report.files_taken;
  }
  if (quick()) return;
  EXPECT_GT(packed, 100u);
  EXPECT_GT(taken, 30u);
}

TEST(Simulator, ADiskThatRotsUnderARunningStationIsFoundAndRestored) {
  std::uint64_t rotten = 0, read = 0;
  for (std::uint64_t seed = 1; seed <= seeds(9); ++seed) {
    Options options = half_day(seed);
    options.duration *= 4;
    options.faults.rollback_every = std::chrono::hours(3);
    options.faults.crash_every = std::chrono::hours(40);  // a start would find it before it is read
    const Report report = World(options).run();
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << ":\n" << told(report);
    rotten += report.rotten;
    read += report.rot_read;
  }
  if (quick()) return;
  EXPECT_GE(rotten, 10u);
  EXPECT_GE(read, 2u) << "what was read rotten was answered from";
}

TEST(Simulator, SameSeedSameTrace) {
  const auto day = [](std::uint64_t seed) {
    Options options = half_day(seed);
    if (quick()) options.duration = std::chrono::hours(1);
    return options;
  };
  const Report a = World(day(7)).run();
  const Report b = World(day(7)).run();
  const Report c = World(day(8)).run();
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_EQ(a.events, b.events);
  EXPECT_NE(a.trace, c.trace);
}

// Read by the test that compares two compilers.
TEST(SimulatorTrace, OfThreeSeeds) {
  for (std::uint64_t seed : {1u, 2u, 3u})
    std::printf("trace: %llu %s\n", static_cast<unsigned long long>(seed),
                World(half_day(seed)).run().trace.c_str());
}

}  // namespace
}  // namespace detente::sim
