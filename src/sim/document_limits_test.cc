// Documents that are more than this side keeps or wants at a time, on a quiet network.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::seconds;

record::BlobState state_of(QuietPair& pair, const Digest& root) {
  const auto blob = pair.store(1).blob({pair.pair().lineage(), Pair::name(0), false, root});
  return blob ? blob->state : record::BlobState::kFilling;
}

std::size_t in_state(QuietPair& pair, const std::vector<Digest>& roots, record::BlobState state) {
  return static_cast<std::size_t>(
      std::count_if(roots.begin(), roots.end(), [&](const Digest& root) { return state_of(pair, root) == state; }));
}

// Of short ones many would have room: each takes that of a piece.
TEST(DocumentLimits, EachTakesTheRoomOfAPieceAtLeast) {
  PairOptions options;
  options.documents.room = 10 * record::kPieceBytes;
  QuietPair pair(32, options);
  pair.start();
  std::vector<Digest> roots;
  for (std::uint64_t i = 0; i < 20; ++i) {
    roots.push_back(pair.send_document(0, kLine, drawn(i + 2, i + 1)));
    pair.run(seconds(1));
  }
  EXPECT_EQ(in_state(pair, roots, record::BlobState::kHere), 10u);
  EXPECT_EQ(in_state(pair, roots, record::BlobState::kRefused), 10u);
}

// More than are wanted at a time: those beyond come after a start, and no word waits for any of them.
TEST(DocumentLimits, ThoseBeyondTheNumberThatIsWantedComeAfterAStart) {
  PairOptions options;
  options.documents.open_max = 40;
  options.path_terms[PathId{1}] = {100000, 1200};
  QuietPair pair(33, options);
  pair.start();
  std::vector<Digest> roots;
  for (std::uint64_t i = 0; i < 100; ++i) roots.push_back(pair.send_document(0, kLine, drawn(3000 + i, i + 1)));
  for (int i = 0; i < 100; ++i) {
    pair.run(std::chrono::milliseconds(50));
    ASSERT_LE(in_state(pair, roots, record::BlobState::kWanted), 40u);
  }
  EXPECT_GT(in_state(pair, roots, record::BlobState::kRefused), 20u);
  pair.take_events(1);
  ASSERT_TRUE(pair.say(0, LineId{2}, "The other line is open."));
  pair.run(seconds(1));
  const auto events = pair.take_events(1);
  EXPECT_TRUE(std::any_of(events.begin(), events.end(),
                          [](const auto& event) { return std::holds_alternative<core::EntryArrived>(event); }));
  for (int life = 0; life < 3; ++life) {
    pair.run(std::chrono::minutes(2));
    EXPECT_EQ(in_state(pair, roots, record::BlobState::kWanted), 0u);
    pair.stop(1);
    pair.start(1);
  }
  pair.run(std::chrono::minutes(2));
  for (const Digest& root : roots) EXPECT_TRUE(pair.document(1, root));
}

// The only place there is, which the disk did not let it have at first.
TEST(DocumentLimits, NamedInVainTakesNoRoom) {
  PairOptions options;
  options.documents.room = record::kPieceBytes;
  options.documents.open_max = 1;
  QuietPair pair(34, options);
  pair.start();
  bool full = true;
  pair.disk = [&](std::size_t side) {
    return side == 1 && full ? QuietPair::Disk::kFull : QuietPair::Disk::kTakes;
  };
  const Bytes bytes = drawn(1000);
  const Digest root = pair.send_document(0, kLine, bytes);
  pair.run(seconds(10));
  EXPECT_EQ(state_of(pair, root), record::BlobState::kFilling) << "not known";
  full = false;
  pair.run(seconds(60));
  EXPECT_EQ(pair.document(1, root), bytes);
}

}  // namespace
}  // namespace detente::sim
