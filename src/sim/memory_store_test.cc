#include "sim/memory_store.h"

#include "record/store_contract.h"

namespace detente::record::contract {

struct MemoryHarness {
  Store& store() { return store_; }
  // What a process keeps over its own end is what the disk has.
  void reopen() {
    sim::MemoryStore again;
    again.restore(store_.snapshot());
    store_ = std::move(again);
  }
  sim::MemoryStore store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryHarness);

class MemoryDisk : public ::testing::Test {
 protected:
  MemoryDisk() : fence_(*store_.claim(line_)) {
    submit({OpenLog{log_, 0}});
    store_.sync();
  }
  void submit(std::vector<Write> writes) {
    store_.submit({Batch{fence_, std::nullopt, std::move(writes)}});
  }
  std::size_t size() { return store_.entries(log_, 0, 1000, 1000).size(); }

  const LineKey line_ = line_key(1);
  const LogKey log_ = log_key(line_);
  sim::MemoryStore store_;
  Fence fence_;
};

TEST_F(MemoryDisk, ABitThatTurnedOverIsFound) {
  SeededRandom random(1);
  EXPECT_FALSE(store_.damage(random)) << "there is nothing yet";
  for (std::uint64_t i = 0; i < 5; ++i) submit({AppendEntry{log_, entry(i)}});
  store_.sync();
  const auto before = store_.snapshot();
  EXPECT_TRUE(store_.check());
  ASSERT_TRUE(store_.damage(random));
  EXPECT_FALSE(store_.check());
  store_.restore(before);
  EXPECT_TRUE(store_.check());
}

TEST_F(MemoryDisk, WhoReadsWhatRottedGetsNothingAndNothingIsBuiltOnIt) {
  SeededRandom random(1);
  for (std::uint64_t i = 0; i < 100; ++i) submit({AppendEntry{log_, entry(i)}});
  store_.sync();
  const auto before = store_.snapshot();
  ASSERT_TRUE(store_.damage_recent(random));
  EXPECT_EQ(store_.entries(log_, 0, 5, 5).size(), 5u) << "far from it";
  EXPECT_FALSE(store_.damage_found());
  EXPECT_TRUE(store_.claim(line_));
  EXPECT_TRUE(store_.entries(log_, 90, 95, 5).empty());
  EXPECT_TRUE(store_.damage_found());
  const auto claimed = store_.claim(line_);
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().fault, Fault::kIo);
  submit({AppendEntry{log_, entry(100)}});
  EXPECT_FALSE(store_.sync().front());
  store_.restore(before);
  EXPECT_EQ(store_.entries(log_, 90, 95, 5).size(), 5u);
  EXPECT_TRUE(store_.claim(line_));
}

TEST_F(MemoryDisk, StagedCommitsAreDurableInOrder) {
  for (std::uint64_t i = 0; i < 5; ++i) submit({AppendEntry{log_, entry(i)}});
  EXPECT_EQ(size(), 0u);
  EXPECT_EQ(store_.staged(), 5u);
  EXPECT_EQ(store_.sync(2).size(), 2u);
  EXPECT_EQ(size(), 2u);
  for (const auto& result : store_.sync()) EXPECT_TRUE(result);
  EXPECT_EQ(size(), 5u);
  EXPECT_TRUE(store_.sync().empty());
}

TEST_F(MemoryDisk, CrashLosesWhatWasNotSynced) {
  submit({AppendEntry{log_, entry(0)}});
  submit({AppendEntry{log_, entry(1)}});
  store_.sync(1);
  store_.crash();
  EXPECT_EQ(store_.staged(), 0u);
  EXPECT_TRUE(store_.sync().empty());
  EXPECT_EQ(size(), 1u);
}

TEST_F(MemoryDisk, RefusedStagedCommitLeavesTheOthers) {
  submit({AppendEntry{log_, entry(0)}});
  submit({AppendEntry{log_, entry(7)}});
  submit({AppendEntry{log_, entry(1)}});
  const auto results = store_.sync();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[0]);
  EXPECT_FALSE(results[1]);
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(size(), 2u);
}

TEST_F(MemoryDisk, FullDiskTakesNothing) {
  store_.set_full(true);
  submit({AppendEntry{log_, entry(0)}});
  const auto results = store_.sync();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().fault, Fault::kIo);
  EXPECT_EQ(store_.claim(line_).error().fault, Fault::kIo);
  EXPECT_EQ(size(), 0u);
  store_.set_full(false);
  submit({AppendEntry{log_, entry(0)}});
  EXPECT_TRUE(store_.sync().at(0));
  EXPECT_EQ(size(), 1u);
}

TEST_F(MemoryDisk, RestoredBackupIsTheOldState) {
  const auto tiles = store_.tiles(log_);
  for (std::uint64_t i = 0; i < 256; ++i) submit({AppendEntry{log_, entry(i)}});
  store_.sync();
  const auto backup = store_.snapshot();
  submit({AppendEntry{log_, entry(256)}, PutValue{"k", {1}}});
  store_.sync();
  submit({AppendEntry{log_, entry(257)}});
  store_.restore(backup);
  EXPECT_EQ(store_.staged(), 0u);
  EXPECT_EQ(size(), 256u);
  EXPECT_FALSE(store_.value("k"));
  EXPECT_FALSE(tiles->tile({0, 1}));
  submit({AppendEntry{log_, entry(256, "another life")}});
  EXPECT_TRUE(store_.sync().at(0));
  EXPECT_EQ(tiles->tile({0, 1}), to_bytes(entry(256, "another life").leaf));
}

}  // namespace detente::record::contract
