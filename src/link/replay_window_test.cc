#include "link/replay_window.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace detente::link {
namespace {

// The slow oracle: remembers everything.
class SlowWindow {
 public:
  bool accept(std::uint64_t counter) {
    if (seen_.count(counter)) return false;
    if (!seen_.empty() && *seen_.rbegin() + 1 > counter + ReplayWindow::kSize) return false;
    seen_.insert(counter);
    return true;
  }

 private:
  std::set<std::uint64_t> seen_;
};

TEST(ReplayWindow, AgreesWithTheSlowOracle) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    ReplayWindow window;
    SlowWindow oracle;
    std::uint64_t base = 0;
    for (int i = 0; i < 5000; ++i) {
      const std::uint64_t kind = random.below(100);
      if (kind < 60) base += random.below(3);
      if (kind == 60) base += random.below(3000);
      const std::uint64_t back = random.below(1200);
      const std::uint64_t counter = base > back && kind % 3 == 0 ? base - back : base;
      const bool refused = window.would_refuse(counter);
      const bool taken = window.accept(counter);
      ASSERT_EQ(taken, oracle.accept(counter)) << "seed " << seed << " step " << i;
      ASSERT_EQ(refused, !taken) << "seed " << seed << " step " << i;
    }
  }
}

TEST(ReplayWindow, TakesEachCounterOnceAndNoneThatIsTooOld) {
  ReplayWindow window;
  EXPECT_TRUE(window.accept(0));
  EXPECT_FALSE(window.accept(0));
  EXPECT_TRUE(window.accept(ReplayWindow::kSize));
  EXPECT_TRUE(window.accept(1));
  EXPECT_FALSE(window.accept(0));
  EXPECT_EQ(window.next(), ReplayWindow::kSize + 1);
}

}  // namespace
}  // namespace detente::link
