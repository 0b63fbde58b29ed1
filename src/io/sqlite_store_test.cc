#include "io/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/sqlite_schema.h"
#include "io/sqlite_test_folder.h"
#include "io/sqlite_wal.h"
#include "record/store_contract.h"

namespace detente::record::contract {

struct SqliteHarness {
  SqliteHarness() { reopen(); }
  Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    auto opened = io::SqliteStore::open(folder_.file("station.db"));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  io::TestFolder folder_;
  std::unique_ptr<io::SqliteStore> store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, SqliteHarness);

}  // namespace detente::record::contract

namespace detente::io {
namespace {

using namespace record;
using namespace record::contract;

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_whole(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class SqliteFile : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> open() {
    auto opened = SqliteStore::open(path_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  // A message names the file and what to do.
  Error refused(const std::string& path) {
    const auto opened = SqliteStore::open(path);
    EXPECT_FALSE(opened);
    if (opened) return {};
    EXPECT_NE(opened.error().message.find(path), std::string::npos) << opened.error().message;
    return opened.error();
  }
  Result<void> put(Store& store, const Fence& fence, std::vector<Write> writes) {
    const Batch batch{fence, std::nullopt, std::move(writes)};
    return store.commit({&batch, 1});
  }
  // Runs SQL on the closed file as another program would.
  void sql(const std::string& text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  TestFolder folder_;
  const std::string path_ = folder_.file("station.db");
  const LineKey line_ = line_key(3);
  const LogKey log_ = log_key(line_);
};

TEST_F(SqliteFile, IsClosedToOtherUsers) {
  write_whole(path_, "");
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  const auto store = open();
  ASSERT_TRUE(store->claim(line_));
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat found {};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &found), 0) << suffix;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(SqliteFile, NewerVersionIsLeftAsItIs) {
  ASSERT_TRUE(open()->claim(line_));
  sql("PRAGMA journal_mode=DELETE; PRAGMA user_version=" + std::to_string(kSchemaVersion + 1));
  const std::string before = read_whole(path_);
  const Error error = refused(path_);
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_NE(error.message.find("newer"), std::string::npos);
  EXPECT_EQ(read_whole(path_), before);
  EXPECT_FALSE(wal_left_behind(path_));
}

TEST_F(SqliteFile, NewerVersionInTheLogIsLeftAsItIs) {
  // A newer station that was killed: its version stands in the write-ahead log alone.
  ASSERT_TRUE(open()->claim(line_));
  const std::string copy = folder_.file("killed.db");
  {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    const std::string text = "PRAGMA user_version=" + std::to_string(kSchemaVersion + 1);
    ASSERT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    write_whole(copy, read_whole(path_));
    write_whole(wal_path(copy), read_whole(wal_path(path_)));
    sqlite3_close(handle);
  }
  const std::string file = read_whole(copy);
  const std::string log = read_whole(wal_path(copy));
  EXPECT_EQ(refused(copy).fault, Fault::kUnsupported);
  EXPECT_EQ(read_whole(copy), file);
  EXPECT_EQ(read_whole(wal_path(copy)), log);
}

TEST_F(SqliteFile, AnotherFileIsRefused) {
  write_whole(path_,
              "Dear colleague, this is a letter and not a database. " + std::string(5000, '.'));
  const std::string before = read_whole(path_);
  EXPECT_EQ(refused(path_).fault, Fault::kMalformed);
  EXPECT_EQ(read_whole(path_), before);
}

TEST_F(SqliteFile, AnotherProgramsDatabaseIsRefused) {
  sql("CREATE TABLE recipes(name TEXT)");
  const std::string before = read_whole(path_);
  EXPECT_EQ(refused(path_).fault, Fault::kMalformed);
  EXPECT_EQ(read_whole(path_), before);
}

// It lies in a station's directory: moving it away would begin an empty record.
TEST_F(SqliteFile, AHeadThatRottedIsDamageAndNotAnotherFile) {
  ASSERT_TRUE(open()->claim(line_));
  const std::string good = read_whole(path_);
  for (const std::size_t at : {0, 15, 18, 19, 68, 71}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    write_whole(path_, bad);
    const Error error = refused(path_);
    EXPECT_NE(error.message.find("is damaged"), std::string::npos) << at << ": " << error.message;
    EXPECT_NE(error.message.find("keep a copy"), std::string::npos) << at << ": " << error.message;
    EXPECT_EQ(error.message.find("right to write"), std::string::npos) << at << ": " << error.message;
    EXPECT_EQ(read_whole(path_), bad) << at;
  }
}

TEST_F(SqliteFile, UnwritablePlaceIsSaid) {
  EXPECT_EQ(refused(folder_.file("missing/station.db")).fault, Fault::kIo);
  // A file where the directory should be stops every user, root too.
  write_whole(folder_.file("file"), "x");
  EXPECT_EQ(refused(folder_.file("file/station.db")).fault, Fault::kIo);
  std::filesystem::create_directory(folder_.file("directory"));
  EXPECT_EQ(refused(folder_.file("directory")).fault, Fault::kIo);
}

TEST_F(SqliteFile, SecondStationIsRefused) {
  const auto store = open();
  const Error error = refused(path_);
  EXPECT_EQ(error.fault, Fault::kState);
  EXPECT_NE(error.message.find("already running (process id " + std::to_string(::getpid()) + ")"),
            std::string::npos)
      << error.message;
  EXPECT_TRUE(store->claim(line_));  // the first is not disturbed
}

TEST_F(SqliteFile, DamageIsNoticedAfterACrash) {
  {
    const auto store = open();
    const auto fence = store->claim(line_);
    ASSERT_TRUE(put(*store, *fence, {OpenLog{log_, 1}}));
    for (std::uint64_t i = 0; i < 200; ++i) {
      ASSERT_TRUE(put(*store, *fence, {AppendEntry{log_, entry(i)}}));
    }
  }
  std::string bytes = read_whole(path_);
  ASSERT_GT(bytes.size(), 12u * 4096);
  for (std::size_t at = 4096; at < bytes.size(); at += 4096) bytes[at + 3] ^= 0x55;
  write_whole(path_, bytes);
  write_whole(wal_path(path_), "x");  // left behind
  const Error error = refused(path_);
  EXPECT_EQ(error.fault, Fault::kIo);
  EXPECT_NE(error.message.find("damaged"), std::string::npos) << error.message;
}

// SQLite has other words than "corrupt" for some of them: "unsupported file format".
TEST_F(SqliteFile, WhateverRotsInItsHeadIsRefusedWithWhatToDo) {
  constexpr std::size_t kHead = 100;  // https://sqlite.org/fileformat.html section 1.3
  ASSERT_TRUE(open()->claim(line_));
  const std::string whole = read_whole(path_);
  const std::string rotten = folder_.file("rotten.db");
  int refusals = 0;
  for (std::size_t at = 0; at < kHead; ++at)
    for (const int bit : {0, 3, 7}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      write_whole(rotten, bytes);
      const auto opened = SqliteStore::open(rotten);
      if (opened) continue;
      ++refusals;
      const std::string& words = opened.error().message;
      EXPECT_EQ(words.find("(SQLite "), std::string::npos) << "byte " << at << ", bit " << bit << ": " << words;
    }
  EXPECT_GT(refusals, 50);
}

TEST_F(SqliteFile, FailedReadStopsCommits) {
  {
    const auto store = open();
    const auto fence = store->claim(line_);
    ASSERT_TRUE(put(*store, *fence, {OpenLog{log_, 1}}));
    std::vector<Write> writes;
    for (std::uint64_t i = 0; i < 2000; ++i) writes.push_back(AppendEntry{log_, entry(i)});
    ASSERT_TRUE(put(*store, *fence, std::move(writes)));
  }
  std::string bytes = read_whole(path_);
  // The entries' pages; the small tables in front stay readable.
  for (std::size_t at = 30 * 4096; at < bytes.size(); at += 4096) bytes[at] = 0x55;
  write_whole(path_, bytes);
  const auto store = open();
  EXPECT_FALSE(store->fault());
  store->entries(log_, 0, 2000, 2000);
  ASSERT_TRUE(store->fault());
  EXPECT_NE(store->fault()->message.find("damaged"), std::string::npos);
  EXPECT_EQ(store->claim(line_).error().fault, Fault::kIo);
  EXPECT_EQ(store->commit({}).error().fault, Fault::kIo);
}

TEST_F(SqliteFile, MaintainStartsTheLogOverAndKeepsItsSize) {
  const auto store = open();
  const auto fence = store->claim(line_);
  ASSERT_TRUE(put(*store, *fence, {OpenLog{log_, 1}}));
  EXPECT_EQ(std::filesystem::file_size(wal_path(path_)), static_cast<std::uintmax_t>(kWalPresized));
  for (std::uint64_t i = 0; i < 600; ++i) {
    ASSERT_TRUE(put(*store, *fence, {AppendEntry{log_, entry(i)}}));
    if (i % 50 == 0) {
      ASSERT_TRUE(store->maintain());
    }
  }
  EXPECT_EQ(std::filesystem::file_size(wal_path(path_)), static_cast<std::uintmax_t>(kWalPresized));
  EXPECT_EQ(store->entries(log_, 0, 1000, 1000).size(), 600u);
}

TEST_F(SqliteFile, ReplacedKeyIsOverwritten) {
  Bytes old_key(32);
  for (std::size_t i = 0; i < old_key.size(); ++i)
    old_key[i] = static_cast<std::uint8_t>(17 * i + 3);
  const auto found = [&] {
    const std::string everywhere = read_whole(path_) + read_whole(wal_path(path_));
    return everywhere.find(as_string(old_key)) != std::string::npos;
  };
  auto store = open();
  const auto fence = store->claim(line_);
  ASSERT_TRUE(
      put(*store, *fence, {PutLinkState{line_.lineage, "north/main", {1, 1, 1, old_key, {}}}}));
  EXPECT_TRUE(found());
  const LinkState next{1, 1, 2, Bytes(32, 0x77), {}};
  ASSERT_TRUE(put(*store, *fence, {PutLinkState{line_.lineage, "north/main", next}}));
  ASSERT_TRUE(store->maintain());
  EXPECT_FALSE(found());
  EXPECT_EQ(store->link_state(line_.lineage, "north/main")->psk, next.psk);
  store.reset();
  EXPECT_EQ(open()->link_state(line_.lineage, "north/main")->psk, next.psk);
}

TEST_F(SqliteFile, ReaderSeesWholeCommitsWhileTheWriterWrites) {
  const auto store = open();
  const auto fence = store->claim(line_);
  const LogKey second = log_key(line_, true, 9);
  ASSERT_TRUE(put(*store, *fence, {OpenLog{log_, 1}, OpenLog{second, 2}}));
  constexpr std::uint64_t kCommits = 400;
  std::atomic<bool> writing = true;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kCommits; ++i) {
      const bool done = put(*store, *fence,
                            {AppendEntry{log_, entry(2 * i)}, AppendEntry{log_, entry(2 * i + 1)},
                             PutCheckpoint{log_, {2 * i + 2, entry(i).leaf, signature(1)}}})
                            .has_value();
      EXPECT_TRUE(done);
      if (i % 64 == 0) {
        EXPECT_TRUE(store->maintain());
      }
    }
    writing = false;
  });
  std::uint64_t last = 0;
  while (writing) {
    const std::uint64_t size = store->logs(line_).at(0).size;
    EXPECT_EQ(size % 2, 0u);
    EXPECT_GE(size, last);
    last = size;
    if (size == 0) continue;
    EXPECT_TRUE(store->checkpoint_covering(log_, size));
    EXPECT_TRUE(root_at(*store->tiles(log_), size));
  }
  writer.join();
  EXPECT_EQ(store->logs(line_).at(0).size, 2 * kCommits);
  EXPECT_FALSE(store->fault());
}

}  // namespace
}  // namespace detente::io
