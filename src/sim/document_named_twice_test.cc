// A document that two messages of its author's name, one after the other: how it goes. spec/document.md section 3.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

class NamedTwice : public ActingPair {
 protected:
  NamedTwice() : ActingPair(58) {
    pair_.disk = [this](std::size_t side) { return side == 0 && full_ ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
  }
  record::Entry naming(const Digest& root, LineId line, record::Precedence precedence = record::Precedence::kRoutine) {
    record::Entry out;
    out.header.line = line;
    out.header.time = pair_.now(0).wall;
    out.header.precedence = precedence;
    out.header.attachments = {{root, kSize, "application/pdf", ""}};
    return out;
  }
  record::StoredBlob stored(const Digest& root) { return *pair_.store(0).blob({pair_.pair().lineage(), Pair::name(1), true, root}); }

  void expect_comes(const Digest& root) {
    lose_[0] = lose_[1] = false;
    pair_.run(std::chrono::minutes(2));
    EXPECT_EQ(pair_.document(1, root), bytes_);
    EXPECT_EQ(stored(root).state, record::BlobState::kConfirmed);
  }

  static constexpr std::size_t kSize = 5000;
  Bytes bytes_ = Bytes(kSize, 7);
  bool full_ = false;  // the disk of side 0
};

TEST_F(NamedTwice, ByAMessageOfACutLineThatWasTakenBackItGoesWithTheNextOne) {
  cut(0);
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine), true));
  pair_.settle();
  ASSERT_EQ(pair_.withdraw(0, kCutLine, [](const record::Entry&) { return true; }, "by its author"), 1u);
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  expect_comes(root);
}

TEST_F(NamedTwice, WhileItIsOnItsWayItGoesOnAsTheMoreUrgentOne) {
  lose_[0] = lose_[1] = true;
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine)));
  pair_.settle();
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine, record::Precedence::kFlash)));
  pair_.settle();
  EXPECT_EQ(stored(root).precedence, record::Precedence::kFlash);
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));  // less urgent, and takes nothing back
  pair_.settle();
  EXPECT_EQ(stored(root).line, kCutLine);
  EXPECT_EQ(stored(root).precedence, record::Precedence::kFlash);
  expect_comes(root);
}

TEST_F(NamedTwice, AfterTheLineOfTheFirstWasCutItComesOverTheOther) {
  lose_[1] = true;  // who named it is not asked for its pieces
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine)));
  pair_.settle();
  const record::BlobKey theirs{pair_.pair().lineage(), Pair::name(0), false, root};
  ASSERT_TRUE(pair_.store(1).blob(theirs)) << "its message is there";
  cut(0);
  ASSERT_FALSE(open(1));
  lose_[1] = false;
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  expect_comes(root);
  EXPECT_EQ(pair_.store(1).blob(theirs)->line, kOther);
}

// Both lines name it, and the one by which it goes is cut before it came: on the other's word it comes all the same.
TEST_F(NamedTwice, ByTwoOpenLinesItComesAlsoWhenTheFirstIsCut) {
  for (const bool restarts : {false, true})
    for (const std::size_t cutter : {0u, 1u}) {
      SCOPED_TRACE(std::to_string(restarts) + " " + std::to_string(cutter));
      bytes_[0] = static_cast<std::uint8_t>(2 * cutter + restarts);
      lose_[1] = true;  // nobody is asked for its pieces
      const Digest root = pair_.hand_over(0, kCutLine, bytes_);
      ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine)));
      ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
      pair_.settle();
      const record::BlobKey theirs{pair_.pair().lineage(), Pair::name(0), false, root};
      ASSERT_TRUE(pair_.store(1).blob(theirs)) << "its messages are there";
      ASSERT_EQ(stored(root).line, kCutLine);
      lose_[0] = lose_[1] = cutter == 1;
      if (cutter == 0) lose_[1] = true;
      cut(cutter);
      if (restarts)
        for (std::size_t side : {0u, 1u}) restart(side);
      expect_comes(root);
      ASSERT_FALSE(open(0));
      ASSERT_FALSE(open(1));
      lift(cutter);
      ASSERT_TRUE(open(0));
    }
}

// And when the line is open again it goes by the more urgent word again.
TEST_F(NamedTwice, TheMoreUrgentLineCountsAgainWhenItsCutIsLifted) {
  lose_[1] = true;
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine, record::Precedence::kFlash)));
  pair_.settle();
  const record::BlobKey key{pair_.pair().lineage(), Pair::name(1), true, root};
  const auto goes = [&] { return peer(0).documents().going(pair_.store(0), key, stored(root)); };
  EXPECT_EQ(goes().line, kCutLine);
  EXPECT_EQ(goes().precedence, record::Precedence::kFlash);
  cut(0);
  EXPECT_EQ(goes().line, kOther);
  EXPECT_EQ(goes().precedence, record::Precedence::kRoutine);
  EXPECT_EQ(peer(0).documents().unconfirmed(kOther).count, 1u);
  lose_[1] = false;
  lift(0);
  EXPECT_EQ(goes().line, kCutLine);
}

TEST_F(NamedTwice, AfterTheDiskRefusedTheFirstMessageItGoesWithTheNextOne) {
  const Digest root = pair_.hand_over(0, kOther, bytes_);
  full_ = true;
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.settle();
  ASSERT_EQ(stored(root).state, record::BlobState::kReady);
  full_ = false;
  pair_.run(std::chrono::seconds(5));
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.run(std::chrono::minutes(1));
  EXPECT_EQ(pair_.document(1, root), bytes_);
}

// What was never said names nothing, also where the one that is said is of another line.
TEST_F(NamedTwice, WhatTheDiskRefusedDoesNotCount) {
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  lose_[1] = true;
  full_ = true;
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine, record::Precedence::kFlash)));
  pair_.settle();
  full_ = false;
  pair_.run(std::chrono::seconds(5));
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.settle();
  EXPECT_EQ(stored(root).line, kOther);
  EXPECT_EQ(stored(root).precedence, record::Precedence::kRoutine);
  cut(0);
  restart(0);
  lose_[1] = false;
  pair_.run(std::chrono::minutes(1));
  EXPECT_EQ(pair_.document(1, root), bytes_);
}

// Of two messages that wait the first is refused: the second names it by itself.
TEST_F(NamedTwice, ByTheSecondOfTwoThatWaitWhereTheDiskRefusesTheFirst) {
  const Digest root = pair_.hand_over(0, kOther, bytes_);
  pair_.stop(1);
  pair_.run(std::chrono::minutes(10));
  std::size_t asked = 0;
  pair_.disk = [&](std::size_t side) { return side == 0 && asked++ == 0 ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes; };
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.settle();
  EXPECT_EQ(peer(0).line(kOther)->queued(), 1u);
  EXPECT_EQ(stored(root).state, record::BlobState::kNamed);
}

// Its reader's disk went back, and asks for it; meanwhile its line is cut, and it is named on another one.
TEST_F(NamedTwice, WhenItIsSentAgainAndNamedAnewItGoesByTheNewLine) {
  const auto before = pair_.store(1).snapshot();
  bytes_ = Bytes(kSize, 9);
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine)));
  pair_.run(std::chrono::minutes(1));
  ASSERT_EQ(stored(root).state, record::BlobState::kConfirmed);
  pair_.stop(1);
  pair_.store(1).restore(before);
  bool data = false;
  pair_.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 0 && !data && datagram.size() > 300) return std::nullopt;  // what carries its pieces
    return datagram;
  };
  pair_.start(1);
  pair_.run(std::chrono::minutes(1));
  ASSERT_FALSE(pair_.document(1, root));
  cut(0);
  ASSERT_FALSE(open(1));
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.run(std::chrono::seconds(5));
  data = true;
  pair_.run(std::chrono::minutes(3));
  EXPECT_EQ(pair_.document(1, root), bytes_);
}

// The second word is said while the first is on its way to the disk.
TEST_F(NamedTwice, AtOnceItGoesAsTheMoreUrgentOne) {
  for (const bool first : {false, true}) {
    bytes_[0] = first;
    lose_[0] = lose_[1] = true;
    const Digest root = pair_.hand_over(0, kCutLine, bytes_);
    const auto routine = naming(root, kOther), flash = naming(root, kCutLine, record::Precedence::kFlash);
    ASSERT_TRUE(pair_.submit(0, first ? flash : routine));
    ASSERT_TRUE(pair_.submit(0, first ? routine : flash));
    pair_.settle();
    EXPECT_EQ(stored(root).line, kCutLine);
    EXPECT_EQ(stored(root).precedence, record::Precedence::kFlash);
    expect_comes(root);
  }
}

}  // namespace
}  // namespace detente::sim
