#include "station/read_marks.h"

#include <gtest/gtest.h>

#include <random>

#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "line/message.h"

namespace detente::station {
namespace {

using record::EntryClass, record::Precedence;

// A line's record on a disk, and what a station that starts anew finds.
class ReadMarksTest : public testing::Test {
 protected:
  ReadMarksTest() {
    folder_.emplace();
    store_ = std::move(*io::SqliteStore::open(folder_->file("record.db")));
    line_.lineage.fill(7);
    line_.line = LineId{2};
    fence_ = *store_->claim(line_);
    marks_fence_ = *store_->claim({});
    far_ = add_log(false, 1, 0);
    own_ = add_log(true, 2, 0);
  }

  record::LogKey add_log(bool own, std::uint8_t epoch, std::uint32_t ordinal) {
    record::LogKey log{line_, own, own ? "south/main" : "north/main", {}};
    log.epoch.fill(epoch);
    commit({record::OpenLog{log, ordinal}});
    return log;
  }
  void commit(std::vector<record::Write> writes) {
    record::Batch batch;
    batch.fence = fence_;
    batch.writes = std::move(writes);
    const auto done = store_->commit({&batch, 1});
    ASSERT_TRUE(done) << done.error().message;
  }
  record::StoredEntry stored(std::uint64_t index, const record::Header& header, Bytes body) {
    record::StoredEntry out;
    out.index = index;
    out.bytes = record::encode_entry({header, std::move(body), {}});
    out.leaf = record::leaf_of(out.bytes, out.salt);
    out.stored_at = {static_cast<std::uint32_t>(1'000'000'000 + index)};
    return out;
  }
  record::StoredEntry text(std::uint64_t index, Precedence precedence = Precedence::kRoutine, EntryClass entry_class = EntryClass::kLive) {
    record::Header header;
    header.line = line_.line;
    header.precedence = precedence;
    header.entry_class = entry_class;
    return stored(index, header, to_bytes(as_bytes("text")));
  }
  void add_texts(const record::LogKey& log, std::uint64_t from, std::uint64_t count) {
    std::vector<record::Write> writes;
    for (std::uint64_t i = 0; i < count; ++i) writes.push_back(record::AppendEntry{log, text(from + i)});
    commit(std::move(writes));
  }
  void acknowledge(const record::LogKey& log, std::uint64_t index) {
    record::Header header;
    header.line = line_.line;
    header.kind = record::kPersonReceipt;
    header.body_form = record::BodyForm::kCbor;
    header.references = {{record::Whose::kOthers, log.epoch, index, {}}};
    commit({record::AppendEntry{own_, stored(own_size_++, header, line::receipt_body(line::ReceiptLevel::kRead))}});
  }
  void refresh() { marks_.refresh(*store_, line_); }
  void keep() { marks_.keep(*store_, marks_fence_, line_); }
  void restart() {
    marks_ = ReadMarks();
    refresh();
  }
  static std::vector<std::uint64_t> indices(const std::vector<ReadMarks::Unread>& unread) {
    std::vector<std::uint64_t> out;
    for (const ReadMarks::Unread& one : unread) out.push_back(one.index);
    return out;
  }

  std::optional<io::TestFolder> folder_;
  std::unique_ptr<io::SqliteStore> store_;
  record::LineKey line_;
  record::Fence fence_, marks_fence_;
  record::LogKey far_, own_;
  std::uint64_t own_size_ = 0;
  ReadMarks marks_;
};

using Indices = std::vector<std::uint64_t>;

TEST_F(ReadMarksTest, AFlashUnderThousandsOfLaterEntriesStaysUnread) {
  commit({record::AppendEntry{far_, text(0, Precedence::kFlash)}});
  add_texts(far_, 1, 5000);
  for (const char* known : {"by the record alone", "by what was kept"}) {
    restart();
    EXPECT_EQ(marks_.count(), 5001u) << known;
    EXPECT_EQ(marks_.flashes(), 1u) << known;
    EXPECT_EQ(marks_.behind(), 0u) << known;
    EXPECT_TRUE(marks_.unread(far_, 0)) << known;
    EXPECT_EQ(indices(marks_.first(5, ReadMarks::Which::kFlash)), (Indices{0})) << known;
    EXPECT_EQ(indices(marks_.first(2, ReadMarks::Which::kOthers)), (Indices{1, 2})) << known;
    EXPECT_EQ(indices(marks_.first(2)), (Indices{0, 1})) << known;
    EXPECT_EQ(indices(marks_.last(2)), (Indices{5000, 4999})) << known;
    EXPECT_EQ(indices(marks_.from(far_, 4095, 3)), (Indices{4095, 4096, 4097})) << known;
    keep();
  }
  acknowledge(far_, 0);
  refresh();
  EXPECT_EQ(marks_.flashes(), 0u);
  restart();
  EXPECT_EQ(marks_.flashes(), 0u);
  EXPECT_EQ(marks_.count(), 5000u);
}

TEST_F(ReadMarksTest, AStartGoesOnWhereTheLastOneWas) {
  commit({record::AppendEntry{far_, text(0, Precedence::kFlash)}});
  add_texts(far_, 1, ReadMarks::kAtOnce + 4000);
  restart();
  EXPECT_EQ(marks_.behind(), 4001u) << "one look is bounded";
  EXPECT_EQ(marks_.flashes(), 1u);
  acknowledge(far_, 0);
  acknowledge(far_, ReadMarks::kAtOnce + 2);
  refresh();
  EXPECT_EQ(marks_.behind(), 0u);
  EXPECT_EQ(marks_.count(), ReadMarks::kAtOnce + 4001 - 2);
  ASSERT_TRUE(marks_.keep_due());
  keep();
  EXPECT_FALSE(marks_.keep_due());
  restart();
  EXPECT_EQ(marks_.behind(), 0u) << "nothing of what it knew is looked at again";
  EXPECT_FALSE(marks_.keep_due());
  EXPECT_EQ(marks_.count(), ReadMarks::kAtOnce + 4001 - 2);
  EXPECT_FALSE(marks_.unread(far_, ReadMarks::kAtOnce + 2));
}

TEST_F(ReadMarksTest, WhatCameLastInAnEpochIsSeenThoughTheNextOneBegan) {
  add_texts(far_, 0, 3);
  refresh();
  EXPECT_EQ(marks_.count(), 3u);
  add_texts(far_, 3, 2);
  commit({record::PutEarlyEntry{far_, text(9, Precedence::kFlash)}});
  const record::LogKey next = add_log(false, 3, 1);
  add_texts(next, 0, 4);
  refresh();
  EXPECT_EQ(marks_.count(), 10u);
  EXPECT_EQ(marks_.flashes(), 1u);
  EXPECT_TRUE(marks_.unread(far_, 4));
  EXPECT_TRUE(marks_.unread(next, 3));
  acknowledge(far_, 4);  // of an epoch that was left
  add_texts(next, 4, 1);
  refresh();
  EXPECT_EQ(marks_.count(), 10u);
  EXPECT_FALSE(marks_.unread(far_, 4));
}

TEST_F(ReadMarksTest, WhatIsAcknowledgedAheadOfMissingEntriesStaysSo) {
  commit({record::PutEarlyEntry{far_, text(3, Precedence::kFlash)}});
  refresh();
  EXPECT_EQ(marks_.flashes(), 1u);
  acknowledge(far_, 3);
  refresh();
  EXPECT_EQ(marks_.count(), 0u);
  keep();
  add_texts(far_, 0, 3);
  commit({record::AppendEntry{far_, text(3, Precedence::kFlash)}, record::AppendEntry{far_, text(4)}});
  restart();
  EXPECT_EQ(indices(marks_.first(9)), (Indices{0, 1, 2, 4}));
}

TEST_F(ReadMarksTest, DrillsAndTestsAreCountedApartAndAreNoFlash) {
  commit({record::AppendEntry{far_, text(0, Precedence::kFlash, EntryClass::kDrill)}, record::AppendEntry{far_, text(1, Precedence::kFlash, EntryClass::kTest)},
          record::AppendEntry{far_, text(2)}});
  refresh();
  keep();
  restart();
  EXPECT_EQ(marks_.count(EntryClass::kDrill), 1u);
  EXPECT_EQ(marks_.count(EntryClass::kTest), 1u);
  EXPECT_EQ(marks_.count(EntryClass::kLive), 1u);
  EXPECT_EQ(marks_.flashes(), 0u);
}

// The numbers of epochs are drawn: of two logs the one that was opened first is in front.
TEST_F(ReadMarksTest, LogsStandInTheOrderOfBeingOpened) {
  add_texts(far_, 0, 2);
  far_ = add_log(false, 0, 1);
  add_texts(far_, 0, 1);
  refresh();
  EXPECT_EQ(indices(marks_.first(9)), (Indices{0, 1, 0}));
  EXPECT_EQ(marks_.last(1).front().log, far_);
}

TEST_F(ReadMarksTest, WhatIsKeptOfAnotherRecordIsMadeAnew) {
  add_texts(far_, 0, 30);
  acknowledge(far_, 2);
  refresh();
  keep();
  std::string key = "read-marks/" + to_hex(line_.lineage) + "/2";
  const Bytes of_more = *store_->value(key);
  io::TestFolder other;
  store_.reset();
  store_ = std::move(*io::SqliteStore::open(other.file("record.db")));
  fence_ = *store_->claim(line_);
  marks_fence_ = *store_->claim({});
  far_ = add_log(false, 1, 0);
  own_ = add_log(true, 2, 0);
  own_size_ = 0;
  add_texts(far_, 0, 5);
  for (const Bytes& kept : {of_more, Bytes(), Bytes{0x83, 0x01}, Bytes{0xff}}) {
    commit({record::PutValue{key, kept}});
    restart();
    EXPECT_EQ(marks_.count(), 5u);
    refresh();
    EXPECT_EQ(marks_.count(), 5u);
  }
  store_.reset();
}

// Against a set of what is unread: any order of entries, acknowledgements, keeping and starts.
TEST_F(ReadMarksTest, IsExactWhateverHappens) {
  std::mt19937 random(11);
  std::set<std::uint64_t> unread, flashes;
  std::uint64_t size = 0;
  for (int step = 0; step < 400; ++step) {
    switch (random() % 6) {
      case 0: {
        const std::uint64_t count = random() % 200;
        add_texts(far_, size, count);
        for (std::uint64_t i = 0; i < count; ++i) unread.insert(size++);
        break;
      }
      case 1:
        commit({record::AppendEntry{far_, text(size, Precedence::kFlash)}});
        flashes.insert(size);
        unread.insert(size++);
        break;
      case 2:
        if (size > 0) {
          const std::uint64_t index = random() % size;
          acknowledge(far_, index);
          unread.erase(index);
          flashes.erase(index);
        }
        break;
      case 3: keep(); break;
      case 4: marks_ = ReadMarks(); break;
      default: break;
    }
    refresh();
    ASSERT_EQ(marks_.count(), unread.size()) << step;
    ASSERT_EQ(indices(marks_.first(size + 1, ReadMarks::Which::kFlash)), Indices(flashes.begin(), flashes.end())) << step;
    if (step % 20 == 0) {
      ASSERT_EQ(indices(marks_.first(size + 1)), Indices(unread.begin(), unread.end())) << step;
    }
  }
  EXPECT_GT(size, 5000u);
}

}  // namespace
}  // namespace detente::station
