// Snapshots, and the check of a whole record.
#include "io/sqlite_check.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "core/outbox.h"
#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "io/sqlite_wal.h"
#include "record/store_contract_fixture.h"

namespace detente::io {
namespace {

using namespace record;
using namespace record::contract;

constexpr std::uint64_t kSize = 70'000;  // past a full tile of level 1

class SqliteCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteStore::open(path_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    fence_ = *store_->claim(line_);
    ASSERT_TRUE(put({OpenLog{log_, 1}}));
  }

  Result<void> put(std::vector<Write> writes) {
    const Batch batch{fence_, std::nullopt, std::move(writes)};
    return store_->commit({&batch, 1});
  }

  // Up to `size` entries, with a checkpoint that fits after each group.
  void fill(std::uint64_t size, std::uint64_t group = 5000) {
    while (tree_.size() < size) {
      std::vector<Write> writes;
      for (std::uint64_t i = 0; i < group && tree_.size() < size; ++i) {
        const StoredEntry one = entry(tree_.size());
        tree_.append(one.leaf);
        writes.push_back(AppendEntry{log_, one});
      }
      writes.push_back(PutCheckpoint{log_, {tree_.size(), tree_.root(), signature(1)}});
      ASSERT_TRUE(put(std::move(writes)));
    }
  }

  void sql(const std::string& path, const std::string& text) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    char* why = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, &why), SQLITE_OK)
        << text << ": " << (why == nullptr ? "" : why);
    sqlite3_free(why);
    sqlite3_close(handle);
  }

  TestFolder folder_;
  const std::string path_ = folder_.file("station.db");
  const std::string copy_ = folder_.file("copy.db");
  const LineKey line_ = line_key(3);
  const LogKey log_ = log_key(line_);
  std::unique_ptr<SqliteStore> store_;
  Fence fence_;
  Frontier tree_;
};

TEST_F(SqliteCheck, ASnapshotIsOneWholeFileOfOneMoment) {
  fill(kSize);
  ASSERT_TRUE(put({PutCosignature{log_, {tree_.size(), tree_.root(), {5}, signature(2)}}}));
  std::uint64_t steps = 0, of_pages = 0;
  ASSERT_TRUE(store_->snapshot(copy_, [&](std::uint64_t done, std::uint64_t of) {
    EXPECT_LE(done, of);
    of_pages = of;
    ++steps;
    return true;
  }));
  EXPECT_GT(steps, of_pages / 200);
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-wal"));
  struct stat info {};
  ASSERT_EQ(::stat(copy_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::uint64_t seen = 0;
  const auto checked = check_record(copy_, [&](std::uint64_t done, std::uint64_t of) {
    EXPECT_EQ(of, kSize);
    seen = done;
    return true;
  });
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_GT(seen, kSize / 2);
  EXPECT_EQ(checked->entries, kSize);
  ASSERT_EQ(checked->logs.size(), 1u);
  EXPECT_EQ(checked->logs[0].log, log_);
  EXPECT_EQ(checked->logs[0].size, kSize);
  EXPECT_EQ(checked->logs[0].checkpoint->size, kSize);
  EXPECT_EQ(checked->logs[0].cosignature->root, tree_.root());
  EXPECT_FALSE(std::filesystem::exists(copy_ + "-wal"));
}

TEST_F(SqliteCheck, CommitsGoOnBesideASnapshot) {
  fill(20'000);
  // From within the copy's own steps: each commit falls between two of them.
  std::uint64_t commits = 0;
  ASSERT_TRUE(store_->snapshot(copy_, [&](std::uint64_t, std::uint64_t) {
    fill(tree_.size() + 1);
    EXPECT_TRUE(store_->maintain());  // put off, not waited for
    ++commits;
    return true;
  }));
  EXPECT_GT(commits, 5u);
  const auto checked = check_record(copy_);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->entries, 20'000u);
  EXPECT_EQ(store_->logs(line_).at(0).size, 20'000 + commits);
  const std::string again = folder_.file("again.db");
  ASSERT_TRUE(store_->snapshot(again, {}));
  EXPECT_EQ(check_record(again)->entries, 20'000 + commits);
}

TEST_F(SqliteCheck, ASnapshotThatIsBrokenOffLeavesNothing) {
  fill(5000);
  const auto done = store_->snapshot(copy_, [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::kState);
  EXPECT_FALSE(std::filesystem::exists(copy_));
  ASSERT_TRUE(store_->snapshot(copy_, {}));
  const auto taken = store_->snapshot(copy_, {});  // never over another file
  ASSERT_FALSE(taken);
  EXPECT_TRUE(check_record(copy_));
  ASSERT_TRUE(discard_snapshot(copy_));
  EXPECT_FALSE(std::filesystem::exists(copy_));
  EXPECT_TRUE(discard_snapshot(copy_));
}

TEST_F(SqliteCheck, WithoutAStationTheLogOfACrashIsCopiedAndLeft) {
  fill(300, 1);
  // What a killed station leaves: the files as they are now.
  for (const char* rest : {"", "-wal"})
    std::filesystem::copy_file(path_ + rest, folder_.file(std::string("crashed.db") + rest));
  const std::string crashed = folder_.file("crashed.db");
  ASSERT_TRUE(snapshot_database(crashed, copy_, {}));
  EXPECT_EQ(check_record(copy_)->entries, 300u);
  EXPECT_TRUE(wal_left_behind(crashed));
  const auto reopened = SqliteStore::open(crashed);
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_EQ((*reopened)->logs(line_).at(0).size, 300u);
}

TEST_F(SqliteCheck, EveryKindOfDamageIsFound) {
  fill(1000, 100);
  ASSERT_TRUE(put({PutCosignature{log_,
                                  {900,
                                   [&] {
                                     Frontier tree;
                                     for (std::uint64_t i = 0; i < 900; ++i)
                                       tree.append(entry(i).leaf);
                                     return tree.root();
                                   }(),
                                   {5},
                                   signature(2)}}}));
  ASSERT_TRUE(store_->snapshot(copy_, {}));
  ASSERT_TRUE(check_record(copy_));
  const char* kDamage[] = {
      "UPDATE entries SET body = zeroblob(length(body)) WHERE key & 0xffffffffff = 700",
      "UPDATE entries SET header = CAST(header || x'00' AS BLOB) WHERE key & 0xffffffffff = 0",
      "UPDATE entries SET signatures = x'81' WHERE key & 0xffffffffff = 999",
      "UPDATE entries SET salt = zeroblob(16) WHERE key & 0xffffffffff = 17",
      "UPDATE entries SET leaf = zeroblob(32) WHERE key & 0xffffffffff = 17",
      "DELETE FROM entries WHERE key & 0xffffffffff = 999",
      "DELETE FROM entries WHERE key & 0xffffffffff = 500",
      "UPDATE checkpoints SET root = zeroblob(32) WHERE key & 0xffffffffff = 300",
      "UPDATE cosignatures SET root = zeroblob(32)",
      "UPDATE tiles SET hashes = zeroblob(8192) WHERE key & 0xffffffffff = 1",
      "UPDATE tiles SET hashes = zeroblob(96) WHERE key & 0xffffffffff = 1 << 36",
      "DELETE FROM tiles WHERE key & 0xffffffffff = 1 << 36",
      "UPDATE logs SET id = 9",
      "UPDATE entries SET key = key + (5 << 40) WHERE key & 0xffffffffff = 999; "
      "DELETE FROM checkpoints WHERE key & 0xffffffffff = 1000",
  };
  for (const char* damage : kDamage) {
    const std::string hurt = folder_.file("hurt.db");
    std::filesystem::copy_file(copy_, hurt, std::filesystem::copy_options::overwrite_existing);
    sql(hurt, damage);
    const auto checked = check_record(hurt);
    ASSERT_FALSE(checked) << damage;
    EXPECT_EQ(checked.error().fault, Fault::kIo) << damage;
    EXPECT_NE(checked.error().message.find(hurt), std::string::npos) << checked.error().message;
    EXPECT_NE(checked.error().message.find("recover"), std::string::npos);
  }
}

TEST_F(SqliteCheck, ADocumentThatRottedIsFound) {
  const Bytes bytes(kPieceBytes + 9, 5);
  const ByteView whole(bytes);
  const BlobKey key{line_.lineage, "north", true, blob_root(bytes)};
  std::vector<Write> writes = {PutBlob{key, {bytes.size(), LineId{3}, {}, BlobState::kNamed, {1}}}};
  for (std::uint64_t piece = 0; piece < 2; ++piece) {
    const ByteView part = whole.subspan(piece * kPieceBytes, piece_bytes(bytes.size(), piece));
    writes.push_back(PutPiece{key, piece, leaf_hash(part), to_bytes(part)});
  }
  ASSERT_TRUE(put(std::move(writes)));
  store_.reset();
  EXPECT_TRUE(check_record(path_));
  const std::filesystem::path good = folder_.file("good.db");
  std::filesystem::copy_file(path_, good);
  for (const char* damage : {"UPDATE pieces SET bytes = zeroblob(9) WHERE length(bytes) = 9",
                             "DELETE FROM pieces WHERE length(bytes) = 9", "UPDATE blobs SET root = zeroblob(32)",
                             "UPDATE blobs SET length = length - 1"}) {
    std::filesystem::copy_file(good, path_, std::filesystem::copy_options::overwrite_existing);
    sql(path_, damage);
    EXPECT_FALSE(check_record(path_)) << damage;
  }
}

// One bit of each place where a lineage stands in the file, in rows and in the indexes over them.
TEST_F(SqliteCheck, NoKeyRotsUnsaid) {
  fill(10, 5);
  const Bytes bytes(9, 5);
  const BlobKey key{line_.lineage, "north", true, blob_root(bytes)};
  record::Entry waiting;
  waiting.header.line = line_.line;
  waiting.header.kind = record::kMessage;
  waiting.body = {'w'};
  ASSERT_TRUE(put({PutBlob{key, {bytes.size(), line_.line, {}, BlobState::kNamed, {1}}}, PutPiece{key, 0, leaf_hash(bytes), bytes},
                   PutOutbox{line_, {7, core::encode_outbox_item(waiting, core::OutboxState::kWaits)}}}));
  // Of an accord that was left: what waits there stays, and is nobody's damage.
  const LineKey left = line_key(4, "left");
  waiting.header.line = left.line;
  const Batch former{*store_->claim(left), std::nullopt, {PutOutbox{left, {1, core::encode_outbox_item(waiting, core::OutboxState::kWaits)}}}};
  ASSERT_TRUE(store_->commit({&former, 1}));
  ASSERT_TRUE(store_->snapshot(copy_, {}));
  store_.reset();
  const auto good = check_record(copy_);
  ASSERT_TRUE(good) << good.error().message;
  const std::string hurt = folder_.file("hurt.db");
  std::ifstream in(copy_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::size_t places = 0;
  for (const Digest& lineage : {line_.lineage, left.lineage}) {
    const std::string name(lineage.begin(), lineage.end());
    for (std::size_t at = whole.find(name); at != std::string::npos; at = whole.find(name, at + 1)) {
      ++places;
      std::string changed = whole;
      changed[at + 31] = static_cast<char>(changed[at + 31] ^ 1);
      std::ofstream(hurt, std::ios::binary | std::ios::trunc) << changed;
      EXPECT_FALSE(check_record(hurt)) << at;
      auto opened = SqliteStore::open(hurt);
      ASSERT_TRUE(opened) << opened.error().message;
      EXPECT_TRUE(!(*opened)->astray_items({line_}).empty() || !(*opened)->check_tables()) << at;
    }
  }
  EXPECT_EQ(places, 9u);  // claims and outbox, twice; logs and blobs, their rows and their indexes, of which logs have two
  {
    std::ofstream(hurt, std::ios::binary | std::ios::trunc) << whole;
    auto opened = SqliteStore::open(hurt);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE((*opened)->astray_items({line_}).empty());
    EXPECT_TRUE((*opened)->check_tables());
  }
  for (const char* damage :
       {"UPDATE outbox SET line = 9 WHERE id = 7", "UPDATE outbox SET line = 65539 WHERE id = 7", "UPDATE tiles SET key = key | (9 << 40)",
        "UPDATE checkpoints SET key = key | (8 << 40) WHERE key & 0xffffffffff = 5", "UPDATE pieces SET key = key | (9 << 31)",
        "UPDATE early_entries SET key = key | (8 << 40)"}) {
    std::filesystem::copy_file(copy_, hurt, std::filesystem::copy_options::overwrite_existing);
    sql(hurt, "INSERT INTO tiles VALUES((1 << 40) | (1 << 36), zeroblob(32)); INSERT INTO early_entries SELECT key + 5, leaf, salt, period, stored_at, "
              "header, body, signatures FROM entries WHERE key & 0xffffffffff = 9");
    sql(hurt, damage);
    EXPECT_FALSE(check_record(hurt)) << damage;
  }
}

// The bits of every column of the rows that nothing else checks, one row at a time.
TEST_F(SqliteCheck, ASmallRowThatRottedIsNeverReadNorBackedUp) {
  fill(3);
  ASSERT_TRUE(put({PutLinkState{line_.lineage, "north", {7, 9, 2, Bytes(32, 0x5a), {100}}},
                   PutEvidence{log_, "two checkpoints", Bytes(40, 0x33), {200}}, PutValue{"told", Bytes(12, 0x11)},
                   PutValue{"life", Bytes(12, 0x22), true}}));
  ASSERT_TRUE(store_->snapshot(copy_, {}));
  store_.reset();
  ASSERT_TRUE(check_record(copy_));
  const auto link = [&](const SqliteStore& store) { static_cast<void>(store.link_state(line_.lineage, "north")); };
  const auto evidence = [&](const SqliteStore& store) { static_cast<void>(store.evidence(log_, SIZE_MAX)); };
  const auto told = [](const SqliteStore& store) { static_cast<void>(store.value("told")); };
  const std::vector<std::pair<std::string, std::function<void(const SqliteStore&)>>> damages = {
      {"UPDATE link_states SET initiator_reserved = 6", link},
      {"UPDATE link_states SET responder_last = 8", link},
      {"UPDATE link_states SET psk_epoch = 3", link},
      {"UPDATE link_states SET psk = zeroblob(32)", link},
      {"UPDATE link_states SET psk_since = 101", link},
      {"UPDATE link_states SET digest = zeroblob(32)", link},
      {"UPDATE evidence SET what = 'two checkpointz'", evidence},
      {"UPDATE evidence SET bytes = zeroblob(40)", evidence},
      {"UPDATE evidence SET at = 201", evidence},
      {"UPDATE settings SET value = zeroblob(12) WHERE key = 'told'", told},
      // Nobody asks for these: a start and a backup look.
      {"UPDATE link_states SET counterpart = 'nortg'", nullptr},
      {"UPDATE settings SET key = 'tole' WHERE key = 'told'", nullptr},
  };
  const std::string hurt = folder_.file("hurt.db");
  for (const auto& [damage, ask] : damages) {
    std::filesystem::copy_file(copy_, hurt, std::filesystem::copy_options::overwrite_existing);
    sql(hurt, damage);
    const auto checked = check_record(hurt);
    ASSERT_FALSE(checked) << damage;
    EXPECT_NE(checked.error().message.find("is not what was written"), std::string::npos) << checked.error().message;
    auto opened = SqliteStore::open(hurt);
    ASSERT_TRUE(opened) << opened.error().message;
    if (ask) {
      ask(**opened);
      ASSERT_TRUE((*opened)->fault()) << damage;
      EXPECT_NE((*opened)->fault()->message.find("is not what was written"), std::string::npos) << (*opened)->fault()->message;
    }
    EXPECT_FALSE((*opened)->check_tables()) << damage;
  }
  // Who reads it finds out, and has a way on.
  std::filesystem::copy_file(copy_, hurt, std::filesystem::copy_options::overwrite_existing);
  sql(hurt, "UPDATE settings SET value = zeroblob(12) WHERE key = 'life'");
  EXPECT_TRUE(check_record(hurt));
}

TEST_F(SqliteCheck, RowsOfAnEarlierVersionHaveNoDigestUntilTheyAreWrittenAgain) {
  ASSERT_TRUE(put({PutValue{"told", {1, 2}}, PutLinkState{line_.lineage, "north", {7, 9, 2, Bytes(32, 0x5a), {100}}}}));
  store_.reset();
  sql(path_, "DROP INDEX evidence_about; DROP INDEX logs_of_epoch; ALTER TABLE link_states DROP COLUMN digest; ALTER TABLE settings DROP COLUMN digest; "
             "ALTER TABLE evidence DROP COLUMN digest; PRAGMA user_version = 3");
  EXPECT_TRUE(check_record(path_)) << "a backup that an earlier program made";
  auto opened = SqliteStore::open(path_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->value("told"), (Bytes{1, 2}));
  ASSERT_TRUE((*opened)->link_state(line_.lineage, "north"));
  EXPECT_EQ((*opened)->link_state(line_.lineage, "north")->initiator_reserved, 7u);
  EXPECT_TRUE((*opened)->check_tables());
  const Batch again{*(*opened)->claim(line_), std::nullopt, {PutValue{"told", {3, 4}}}};
  ASSERT_TRUE((*opened)->commit({&again, 1}));
  opened->reset();
  sql(path_, "UPDATE settings SET value = x'0305' WHERE key = 'told'");
  opened = SqliteStore::open(path_);
  ASSERT_TRUE(opened);
  EXPECT_FALSE((*opened)->check_tables());
}

TEST_F(SqliteCheck, AHoleInALogIsNeverRead) {
  fill(10, 5);
  store_.reset();
  sql(path_, "UPDATE entries SET key = key + 3 WHERE key & 0xffffffffff = 9");
  auto opened = SqliteStore::open(path_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->entries(log_, 0, 9, 100).size(), 9u);
  EXPECT_FALSE((*opened)->fault());
  EXPECT_TRUE((*opened)->entries(log_, 5, 13, 100).empty());
  ASSERT_TRUE((*opened)->fault());
  EXPECT_NE((*opened)->fault()->message.find("entry 9 is missing"), std::string::npos) << (*opened)->fault()->message;
}

TEST_F(SqliteCheck, AnEntryThatRottedIsNeverRead) {
  fill(600, 100);
  store_.reset();
  sql(path_, "UPDATE entries SET body = zeroblob(length(body)) WHERE key & 0xffffffffff = 150");
  auto opened = SqliteStore::open(path_);
  ASSERT_TRUE(opened) << opened.error().message;
  SqliteStore& store = **opened;
  EXPECT_EQ(store.entries(log_, 140, 150, 100).size(), 10u);
  EXPECT_FALSE(store.fault());
  EXPECT_TRUE(store.entries(log_, 145, 160, 100).empty());
  ASSERT_TRUE(store.fault());
  EXPECT_NE(store.fault()->message.find("entry 150"), std::string::npos) << store.fault()->message;
  EXPECT_FALSE(store.claim(line_));  // nothing is signed on such ground
}

TEST_F(SqliteCheck, ASchemaThatRottedIsDamage) {
  fill(100, 100);
  store_.reset();
  sql(path_, "ALTER TABLE early_entries RENAME TO earlyxentries");
  auto opened = SqliteStore::open(path_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE((*opened)->early_entries(log_).empty());
  ASSERT_TRUE((*opened)->fault());
  EXPECT_NE((*opened)->fault()->message.find("damaged"), std::string::npos);
  EXPECT_FALSE((*opened)->claim(line_));
}

TEST_F(SqliteCheck, OtherFilesAreRefused) {
  const auto none = snapshot_database(folder_.file("none.db"), copy_, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::kNotFound);
  store_.reset();
  sql(path_, "PRAGMA user_version = 99");
  const auto newer = snapshot_database(path_, copy_, {});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().fault, Fault::kUnsupported);
  EXPECT_FALSE(std::filesystem::exists(copy_));
  EXPECT_EQ(check_record(path_).error().fault, Fault::kUnsupported);
  sql(folder_.file("other.db"), "CREATE TABLE t(x)");
  EXPECT_EQ(snapshot_database(folder_.file("other.db"), copy_, {}).error().fault,
            Fault::kMalformed);
}

}  // namespace
}  // namespace detente::io
