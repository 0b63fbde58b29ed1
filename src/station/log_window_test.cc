#include "station/log_window.h"

#include <gtest/gtest.h>

#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"

namespace detente::station {
namespace {

TEST(LogWindow, IsOfTheNewestEntriesOfOneSideOverItsEpochs) {
  const io::TestFolder folder;
  const auto held = std::move(*io::SqliteStore::open(folder.file("record.db")));
  io::SqliteStore& store = *held;
  const record::LineKey line{{7}, LineId{2}};
  const record::Fence fence = *store.claim(line);
  const auto add = [&](bool own, std::uint8_t epoch, std::uint64_t entries) {
    const record::LogKey log{line, own, own ? "south/main" : "north/main", {epoch}};
    record::Batch batch{fence, std::nullopt, {record::OpenLog{log, epoch}}};
    for (std::uint64_t index = 0; index < entries; ++index) {
      record::StoredEntry entry;
      entry.index = index;
      entry.bytes = record::encode_entry({});
      entry.leaf = record::leaf_of(entry.bytes, entry.salt);
      batch.writes.push_back(record::AppendEntry{log, entry});
    }
    ASSERT_TRUE(store.commit({&batch, 1}));
  };
  add(false, 1, 5);
  add(true, 2, 9);
  add(false, 3, 4);
  add(false, 4, 1);
  const auto parts = [&](bool own, std::uint64_t most) {
    std::vector<std::pair<int, std::uint64_t>> out;
    for (const LogWindow& one : newest_entries(store, line, own, most)) out.emplace_back(one.info.log.epoch[0], one.from);
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
