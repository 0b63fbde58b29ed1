#include "station/log_window.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

TEST(LogWindow, IsOfTheNewestEntriesOfOneSideOverItsEpochs) {
  std::vector<record::Reader::LogInfo> logs;
  const auto add = [&](bool own, std::uint8_t epoch, std::uint64_t entries) {
    logs.push_back({{{{7}, LineId{2}}, own, own ? "south/main" : "north/main", {epoch}}, epoch, entries, 0});
  };
  add(false, 1, 5);
  add(true, 2, 9);
  add(false, 3, 4);
  add(false, 4, 1);
  const auto parts = [&](bool own, std::uint64_t most) {
    std::vector<std::pair<int, std::uint64_t>> out;
    for (const LogWindow& one : newest_entries(logs, own, most)) out.emplace_back(one.info.log.epoch[0], one.from);
    return out;
  };
  using Parts = std::vector<std::pair<int, std::uint64_t>>;
  EXPECT_EQ(parts(false, 7), (Parts{{1, 3}, {3, 0}, {4, 0}}));
  EXPECT_EQ(parts(false, 5), (Parts{{3, 0}, {4, 0}}));
  EXPECT_EQ(parts(false, 2), (Parts{{3, 3}, {4, 0}}));
  EXPECT_EQ(parts(false, 100), (Parts{{1, 0}, {3, 0}, {4, 0}}));
  EXPECT_EQ(parts(true, 3), (Parts{{2, 6}}));
  EXPECT_EQ(parts(true, 0), Parts{});
}

}  // namespace
}  // namespace detente::station
