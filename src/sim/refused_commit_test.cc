// One commit is refused, and there is room again before the next that was asked for on top of it: the disk
// must not have the second without the first, nor the desk be shown it.
#include <gtest/gtest.h>

#include "sim/acting_pair_for_test.h"
#include "sim/names_for_test.h"

namespace detente::sim {
namespace {

using enum record::Precedence;

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

// Whichever of them it is that an older copy of a disk makes at its first contact.
TEST(RefusedCommitOfAnOlderCopy, WhatWentBackToTheDeskIsNotSent) {
  for (int refused = 0; refused < 5; ++refused) {
    QuietPair pair(2);
    pair.start(0);
    ASSERT_TRUE(pair.say(0, kLine, "sent by the disk that this is a copy of"));
    pair.settle();
    const MemoryStore::Snapshot copy = pair.store(0).snapshot();
    pair.start(1);
    pair.run(std::chrono::minutes(1));
    pair.stop(0);
    pair.run(std::chrono::minutes(1));
    pair.store(0).restore(copy);
    pair.take_events(0);
    pair.start(0);
    int commits = 0;
    pair.disk = [&](std::size_t side) {
      return side == 0 && commits++ == refused ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
    };
    pair.run(std::chrono::minutes(2));
    std::size_t given_back = 0;
    for (const core::DeskEvent& event : pair.take_events(0))
      given_back += std::holds_alternative<core::SubmissionFailed>(event) ? 1 : 0;
    EXPECT_EQ(given_back, 1u) << "commit " << refused;
    std::vector<std::uint64_t> sizes;  // of the epoch before and of the new one, which has its opening alone
    const record::LineKey line{pair.pair().lineage(), kLine};
    for (const auto& info : pair.store(1).logs(line))
      if (!info.log.own) sizes.push_back(info.size);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{1, 1})) << "commit " << refused;
    EXPECT_TRUE(pair.store(0).outbox(line).empty()) << "commit " << refused;
  }
}

class RefusedAct : public ActingPair {
 protected:
  RefusedAct() : ActingPair(61) {}
};

// An agreement that the record does not hold would be carried out, and could not be proved.
TEST_F(RefusedAct, IsNotKnownUntilItIsOnTheDisk) {
  const record::LogPosition proposal = propose_to_restore(0, std::chrono::hours(1));
  const line::ActPlace at{0, proposal.epoch, proposal.size - 1};
  ASSERT_NE(peer(1).agreements().book().find(at), nullptr);
  pair_.disk = [](std::size_t side) { return side == 0 ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
  ASSERT_TRUE(answer(1, line::AnswerAct::kAccept, 0, proposal));
  EXPECT_TRUE(peer(1).agreements().book().accepted_at(at));
  EXPECT_FALSE(peer(0).agreements().book().accepted_at(at));
  EXPECT_TRUE(peer(0).agreements().restorations().empty());
  pair_.disk = [](std::size_t) { return QuietPair::Disk::kTakes; };
  pair_.run(std::chrono::minutes(1));
  EXPECT_TRUE(peer(0).agreements().book().accepted_at(at));
}

}  // namespace
}  // namespace detente::sim
