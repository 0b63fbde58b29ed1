// One commit is refused, and there is room again before the next that was asked for on top of it: the disk
// must not have the second without the first, nor the desk be shown it.
#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using enum record::Precedence;

constexpr LineId kLine{1};

class RefusedCommit : public testing::Test {
 protected:
  RefusedCommit() : pair_(1) {
    pair_.start();
    say(kRoutine);  // the other side knows the epoch
    pair_.take_events(1);
    pair_.tamper = [this](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      if (from == 0 && lose_) return std::nullopt;
      return datagram;
    };
    pair_.disk = [this](std::size_t side) {
      if (side != 1) return QuietPair::Disk::kTakes;
      if (held_) return QuietPair::Disk::kBusy;
      return std::exchange(refuses_, false) ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
    };
  }

  void say(record::Precedence precedence, bool lost = false) {
    lose_ = lost;
    ASSERT_TRUE(pair_.say(0, kLine, "entry " + std::to_string(said_++), precedence));
    pair_.settle();
    lose_ = false;
  }
  // Side 1 keeps what comes, and its disk has written nothing of it yet.
  void hold() { held_ = true; }
  // The disk refuses the first commit and takes the rest.
  void refuse_the_first() {
    held_ = false;
    refuses_ = true;
    pair_.settle();
  }
  // The indexes that side 1's desk was told of since the last call.
  std::vector<std::uint64_t> shown() {
    std::vector<std::uint64_t> out;
    for (const core::DeskEvent& event : pair_.take_events(1))
      if (const auto* arrived = std::get_if<core::EntryArrived>(&event)) out.push_back(arrived->index);
    return out;
  }
  // What it would find in the record at a start.
  std::vector<std::uint64_t> on_disk() {
    const record::LogKey log = pair_.station(1).peer(PeerId{0}).line(kLine)->far().key();
    std::vector<std::uint64_t> out;
    for (const auto& entry : pair_.store(1).entries(log, 0, 100, 100)) out.push_back(entry.index);
    for (const auto& entry : pair_.store(1).early_entries(log)) out.push_back(entry.index);
    return out;
  }
  using Indexes = std::vector<std::uint64_t>;

  QuietPair pair_;

 private:
  int said_ = 0;
  bool lose_ = false;
  bool held_ = false;
  bool refuses_ = false;  // the next one
};

TEST_F(RefusedCommit, TheSecondOfTwoFlashesIsNotShownAheadOfTheFirst) {
  say(kRoutine, true);
  hold();
  say(kFlash);
  say(kFlash);
  refuse_the_first();
  EXPECT_EQ(on_disk(), Indexes{0});
  EXPECT_EQ(shown(), Indexes());
  pair_.run(std::chrono::minutes(1));
  EXPECT_EQ(shown(), (Indexes{1, 2, 3}));
}

TEST_F(RefusedCommit, AFlashIsNotShownAheadOfOneThatWasNextInTheLog) {
  hold();
  say(kFlash);
  say(kRoutine, true);
  say(kFlash);
  refuse_the_first();
  EXPECT_EQ(on_disk(), Indexes{0});
  EXPECT_EQ(shown(), Indexes());
  pair_.run(std::chrono::minutes(1));
  EXPECT_EQ(shown(), (Indexes{1, 2, 3}));
}

TEST_F(RefusedCommit, WhatWasToBeShownEarlyIsShownWhenItsPredecessorsComeWithIt) {
  say(kRoutine, true);
  hold();
  say(kFlash);
  pair_.run(std::chrono::minutes(1));  // the routine one comes again
  refuse_the_first();
  pair_.run(std::chrono::minutes(1));
  EXPECT_EQ(on_disk(), (Indexes{0, 1, 2}));
  EXPECT_EQ(shown(), (Indexes{1, 2})) << "in the record, and the desk was never told";
}

}  // namespace
}  // namespace detente::sim
