// Copies that arrive by another path after hundreds of entries more: eight bits of an index, or of a receipt's size, that
// are read as the nearest mean another place then.
#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kSouth = 0, kNorth = 1;

// The parameter: by how much the one path is the slower one.
struct LateCopies : testing::TestWithParam<Duration> {
  static PairOptions two_paths() {
    PairOptions options;
    options.paths = 2;
    return options;
  }
  LateCopies() {
    pair.delay = [](std::size_t, std::size_t) { return Duration(milliseconds(1)); };
    pair.longer[PathId{2}] = GetParam();
    pair.start();
    pair.run(seconds(30));
    for (const std::size_t side : {kSouth, kNorth}) pair.take_events(side);
  }
  void say(LineId line, std::uint64_t count, Duration every, bool same_text, record::Precedence precedence) {
    for (std::uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(pair.say(kSouth, line, same_text ? "Hold your fire." : "Message " + std::to_string(i) + ".", precedence));
      pair.run(every);
    }
    said += count;
  }
  void expect_all_once_without_alarm(LineId line, Duration within) {
    pair.run(within);
    EXPECT_TRUE(pair.station(kSouth).peer(PeerId{0}).line(line)->own().unreceipted().empty());
    std::set<std::uint64_t> arrived;
    for (const std::size_t side : {kSouth, kNorth})
      for (const core::DeskEvent& event : pair.take_events(side)) {
        if (const auto* alarm = std::get_if<core::Alarm>(&event)) ADD_FAILURE() << side << ": " << alarm->text;
        const auto* entry = std::get_if<core::EntryArrived>(&event);
        if (entry == nullptr || entry->line != line) continue;
        EXPECT_TRUE(arrived.insert(entry->index).second) << entry->index;
      }
    EXPECT_EQ(arrived.size(), said);
  }
  QuietPair pair{29, two_paths()};
  std::uint64_t said = 0;
};

TEST_P(LateCopies, OfFlashesAreTakenForNoOtherPlace) {
  for (const LineId line : {LineId{1}, LineId{2}}) {
    said = 0;
    say(line, 1000, milliseconds(1), false, record::Precedence::kFlash);
    expect_all_once_without_alarm(line, seconds(10));
  }
}

TEST_P(LateCopies, TheSameTextAThousandTimesIsAThousandMessages) {
  for (const LineId line : {LineId{1}, LineId{2}}) {
    said = 0;
    say(line, 1000, milliseconds(1), true, record::Precedence::kFlash);
    expect_all_once_without_alarm(line, seconds(10));
  }
}

// A path stands still with what is on it, and delivers it when the other one has carried hundreds of entries more.
TEST_P(LateCopies, OfAPathThatStoodStillAreTakenForNoOtherPlace) {
  for (const LineId line : {LineId{1}, LineId{2}}) {
    said = 0;
    pair.longer = {{PathId{2}, Duration(0)}};
    for (int round = 0; round < 4; ++round) {
      pair.longer[PathId{static_cast<std::uint8_t>(1 + round % 2)}] = GetParam() * 4;
      say(line, 300, milliseconds(2), false, record::Precedence::kRoutine);
      pair.longer.clear();
      pair.run(seconds(3));
    }
    expect_all_once_without_alarm(line, seconds(30));
  }
}

INSTANTIATE_TEST_SUITE_P(ByMilliseconds, LateCopies,
                         testing::Values(milliseconds(130), milliseconds(256), milliseconds(300), milliseconds(600), milliseconds(1024)),
                         [](const auto& info) { return std::to_string(info.param.count() / 1000); });

}  // namespace
}  // namespace detente::sim
