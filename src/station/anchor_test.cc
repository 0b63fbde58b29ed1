#include "station/anchor.h"

#include <gtest/gtest.h>

#include "io/sqlite_test_folder.h"

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
    EXPECT_EQ(out->next.generation, in_database + 1);
    EXPECT_EQ(out->next.instance, kHere.instance);
    EXPECT_EQ(out->next.entries, 41u);
    EXPECT_FALSE(out->new_epoch);
  }
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
