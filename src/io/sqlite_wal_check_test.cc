// A write-ahead log that rotted is told from one that a power cut tore.
#include "io/sqlite_wal_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "io/sqlite_check.h"
#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "io/sqlite_wal.h"
#include "record/store_contract_fixture.h"

namespace detente::io {
namespace {

using namespace record;
using namespace record::contract;

constexpr std::size_t kHead = 32, kFrame = 24 + 4096;
constexpr int kCommits = 6;

class SqliteWalCheck : public ::testing::Test {
 protected:
  // A store that was killed after six commits of one item each: its files as they were then, with the mark or without.
  void SetUp() override {
    const std::string alive = folder_.file("alive.db");
    const auto store = SqliteStore::open(alive);
    ASSERT_TRUE(store) << store.error().message;
    const auto fence = (*store)->claim(line_);
    ASSERT_TRUE(fence);
    for (int number = 0; number < kCommits; ++number) {
      const Batch one{*fence, std::nullopt, {PutOutbox{line_, {static_cast<std::uint64_t>(number + 1), to_bytes(as_bytes(words(number)))}}}};
      ASSERT_TRUE((*store)->commit({&one, 1}));
    }
    for (const char* rest : {"", "-wal", "-end"}) whole_[rest] = read(alive + rest);
    mark_ = read_log_mark(alive);
    ASSERT_TRUE(mark_);
    EXPECT_GE(mark_->frames, static_cast<std::uint32_t>(kCommits));
    whole_["-wal"].resize(end() + 2 * kFrame);  // of the zeros behind it some are enough
  }

  static std::string words(int number) { return "what is durable, number " + std::to_string(number) + " of them"; }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Those files with this log, at a path of their own.
  std::string with(const std::string& log, bool mark) {
    const std::string path = folder_.file(std::to_string(++made_) + ".db");
    std::ofstream(path, std::ios::binary) << whole_[""];
    std::ofstream(path + "-wal", std::ios::binary) << log;
    if (mark) std::ofstream(path + "-end", std::ios::binary) << whole_["-end"];
    return path;
  }
  std::size_t end() const { return kHead + mark_->frames * kFrame; }
  std::string flipped(std::size_t at) const {
    std::string log = whole_.at("-wal");
    log[at] = static_cast<char>(log[at] ^ 1);
    return log;
  }
  bool commits(std::size_t frame) const {  // counted from 0
    const std::string& log = whole_.at("-wal");
    return log.substr(kHead + frame * kFrame + 4, 4) != std::string(4, 0);
  }
  std::size_t kept(const std::string& path) {
    const auto store = SqliteStore::open(path);
    EXPECT_TRUE(store) << store.error().message;
    return store ? (*store)->outbox(line_).size() : 0;
  }

  // Nobody takes it for whole, and nobody changes it.
  void expect_refused(const std::string& path, const std::string& what) {
    const std::string log = read(path + "-wal"), database = read(path);
    const auto opened = SqliteStore::open(path);
    ASSERT_FALSE(opened) << what;
    EXPECT_EQ(opened.error().fault, Fault::kIo);
    for (const char* word : {"damaged", "write-ahead log", "keep a copy", "restore"})
      EXPECT_NE(opened.error().message.find(word), std::string::npos) << opened.error().message;
    EXPECT_FALSE(snapshot_database(path, path + ".copy", {})) << what;
    EXPECT_FALSE(std::filesystem::exists(path + ".copy"));
    EXPECT_FALSE(check_record(path)) << what;
    EXPECT_EQ(read(path + "-wal"), log) << what;
    EXPECT_EQ(read(path), database) << what;
  }

  TestFolder folder_;
  const LineKey line_ = line_key(3);
  std::map<std::string, std::string> whole_;
  std::optional<LogMark> mark_;
  int made_ = 0;
};

TEST_F(SqliteWalCheck, AWholeLogIsTaken) {
  EXPECT_TRUE(check_wal(folder_.file("none.db")));
  for (const bool mark : {false, true}) EXPECT_EQ(kept(with(whole_["-wal"], mark)), static_cast<std::size_t>(kCommits));
}

TEST_F(SqliteWalCheck, ABitBeforeTheLastCommitIsRotWhateverTheMarkSays) {
  std::size_t last = mark_->frames - 1;  // the first frame of the last transaction
  while (last > 0 && !commits(last - 1)) --last;
  for (std::size_t frame = 0; frame + 1 < last; ++frame)
    for (const std::size_t at : {0, 8, 13, 17, 23, 24 + 100, 24 + 4090})
      expect_refused(with(flipped(kHead + frame * kFrame + at), false), std::to_string(frame) + "/" + std::to_string(at));
}

TEST_F(SqliteWalCheck, WhereTheProcessAloneDiedTheMarkKnowsTheLastCommitToo) {
  for (std::size_t at = kHead; at < end(); at += 293) expect_refused(with(flipped(at), true), std::to_string(at));
  std::string cut = whole_["-wal"];
  cut.resize(end() - 1);
  expect_refused(with(cut, true), "cut");
}

TEST_F(SqliteWalCheck, AHeadThatRottedHidesNothing) {
  for (std::size_t at = 0; at < kHead; ++at) expect_refused(with(flipped(at), false), std::to_string(at));
}

// A power cut tears the last transaction in any way, and nothing before it.
TEST_F(SqliteWalCheck, ALastTransactionThatIsTornIsNoRot) {
  std::size_t first = mark_->frames - 1;
  while (first > 0 && !commits(first - 1)) --first;
  const std::size_t from = kHead + first * kFrame;
  for (std::size_t at = from; at < end(); at += 512) {
    std::string log = whole_["-wal"];
    std::fill(log.begin() + static_cast<std::ptrdiff_t>(at), log.begin() + static_cast<std::ptrdiff_t>(std::min(at + 512, end())), '\0');
    if (log != whole_["-wal"]) {
      EXPECT_EQ(kept(with(log, false)), static_cast<std::size_t>(kCommits - 1)) << at;
    }
    log = whole_["-wal"];
    log.resize(at);
    EXPECT_EQ(kept(with(log, false)), static_cast<std::size_t>(kCommits - 1)) << at;
  }
}

// The mark of another log, or half of one, says nothing.
TEST_F(SqliteWalCheck, AMarkThatIsOldHindersNothing) {
  for (const std::size_t at : {0, 5, 11, 13, 20}) {
    const std::string path = with(whole_["-wal"], true);
    std::string mark = whole_["-end"];
    mark[at] = static_cast<char>(mark[at] ^ 1);
    if (at == 5) mark[17] = mark[5];  // both halves: another log's
    std::ofstream(path + "-end", std::ios::binary) << mark;
    EXPECT_EQ(kept(path), static_cast<std::size_t>(kCommits)) << at;
  }
}

// Zeros in the head first: what a power cut leaves of a log that was being overwritten is no log.
TEST_F(SqliteWalCheck, ALogThatWasBeingWipedIsNoRot) {
  std::string log = whole_["-wal"];
  std::fill_n(log.begin(), kHead, '\0');
  const std::string path = with(log, true);
  EXPECT_TRUE(check_wal(path));
}

}  // namespace
}  // namespace detente::io
