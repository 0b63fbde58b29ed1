// A document that two messages of its author's name, one after the other: how it goes. spec/document.md section 3.
#include "sim/acting_pair_for_test.h"

namespace detente::sim {
namespace {

class NamedTwice : public ActingPair {
 protected:
  NamedTwice() : ActingPair(58) {}
  record::Entry naming(const Digest& root, LineId line, record::Precedence precedence = record::Precedence::kRoutine) {
    record::Entry out;
    out.header.line = line;
    out.header.time = pair_.now(0).wall;
    out.header.precedence = precedence;
    out.header.attachments = {{root, kSize, "application/pdf", ""}};
    return out;
  }
  record::StoredBlob stored(const Digest& root) { return *pair_.store(0).blob({pair_.pair().lineage(), Pair::name(1), true, root}); }

  static constexpr std::size_t kSize = 5000;
  const Bytes bytes_ = Bytes(kSize, 7);
};

TEST_F(NamedTwice, ByAMessageOfACutLineThatWasTakenBackItGoesWithTheNextOne) {
  cut(0);
  const Digest root = pair_.hand_over(0, kCutLine, bytes_);
  ASSERT_TRUE(pair_.submit(0, naming(root, kCutLine), true));
  pair_.settle();
  ASSERT_EQ(pair_.withdraw(0, kCutLine, [](const record::Entry&) { return true; }, "by its author"), 1u);
  ASSERT_TRUE(pair_.submit(0, naming(root, kOther)));
  pair_.run(std::chrono::minutes(2));
  EXPECT_EQ(pair_.document(1, root), bytes_);
  EXPECT_EQ(stored(root).state, record::BlobState::kConfirmed);
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
  lose_[0] = lose_[1] = false;
  pair_.run(std::chrono::minutes(2));
  EXPECT_EQ(pair_.document(1, root), bytes_);
  EXPECT_EQ(stored(root).state, record::BlobState::kConfirmed);
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
  pair_.run(std::chrono::minutes(2));
  EXPECT_EQ(pair_.document(1, root), bytes_);
  EXPECT_EQ(pair_.store(1).blob(theirs)->line, kOther);
  EXPECT_EQ(stored(root).state, record::BlobState::kConfirmed);
}

}  // namespace
}  // namespace detente::sim
