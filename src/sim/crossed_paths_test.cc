// Two paths of which each carries one direction alone: that of one path from south to north, that of the other back.
#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The parameter: the path on which south's packets arrive.
struct CrossedPaths : testing::TestWithParam<std::uint8_t> {
  void cross() {
    pair.cut_from(kNorth, PathId{GetParam()}, true);
    pair.cut_from(kSouth, PathId{static_cast<std::uint8_t>(3 - GetParam())}, true);
  }
  const core::Line& line(std::size_t side) { return *pair.station(side).peer(PeerId{0}).line(kLine); }
  // Each says something that is receipted in this time.
  void expect_carried(record::Precedence precedence, Duration within) {
    for (const std::size_t side : {kSouth, kNorth}) ASSERT_TRUE(pair.say(side, kLine, "Are you there?", precedence));
    pair.run(within);
    for (const std::size_t side : {kSouth, kNorth}) EXPECT_TRUE(line(side).own().unreceipted().empty()) << side;
  }
  QuietPair pair{19, two_paths()};
};

TEST_P(CrossedPaths, CarryBothDirections) {
  pair.start();
  pair.run(seconds(30));
  cross();
  expect_carried(record::Precedence::kRoutine, seconds(3));
  // And go on to do so, whatever heartbeats find out.
  for (int i = 0; i < 60; ++i) {
    expect_carried(i % 3 == 2 ? record::Precedence::kFlash : record::Precedence::kRoutine, milliseconds(500));
    pair.run(milliseconds(4500));
  }
}

TEST_P(CrossedPaths, ComeUp) {
  cross();
  pair.start();
  pair.run(seconds(10));
  expect_carried(record::Precedence::kRoutine, seconds(1));
  pair.stop(kNorth);
  pair.start(kNorth);
  pair.run(seconds(10));
  expect_carried(record::Precedence::kRoutine, seconds(1));
}

TEST_P(CrossedPaths, CarryDocuments) {
  pair.start();
  pair.run(seconds(30));
  cross();
  const Bytes south(200000, 1), north(200000, 2);
  const Digest of_south = pair.send_document(kSouth, kLine, south), of_north = pair.send_document(kNorth, kLine, north);
  pair.run(seconds(10));
  EXPECT_EQ(pair.document(kNorth, of_south), south);
  EXPECT_EQ(pair.document(kSouth, of_north), north);
}

// Any of as many paths as an accord may name carries a FLASH alone, and at once: it leaves on all of them.
TEST(ManyPaths, AFlashComesByWhicheverIsLeft) {
  constexpr std::uint8_t kPaths = 32;
  PairOptions options;
  options.paths = kPaths;
  QuietPair pair{20, options};
  pair.start();
  pair.run(seconds(60));
  const core::OwnLog& own = pair.station(kSouth).peer(PeerId{0}).line(kLine)->own();
  for (const std::uint8_t left : {std::uint8_t{1}, std::uint8_t{17}, kPaths}) {
    for (std::uint8_t path = 1; path <= kPaths; ++path) pair.cut(PathId{path}, path != left);
    ASSERT_TRUE(pair.say(kSouth, kLine, "Hold your fire.", record::Precedence::kFlash));
    pair.run(milliseconds(100));
    EXPECT_TRUE(own.unreceipted().empty()) << "path " << int{left};
    for (std::uint8_t path = 1; path <= kPaths; ++path) pair.cut(PathId{path}, false);
    pair.run(seconds(60));
  }
}

INSTANTIATE_TEST_SUITE_P(EitherWay, CrossedPaths, testing::Values(1, 2));

}  // namespace
}  // namespace detente::sim
