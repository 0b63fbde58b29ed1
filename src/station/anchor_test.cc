#include "station/anchor.h"

#include <gtest/gtest.h>

#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "record/store_contract_fixture.h"

namespace detente::station {
namespace {

constexpr Anchor kHere{{1, 2, 3}, 7, 40};

Anchor with(std::uint64_t generation, std::uint64_t entries = 40) {
  Anchor out = kHere;
  out.generation = generation;
  out.entries = entries;
  return out;
}

class AnchorTest : public testing::Test {
 protected:
  Result<Continuation> start(const std::optional<Anchor>& file,
                             const std::optional<Anchor>& database, std::uint64_t entries = 40,
                             bool after_restore = false) {
    return continue_life(file, database, !database && entries == 0, entries, after_restore,
                         random_);
  }
  SeededRandom random_{1};
  std::error_code ignored_;
};

TEST_F(AnchorTest, TextComesBackAndNothingElseDoes) {
  const std::string text = write_anchor(kHere);
  const auto back = parse_anchor(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, kHere);
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(parse_anchor(text.substr(0, i)).has_value()) << i;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    const auto other = parse_anchor(changed);
    EXPECT_TRUE(!other || *other != kHere) << i;
  }
  EXPECT_FALSE(parse_anchor(text + "\n").has_value());
}

TEST_F(AnchorTest, AFirstStartBeginsALife) {
  const auto out = start(std::nullopt, std::nullopt, 0);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->next.generation, 1u);
  EXPECT_FALSE(out->new_epoch);
}

TEST_F(AnchorTest, GoesOnWhenBothFit) {
  for (const std::uint64_t in_database : {7u, 8u}) {  // 8: a crash between the two writes
    const auto out = start(with(7), with(in_database), 41);
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->next.generation, 8u);
    EXPECT_EQ(out->next.instance, kHere.instance);
    EXPECT_EQ(out->next.entries, 41u);
    EXPECT_FALSE(out->new_epoch);
  }
}

// Starts that write the database and then fail at the file, as on a full or write-protected place for it.
TEST_F(AnchorTest, AnyNumberOfStartsThatCouldNotWriteTheFileIsForgiven) {
  std::optional<Anchor> database = with(7);
  for (int failed = 0; failed < 5; ++failed) {
    const auto out = start(with(7), database);
    ASSERT_TRUE(out.has_value()) << failed << ": " << out.error().message;
    database = out->next;
  }
  const auto good = start(with(7), database);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->next, with(8));
  const auto after = start(good->next, good->next);
  ASSERT_TRUE(after.has_value());
  // A copy of the database from before or from a failed start is still told.
  for (const Anchor& older : {with(7), *database}) EXPECT_FALSE(start(after->next, older).has_value());
}

TEST_F(AnchorTest, AFileThatCannotBeWrittenRefusesOnlyUntilItCan) {
  const io::TestFolder folder;
  const io::Path place = folder.file("place"), anchor = place / "anchor";
  const auto store = io::SqliteStore::open(folder.file("record.db"));
  ASSERT_TRUE(store) << store.error().message;
  const std::vector<record::LineKey> lines{{Digest{1}, LineId{0}}};
  ASSERT_TRUE(io::make_directory(place));
  ASSERT_TRUE(take_anchor(anchor, **store, lines, false, random_));
  for (std::uint64_t life = 2; life <= 3; ++life) {
    for (int failed = 0; failed < 3; ++failed) {  // its directory is no directory
      std::filesystem::rename(place, folder.file("away"), ignored_);
      ASSERT_TRUE(io::write_file(place, {}, io::kSecretMode));
      const auto refused = take_anchor(anchor, **store, lines, false, random_);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().fault, Fault::kIo) << refused.error().message;
      ASSERT_TRUE(io::remove_file(place));
      std::filesystem::rename(folder.file("away"), place, ignored_);
    }
    const auto taken = take_anchor(anchor, **store, lines, false, random_);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->next.generation, life);
    EXPECT_FALSE(taken->new_epoch);
  }
}

// Its entries are in the record, and it may come back.
TEST_F(AnchorTest, ACounterpartThatIsTakenOutOfTheConfigurationMakesTheRecordNoOlderCopy) {
  const io::TestFolder folder;
  const io::Path anchor = folder.file("anchor");
  const auto store = io::SqliteStore::open(folder.file("record.db"));
  ASSERT_TRUE(store) << store.error().message;
  const record::LineKey north = record::contract::line_key(0, "north"), east = record::contract::line_key(0, "east");
  ASSERT_TRUE(take_anchor(anchor, **store, {north, east}, false, random_));
  const record::LogKey log = record::contract::log_key(north);
  const auto fence = (*store)->claim(north);
  ASSERT_TRUE(fence);
  const record::Batch batch{*fence, std::nullopt, {record::OpenLog{log, 0}, record::AppendEntry{log, record::contract::entry(0)}}, {}};
  ASSERT_TRUE((*store)->commit({&batch, 1}));
  EXPECT_EQ(own_entries(**store), 1u);
  Anchor kept = take_anchor(anchor, **store, {north, east}, false, random_)->next;
  EXPECT_EQ(kept.entries, 1u);
  const auto without = take_anchor(anchor, **store, {east}, false, random_);
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(without->next.entries, 1u);
  EXPECT_TRUE(take_anchor(anchor, **store, {north, east}, false, random_));
}

TEST_F(AnchorTest, RefusesWhatDoesNotFitAndSaysWhatToDo) {
  Anchor stranger = with(7);
  stranger.instance[0] ^= 1;
  const std::vector<Result<Continuation>> all{
      start(std::nullopt, with(7)),     // no file
      start(with(7), std::nullopt),     // no database
      start(with(8), with(7)),          // the database is an older copy
      start(with(7), with(9)),          // the file is an older copy
      start(stranger, with(7)),         // another installation's
      start(with(7, 41), with(7), 40),  // a copy from the same run
  };
  for (const auto& out : all) {
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().fault, Fault::kState);
    EXPECT_NE(out.error().message.find("--after-restore"), std::string::npos);
  }
}

TEST_F(AnchorTest, AfterARestoreANewLifeBegins) {
  const std::vector<std::pair<std::optional<Anchor>, std::optional<Anchor>>> cases{
      {std::nullopt, with(7)}, {with(9), with(7)}, {with(9), std::nullopt}, {with(7), with(7)}};
  for (const auto& [file, database] : cases) {
    const auto out = start(file, database, 40, true);
    ASSERT_TRUE(out.has_value());
    EXPECT_TRUE(out->new_epoch);
    EXPECT_NE(out->next.instance, kHere.instance);
    // The next start, without the word, goes on.
    const auto after = start(out->next, out->next);
    ASSERT_TRUE(after.has_value());
    EXPECT_FALSE(after->new_epoch);
  }
}

TEST_F(AnchorTest, ARecordThatIsGoneIsSaidBeforeOneIsMade) {
  const io::TestFolder folder;
  const io::Path anchor = folder.file("anchor"), record = folder.file("record.db");
  EXPECT_TRUE(check_record_is_there(anchor, record, false));  // the first start
  ASSERT_TRUE(io::write_file(anchor, as_bytes(write_anchor(kHere)), io::kSecretMode));
  for (int empty = 0; empty < 2; ++empty) {
    const auto refused = check_record_is_there(anchor, record, false);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("--after-restore"), std::string::npos);
    EXPECT_TRUE(check_record_is_there(anchor, record, true));
    ASSERT_TRUE(io::write_file(record, {}, io::kSecretMode));
  }
  ASSERT_TRUE(io::write_file(record, as_bytes("a record"), io::kSecretMode));
  EXPECT_TRUE(check_record_is_there(anchor, record, false));
}

TEST_F(AnchorTest, WhatAStartWouldRefuseIsKnownBeforeIt) {
  const auto text = [](const Anchor& anchor) { return to_bytes(as_bytes(write_anchor(anchor))); };
  EXPECT_TRUE(check_life(text(kHere), text(kHere), false, 40, false));
  EXPECT_TRUE(check_life(std::nullopt, std::nullopt, true, 0, false));
  EXPECT_FALSE(check_life(text(with(8)), text(with(7)), false, 40, false));
  EXPECT_FALSE(check_life(text(kHere), std::nullopt, true, 0, false));
  EXPECT_FALSE(check_life(std::nullopt, text(kHere), false, 40, false));
  EXPECT_TRUE(check_life(std::nullopt, text(kHere), false, 40, true));
  const auto rotted = check_life(text(kHere), Bytes(60, 7), false, 40, true);
  ASSERT_FALSE(rotted);
  EXPECT_EQ(rotted.error().fault, Fault::kMalformed);
}

}  // namespace
}  // namespace detente::station
