// Disks of both sides that go back to copies of any age, one after the other and both at once, drawn by seed: whatever they
// forgot of each other, both end with one record of each log. World rolls one side's disk back; here it is either's.
#include <gtest/gtest.h>

#include <cstdlib>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

constexpr LineId kLines[] = {LineId{1}, LineId{2}};  // one that signs, and one that does not

class BothWentBack {
 public:
  explicit BothWentBack(std::uint64_t seed) : random_(seed), pair_(seed) {
    pair_.start();
    for (std::size_t side : {0u, 1u}) copies_[side].push_back(pair_.store(side).snapshot());
  }

  void play() {
    for (int i = 0; i < 12; ++i) {
      talk();
      const std::size_t side = random_.below(2);
      switch (random_.below(5)) {
        case 0: copies_[side].push_back(pair_.store(side).snapshot()); break;
        case 1: go_back({side}); break;
        case 2: go_back({side, 1 - side}); break;
        case 3: restart(side); break;
        default:
          for (std::size_t each : {0u, 1u}) copies_[each].push_back(pair_.store(each).snapshot());
      }
    }
    pair_.run(std::chrono::minutes(10));
    talk();
    pair_.run(std::chrono::minutes(10));
  }

  std::string differing() {
    std::string out;
    for (const LineId line : kLines)
      for (std::size_t author : {0u, 1u}) {
        const core::OwnLog& own = at(author).line(line)->own();
        const core::FarLog& far = at(1 - author).line(line)->far();
        if (own.durable_size() == 0) continue;  // the other side cannot know of it
        const std::string where = " of side " + std::to_string(author) + " on line " + std::to_string(line.value) + "; ";
        if (far.key().epoch != own.key().epoch) out += "another epoch" + where;
        else if (far.durable_size() != own.durable_size()) out += "another length" + where;
        else if (far.held().root != root(author, own.key(), own.durable_size())) out += "another root" + where;
        if (own.receipted_size() != own.durable_size()) out += "no receipt" + where;
      }
    return out;
  }

 private:
  const core::Peer& at(std::size_t side) { return pair_.station(side).peer(PeerId{0}); }
  Digest root(std::size_t side, const record::LogKey& log, std::uint64_t size) {
    const auto frontier = record::frontier_at(*pair_.store(side).tiles(log), size);
    return frontier ? frontier->root() : Digest{};
  }

  void talk() {
    const std::uint64_t times = random_.below(random_.below(4) == 0 ? 60 : 5);
    for (std::uint64_t i = 0; i < times; ++i)
      for (const LineId line : kLines) {
        if (random_.below(3) > 0) static_cast<void>(pair_.say(random_.below(2), line, "A word.", precedence()));
        if (random_.below(3) == 0) pair_.run(std::chrono::milliseconds(random_.below(500)));
      }
    if (random_.below(2) == 0) pair_.run(std::chrono::seconds(random_.below(400)));
  }
  record::Precedence precedence() {
    return random_.below(4) == 0 ? record::Precedence::kFlash : record::Precedence::kRoutine;
  }
  void restart(std::size_t side) {
    pair_.stop(side);
    pair_.run(std::chrono::seconds(random_.below(60)));
    pair_.start(side);
  }
  void go_back(const std::vector<std::size_t>& sides) {
    for (const std::size_t side : sides) pair_.stop(side);
    pair_.run(std::chrono::seconds(random_.below(60)));
    for (const std::size_t side : sides) {
      copies_[side].resize(random_.below(copies_[side].size()) + 1);  // nobody goes forward again
      pair_.store(side).restore(copies_[side].back());
      pair_.start(side);
      if (random_.below(2) == 0) pair_.run(std::chrono::seconds(random_.below(20)));
    }
  }

  SeededRandom random_;
  QuietPair pair_;
  std::vector<MemoryStore::Snapshot> copies_[2];
};

TEST(BothDisks, MayGoBackAndBothEndWithOneRecord) {
  const std::uint64_t seeds = std::getenv("DETENTE_QUICK") != nullptr ? 6 : 150;  // a sanitizer's build is slow
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    BothWentBack run(seed);
    run.play();
    EXPECT_EQ(run.differing(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace detente::sim
