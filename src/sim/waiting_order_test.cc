// What waits while the disk is slow or full: its order, and how often the disk is asked.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using enum record::Precedence;

class WaitingOrder : public testing::Test {
 protected:
  WaitingOrder() : pair_(71) {
    pair_.start();
    pair_.disk = [this](std::size_t side) {
      ++asked_[side];
      // Else a station that asks without end would never let the test end.
      return asked_[side] > kAskedMost ? QuietPair::Disk::kTakes : disk_[side];
    };
  }
  const core::Line& line(std::size_t side) { return *pair_.station(side).peer(PeerId{0}).line(kLine); }
  // Until no index is left: the other side's disk takes none of it.
  void fill_the_window() {
    disk_[1] = QuietPair::Disk::kBusy;
    while (line(0).queued() == 0) ASSERT_TRUE(pair_.say(0, kLine, "entry"));
  }
  std::vector<std::string> texts(std::size_t side) {
    std::vector<std::string> out;
    for (const record::StoredEntry& stored : pair_.store(side).entries(line(side).own().key(), 0, UINT64_MAX, 10'000))
      if (const auto entry = record::decode_entry(stored.bytes)) out.emplace_back(as_string(entry->body));
    return out;
  }

  static constexpr std::size_t kAskedMost = 2000;
  QuietPair pair_;
  QuietPair::Disk disk_[2] = {QuietPair::Disk::kTakes, QuietPair::Disk::kTakes};
  std::size_t asked_[2] = {0, 0};
};

TEST_F(WaitingOrder, AFlashDoesNotPassAnotherThatIsStillBeingKept) {
  fill_the_window();
  pair_.settle();
  disk_[0] = QuietPair::Disk::kBusy;
  ASSERT_TRUE(pair_.say(0, kLine, "first", kFlash));
  pair_.settle();
  disk_[1] = QuietPair::Disk::kTakes;  // receipts come, and there is room
  pair_.run(std::chrono::seconds(1));
  ASSERT_TRUE(pair_.say(0, kLine, "second", kFlash));
  pair_.settle();
  disk_[0] = QuietPair::Disk::kTakes;
  pair_.run(std::chrono::seconds(20));
  const auto all = texts(0);
  const auto first = std::find(all.begin(), all.end(), "first"), second = std::find(all.begin(), all.end(), "second");
  ASSERT_TRUE(first != all.end() && second != all.end());
  EXPECT_LT(first, second);
}

TEST_F(WaitingOrder, AFullDiskIsNotAskedWithoutPause) {
  fill_the_window();
  pair_.settle();
  disk_[0] = QuietPair::Disk::kFull;
  disk_[1] = QuietPair::Disk::kTakes;
  asked_[0] = 0;
  pair_.run(std::chrono::seconds(10));
  EXPECT_GE(asked_[0], 5u);
  EXPECT_LE(asked_[0], 100u);
  disk_[0] = QuietPair::Disk::kTakes;
  pair_.run(std::chrono::seconds(20));
  EXPECT_EQ(line(0).queued(), 0u);
  EXPECT_EQ(line(0).own().receipted_size(), line(0).own().size());
}

// What a disk takes behind the moment in which a change of the accord leaves the line: the message goes back to its author.
class RetiredLine : public WaitingOrder, public testing::WithParamInterface<bool> {};

TEST_P(RetiredLine, GivesBackWhatWasStillBeingKept) {
  if (GetParam()) fill_the_window();
  disk_[0] = QuietPair::Disk::kBusy;
  ASSERT_TRUE(pair_.say(0, kLine, "on the brink"));
  pair_.settle();
  pair_.take_events(0);
  pair_.leave(0, {kLine});
  disk_[0] = disk_[1] = QuietPair::Disk::kTakes;
  pair_.settle();
  std::size_t given_back = 0;
  for (const core::DeskEvent& event : pair_.take_events(0))
    if (const auto* failed = std::get_if<core::SubmissionFailed>(&event))
      given_back += failed->given_back && as_string(failed->given_back->body) == "on the brink" ? 1 : 0;
  EXPECT_EQ(given_back, 1u);
  EXPECT_EQ(line(0).queued(), 0u);
}
INSTANTIATE_TEST_SUITE_P(InItsPlaceOrWithoutOne, RetiredLine, testing::Bool());

}  // namespace
}  // namespace detente::sim
