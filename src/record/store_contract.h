// The contract of every store, as GoogleTest cases. A store's own test gives a
// harness and instantiates it:
//
//     struct Harness {
//       record::Store& store();
//       void reopen();  // closes and opens the store again
//     };
//     INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, Harness);
//
// For tests only.
#pragma once

#include "record/store_contract_documents.h"

namespace detente::record::contract {

TYPED_TEST_P(StoreContract, KnowsNothingOfOtherLogs) {
  const LogKey none = log_key(line_key(9));
  const Store& store = this->store();
  EXPECT_TRUE(store.logs(none.line).empty());
  EXPECT_TRUE(store.logs(line_key(3, "another accord")).empty());
  EXPECT_EQ(store.lines(), std::vector<LineKey>{this->line_});
  EXPECT_TRUE(store.entries(none, 0, 10, 10).empty());
  EXPECT_TRUE(store.early_entries(none).empty());
  EXPECT_FALSE(store.checkpoint_covering(none, 0));
  EXPECT_FALSE(store.cosignature_covering(none, 0));
  EXPECT_FALSE(store.newest_cosignature(none));
  EXPECT_TRUE(store.evidence(none, SIZE_MAX).empty());
  EXPECT_TRUE(store.outbox(none.line).empty());
  EXPECT_FALSE(store.link_state(none.line.lineage, "north/main"));
  EXPECT_FALSE(store.value("instance"));
  EXPECT_FALSE(store.tiles(none)->tile({0, 0}));
  EXPECT_FALSE(store.tiles(this->log_)->tile({0, 0}));
}

TYPED_TEST_P(StoreContract, OldFenceIsRefused) {
  const Fence old = this->fence_;
  const auto fresh = this->store().claim(this->line_);
  ASSERT_TRUE(fresh);
  EXPECT_GT(fresh->number, old.number);
  EXPECT_EQ(fresh->line, this->line_);
  this->expect_fault(this->write({PutValue{"k", {1}}}), Fault::kState);
  this->expect_fault(this->write({}), Fault::kState);
  EXPECT_FALSE(this->store().value("k"));

  this->fence_ = *fresh;
  EXPECT_TRUE(this->write({PutValue{"k", {1}}}));
  this->harness_.reopen();
  this->fence_ = old;
  this->expect_fault(this->write({PutValue{"k", {2}}}), Fault::kState);
  EXPECT_GT(this->store().claim(this->line_)->number, fresh->number);
}

TYPED_TEST_P(StoreContract, FenceIsOfItsLine) {
  this->fence_ = {line_key(8), 0};  // never claimed
  this->expect_fault(this->write({}), Fault::kState);
  this->fence_.number = 1;
  this->expect_fault(this->write({}), Fault::kState);
  this->fence_ = *this->store().claim(line_key(8));
  this->expect_fault(this->write({AppendEntry{this->log_, entry(0)}}), Fault::kState);
  this->expect_fault(this->write({OpenLog{this->theirs_, 1}}), Fault::kState);
  this->expect_fault(this->write({PutOutbox{this->line_, {1, {1}}}}), Fault::kState);
  this->expect_fault(this->write({UseOfficerCounter{digest("other"), true, OfficerId{1}, 1}}),
                     Fault::kState);
  this->expect_fault(this->write_at(0, {}), Fault::kState);
  EXPECT_TRUE(this->write({PutOutbox{line_key(8), {1, {1}}}}));
  // A claim of one line does not touch the others.
  this->fence_ = {this->line_, 1};
  EXPECT_TRUE(this->write({AppendEntry{this->log_, entry(0)}}));
}

TYPED_TEST_P(StoreContract, ExpectedSizeIsChecked) {
  this->expect_fault(this->write_at(1, {AppendEntry{this->log_, entry(0)}}), Fault::kConflict);
  EXPECT_TRUE(this->write_at(0, {AppendEntry{this->log_, entry(0)}}));
  this->expect_fault(this->write_at(0, {PutValue{"k", {1}}}), Fault::kConflict);
  EXPECT_FALSE(this->store().value("k"));
  EXPECT_TRUE(this->write_at(1, {AppendEntry{this->log_, entry(1)}}));
  // A log that the same batch opens has size 0 before.
  const Batch batch{this->fence_,
                    std::pair(this->theirs_, std::uint64_t{0}),
                    {OpenLog{this->theirs_, 1}, AppendEntry{this->theirs_, entry(0)}}};
  EXPECT_TRUE(this->store().commit({&batch, 1}));
  EXPECT_EQ(this->size(), 2u);
}

TYPED_TEST_P(StoreContract, ExpectedEarlyEntryIsHeldEarlyOrAppended) {
  const auto on_top_of = [&](const LogKey& log, std::uint64_t index) {
    const Batch batch{this->fence_, std::nullopt, {PutValue{"on top", {1}}}, std::pair(log, index)};
    return this->store().commit({&batch, 1});
  };
  this->append_up_to(2, 2);
  EXPECT_TRUE(on_top_of(this->log_, 1));
  this->expect_fault(on_top_of(this->log_, 2), Fault::kConflict);
  this->expect_fault(on_top_of(this->log_, 4), Fault::kConflict);
  this->expect_fault(on_top_of(this->theirs_, 0), Fault::kConflict);
  this->expect_fault(on_top_of(log_key(line_key(4)), 0), Fault::kState);
  ASSERT_TRUE(this->write({PutEarlyEntry{this->log_, entry(4)}}));
  this->harness_.reopen();
  EXPECT_TRUE(on_top_of(this->log_, 4));
  this->expect_fault(on_top_of(this->log_, 3), Fault::kConflict);
  this->append_up_to(5, 3);
  EXPECT_TRUE(on_top_of(this->log_, 4));
}

TYPED_TEST_P(StoreContract, IndexIsNext) {
  this->expect_fault(this->write({AppendEntry{this->log_, entry(1)}}), Fault::kConflict);
  this->append_up_to(3, 2);
  this->expect_fault(this->write({AppendEntry{this->log_, entry(2)}}), Fault::kConflict);
  this->expect_fault(this->write({AppendEntry{this->log_, entry(4)}}), Fault::kConflict);
  this->expect_fault(this->write({AppendEntry{this->log_, entry(kLogSizeMax)}}), Fault::kLimit);
  this->expect_fault(this->write({AppendEntry{this->theirs_, entry(0)}}), Fault::kNotFound);
  this->append_up_to(5, 1);
  EXPECT_EQ(this->size(), 5u);
}

TYPED_TEST_P(StoreContract, EntriesComeBackAsTheyWere) {
  this->append_up_to(12, 5);
  this->harness_.reopen();
  const auto all = this->store().entries(this->log_, 0, 12, 100);
  ASSERT_EQ(all.size(), 12u);
  for (std::uint64_t i = 0; i < 12; ++i) EXPECT_TRUE(same(all[i], entry(i))) << i;

  const auto range = [&](std::uint64_t from, std::uint64_t to, std::size_t limit) {
    return indices(this->store().entries(this->log_, from, to, limit));
  };
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(range(3, 6, 100), (Indices{3, 4, 5}));
  EXPECT_EQ(range(3, 9, 2), (Indices{3, 4}));
  EXPECT_EQ(range(10, kMax, std::numeric_limits<std::size_t>::max()), (Indices{10, 11}));
  EXPECT_EQ(range(12, kMax, 5), Indices{});
  EXPECT_EQ(range(kMax, kMax, 5), Indices{});
  EXPECT_EQ(range(kMax - 1, kMax, 5), Indices{});
  EXPECT_EQ(range(6, 6, 5), Indices{});
  EXPECT_EQ(range(6, 3, 5), Indices{});
  EXPECT_EQ(range(0, 12, 0), Indices{});
}

TYPED_TEST_P(StoreContract, LogIsOpenedOnce) {
  this->expect_fault(this->write({OpenLog{this->log_, 7}}), Fault::kConflict);
  this->expect_fault(this->write({OpenLog{this->theirs_, 1}, OpenLog{this->theirs_, 1}}),
                     Fault::kConflict);
  EXPECT_EQ(this->store().logs(this->line_).size(), 1u);
  this->expect_fault(this->write({PutEarlyEntry{this->theirs_, entry(4)}}), Fault::kNotFound);
  this->expect_fault(this->write({PutCheckpoint{this->theirs_, {1, {}, {}}}}), Fault::kNotFound);
  this->expect_fault(this->write({PutCosignature{this->theirs_, {1, {}, {}, {}}}}),
                     Fault::kNotFound);
  this->expect_fault(this->write({PutEvidence{this->theirs_, "w", {1}, {}}}), Fault::kNotFound);
  EXPECT_TRUE(this->write({OpenLog{this->theirs_, 1}}));
}

TYPED_TEST_P(StoreContract, LogsAreListedInTheOrderOfOpening) {
  // Orders by key would differ: the later epochs are the smaller ones.
  const LogKey second = log_key(this->line_, true, 0);
  ASSERT_TRUE(this->write({OpenLog{this->theirs_, 300}}));
  ASSERT_TRUE(this->write({OpenLog{second, 5}, AppendEntry{second, entry(0)}}));
  this->append_up_to(250, 100);
  this->harness_.reopen();
  const auto logs = this->store().logs(this->line_);
  ASSERT_EQ(logs.size(), 3u);
  EXPECT_EQ(logs[0].log, this->log_);
  EXPECT_EQ(logs[0].ordinal, 7u);
  EXPECT_EQ(logs[0].size, 250u);
  EXPECT_EQ(logs[0].period, 602u);
  EXPECT_EQ(logs[1].log, this->theirs_);
  EXPECT_EQ(logs[1].ordinal, 300u);
  EXPECT_EQ(logs[1].size, 0u);
  EXPECT_EQ(logs[1].period, 0u);
  EXPECT_EQ(logs[2].log, second);
  EXPECT_EQ(logs[2].size, 1u);
}

TYPED_TEST_P(StoreContract, ALogIsFoundWithoutTheOthers) {
  const LogKey second = log_key(this->line_, true, 0);
  LogKey renamed = second;
  renamed.station_id = "south/reserve";
  ASSERT_TRUE(this->write({OpenLog{this->theirs_, 300}, OpenLog{second, 5}, OpenLog{renamed, 6}, AppendEntry{second, entry(0)}}));
  this->append_up_to(3, 3);
  this->harness_.reopen();
  const auto first = this->store().log_of(this->line_, true, this->log_.epoch);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->log, this->log_);
  EXPECT_EQ(first->ordinal, 7u);
  EXPECT_EQ(first->size, 3u);
  EXPECT_EQ(first->period, this->store().logs(this->line_).front().period);
  EXPECT_EQ(this->store().log_of(this->line_, true, second.epoch)->log, renamed) << "the later one of that epoch";
  EXPECT_FALSE(this->store().log_of(this->line_, false, this->log_.epoch));
  EXPECT_FALSE(this->store().log_of(line_key(4), true, this->log_.epoch));
  EXPECT_EQ(this->store().newest_log(this->line_, true)->log, renamed);
  EXPECT_EQ(this->store().newest_log(this->line_, false)->log, this->theirs_);
  EXPECT_FALSE(this->store().newest_log(line_key(4), true));
}

TYPED_TEST_P(StoreContract, LogsDoNotMix) {
  const LogKey other_side = log_key(this->line_, false, 1);
  LogKey other_station = this->log_;
  other_station.station_id = "south/reserve";
  ASSERT_TRUE(this->write({OpenLog{other_side, 1}, OpenLog{other_station, 1}}));
  this->append_up_to(2, 1);
  ASSERT_TRUE(this->write({AppendEntry{other_side, entry(0, "theirs")}}));
  EXPECT_TRUE(same(this->store().entries(other_side, 0, 9, 9).at(0), entry(0, "theirs")));
  EXPECT_TRUE(same(this->store().entries(this->log_, 0, 9, 9).at(0), entry(0)));
  EXPECT_TRUE(this->store().entries(other_station, 0, 9, 9).empty());
}

TYPED_TEST_P(StoreContract, RefusedCommitLeavesNothing) {
  this->append_up_to(255, 255);  // the next entry completes a tile
  ASSERT_TRUE(
      this->write({PutOutbox{this->line_, {1, {1}}}, PutValue{"old", {1}},
                   PutEarlyEntry{this->log_, entry(258)},
                   PutCosignature{this->log_, {9, digest("nine"), {5}, signature(1)}},
                   PutLinkState{this->line_.lineage, "north/main", {1, 2, 3, Bytes(32, 4), {5}}}}));
  const LineKey other = line_key(4);
  const Batch good{
      this->fence_,
      std::pair(this->log_, std::uint64_t{255}),
      {AppendEntry{this->log_, entry(255)}, AppendEntry{this->log_, entry(256)},
       AppendEntry{this->log_, entry(257)}, AppendEntry{this->log_, entry(258)},
       OpenLog{this->theirs_, 1}, PutEarlyEntry{this->theirs_, entry(7)},
       AppendEntry{this->theirs_, entry(0)},
       PutCheckpoint{this->log_, {256, digest("256"), signature(2)}},
       PutCosignature{this->log_, {9, digest("nine"), {6}, signature(3)}},
       PutCosignature{this->log_, {256, digest("256"), {7}, signature(4)}},
       DeleteOutbox{this->line_, 1}, PutOutbox{this->line_, {2, {2}}}, PutValue{"old", {2}},
       PutValue{"new", {2}}, PutEvidence{this->log_, "forked", {2}, {9}},
       UseOfficerCounter{this->line_.lineage, true, OfficerId{1}, 77},
       PutLinkState{this->line_.lineage, "north/main", {9, 9, 9, Bytes(32, 9), {9}}}}};
  Batch late = good;
  late.expected_size.reset();
  late.writes = {AppendEntry{this->log_, entry(1000)}};
  const Batch unclaimed{{other, 1}, std::nullopt, {PutValue{"x", {1}}}};

  const auto expect_nothing_changed = [&] {
    const Store& store = this->store();
    EXPECT_EQ(this->size(), 255u);
    EXPECT_EQ(store.entries(this->log_, 250, 300, 99).size(), 5u);
    EXPECT_EQ(indices(store.early_entries(this->log_)), (Indices{258}));
    EXPECT_EQ(store.logs(this->line_).size(), 1u);
    EXPECT_TRUE(store.early_entries(this->theirs_).empty());
    EXPECT_TRUE(store.entries(this->theirs_, 0, 9, 9).empty());
    EXPECT_FALSE(store.checkpoint_covering(this->log_, 0));
    EXPECT_EQ(store.newest_cosignature(this->log_)->size, 9u);
    EXPECT_EQ(store.newest_cosignature(this->log_)->time, WallTime{5});
    ASSERT_EQ(store.outbox(this->line_).size(), 1u);
    EXPECT_EQ(store.outbox(this->line_)[0].id, 1u);
    EXPECT_EQ(store.value("old"), Bytes{1});
    EXPECT_FALSE(store.value("new"));
    EXPECT_TRUE(store.evidence(this->log_, SIZE_MAX).empty());
    EXPECT_FALSE(store.officer_counter_used(this->line_.lineage, true, OfficerId{1}, 77));
    EXPECT_EQ(store.link_state(this->line_.lineage, "north/main")->psk, Bytes(32, 4));
    EXPECT_EQ(store.tiles(this->log_)->tile({0, 0})->size(), 255u * 32);
    EXPECT_FALSE(store.tiles(this->log_)->tile({1, 0}));
  };
  const std::vector<Batch> first = {good, late};
  this->expect_fault(this->store().commit(first), Fault::kConflict);
  expect_nothing_changed();
  const std::vector<Batch> second = {good, unclaimed};
  this->expect_fault(this->store().commit(second), Fault::kState);
  expect_nothing_changed();
  this->harness_.reopen();
  expect_nothing_changed();

  ASSERT_TRUE(this->store().commit({&good, 1}));
  EXPECT_EQ(this->size(), 259u);
  EXPECT_TRUE(this->store().early_entries(this->log_).empty());
  EXPECT_EQ(indices(this->store().early_entries(this->theirs_)), (Indices{7}));
  EXPECT_EQ(this->store().tiles(this->log_)->tile({1, 0})->size(), 32u);
}

TYPED_TEST_P(StoreContract, EarlyEntryIsReplacedByTheAppended) {
  this->append_up_to(2, 2);
  ASSERT_TRUE(this->write({PutEarlyEntry{this->log_, entry(5)}}));
  ASSERT_TRUE(this->write({PutEarlyEntry{this->log_, entry(3)}}));
  EXPECT_TRUE(this->write({PutEarlyEntry{this->log_, entry(3)}}));  // the same again
  this->harness_.reopen();
  const auto early = this->store().early_entries(this->log_);
  ASSERT_EQ(indices(early), (Indices{3, 5}));
  EXPECT_TRUE(same(early[0], entry(3)));
  EXPECT_EQ(this->size(), 2u);
  EXPECT_TRUE(this->store().entries(this->log_, 2, 9, 9).empty());

  this->expect_fault(this->write({PutEarlyEntry{this->log_, entry(1)}}), Fault::kConflict);
  this->expect_fault(this->write({PutEarlyEntry{this->log_, entry(5, "forked")}}),
                     Fault::kConflict);
  this->expect_fault(this->write({PutEarlyEntry{this->log_, entry(kLogSizeMax)}}), Fault::kLimit);
  this->append_up_to(4, 1);
  EXPECT_EQ(indices(this->store().early_entries(this->log_)), (Indices{5}));
  this->append_up_to(6, 2);
  EXPECT_TRUE(this->store().early_entries(this->log_).empty());
  EXPECT_EQ(this->store().entries(this->log_, 0, 9, 9).size(), 6u);
}

TYPED_TEST_P(StoreContract, CheckpointOfOneSizeHasOneRoot) {
  const auto put = [&](std::uint64_t size, const std::string& root,
                       std::optional<crypto::Signature> by) {
    return this->write({PutCheckpoint{this->log_, {size, digest(root), by}}});
  };
  ASSERT_TRUE(put(8, "8", signature(8)));
  ASSERT_TRUE(put(4, "4", std::nullopt));  // checkpoints may come in any order
  this->expect_fault(put(8, "other", signature(8)), Fault::kConflict);
  EXPECT_TRUE(put(8, "8", std::nullopt));  // the signature that is held stays
  this->expect_fault(put(kLogSizeMax + 1, "far", std::nullopt), Fault::kLimit);
  ASSERT_TRUE(this->write({PutCosignature{this->log_, {12, digest("12"), {}, {}}}}));
  this->expect_fault(put(12, "other", signature(1)), Fault::kConflict);

  this->harness_.reopen();
  const auto exact = this->store().checkpoint_covering(this->log_, 8);
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->root, digest("8"));
  EXPECT_EQ(exact->signature, signature(8));
  EXPECT_EQ(this->store().checkpoint_covering(this->log_, 0)->size, 4u);
  EXPECT_FALSE(this->store().checkpoint_covering(this->log_, 4)->signature);
  EXPECT_EQ(this->store().checkpoint_covering(this->log_, 5)->size, 8u);
  EXPECT_FALSE(this->store().checkpoint_covering(this->log_, 9));
  EXPECT_FALSE(this->store().checkpoint_covering(this->log_, ~std::uint64_t{0}));
}

TYPED_TEST_P(StoreContract, CosignedSizeNeverFalls) {
  const auto put = [&](const LogKey& log, std::uint64_t size, const std::string& root,
                       std::uint32_t time) {
    return this->write({PutCosignature{log, {size, digest(root), {time}, signature(1)}}});
  };
  ASSERT_TRUE(this->write(
      {OpenLog{this->theirs_, 1}, PutCheckpoint{this->log_, {20, digest("20"), signature(2)}}}));
  ASSERT_TRUE(put(this->log_, 5, "5", 100));
  ASSERT_TRUE(put(this->log_, 9, "9", 200));
  this->expect_fault(put(this->log_, 8, "8", 300), Fault::kConflict);
  this->expect_fault(put(this->log_, 5, "5", 300), Fault::kConflict);
  this->expect_fault(put(this->log_, 9, "other", 300), Fault::kConflict);
  this->expect_fault(put(this->log_, 20, "other", 300), Fault::kConflict);
  this->expect_fault(put(this->log_, ~std::uint64_t{0}, "far", 300), Fault::kLimit);
  EXPECT_TRUE(put(this->log_, 9, "9", 250));
  EXPECT_TRUE(put(this->theirs_, 1, "1", 1));  // each log for itself

  this->harness_.reopen();
  this->expect_fault(put(this->log_, 8, "8", 300), Fault::kConflict);
  const auto newest = this->store().newest_cosignature(this->log_);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->size, 9u);
  EXPECT_EQ(newest->root, digest("9"));
  EXPECT_EQ(newest->time, WallTime{250});
  EXPECT_EQ(newest->signature, signature(1));
  EXPECT_EQ(this->store().cosignature_covering(this->log_, 5)->size, 5u);
  EXPECT_EQ(this->store().cosignature_covering(this->log_, 6)->size, 9u);
  EXPECT_FALSE(this->store().cosignature_covering(this->log_, 10));
}

TYPED_TEST_P(StoreContract, OutboxIsOrderedByNumber) {
  const LineKey other = line_key(4);
  const auto fence = this->store().claim(other);
  const Batch elsewhere{*fence, std::nullopt, {PutOutbox{other, {1, {9}}}}};
  ASSERT_TRUE(this->store().commit({&elsewhere, 1}));
  for (const std::uint64_t id : {300u, 2u, 70'000u, 5u}) {
    ASSERT_TRUE(this->write({PutOutbox{this->line_, {id, Bytes(id % 1000, 1)}}}));
  }
  ASSERT_TRUE(this->write({DeleteOutbox{this->line_, 5}, PutOutbox{this->line_, {2, {}}}}));
  EXPECT_TRUE(this->write({DeleteOutbox{this->line_, 5}}));  // gone already
  ASSERT_TRUE(this->write({PutOutbox{this->line_, {kStoredNumberMax, {1}}}}));
  this->expect_fault(this->write({PutOutbox{this->line_, {kStoredNumberMax + 1, {1}}}}),
                     Fault::kLimit);
  this->harness_.reopen();
  const auto items = this->store().outbox(this->line_);
  Indices ids;
  for (const auto& item : items) ids.push_back(item.id);
  EXPECT_EQ(ids, (Indices{2, 300, 70'000, kStoredNumberMax}));
  EXPECT_EQ(items[0].item, Bytes{});
  EXPECT_EQ(items[1].item, Bytes(300, 1));
  ASSERT_EQ(this->store().outbox(other).size(), 1u);
  EXPECT_EQ(this->store().outbox(other)[0].item, Bytes{9});
}

TYPED_TEST_P(StoreContract, OfficerCounterIsUsedOnce) {
  const Digest& lineage = this->line_.lineage;
  const auto use = [&](bool own, std::uint16_t officer, std::uint64_t counter) {
    return this->write(
        {UseOfficerCounter{lineage, own, OfficerId{officer}, counter}, PutValue{"used", {1}}});
  };
  EXPECT_FALSE(this->store().officer_counter_used(lineage, true, OfficerId{1}, 10));
  ASSERT_TRUE(use(true, 1, 10));
  this->harness_.reopen();
  EXPECT_TRUE(this->store().officer_counter_used(lineage, true, OfficerId{1}, 10));
  this->expect_fault(use(true, 1, 10), Fault::kConflict);
  EXPECT_TRUE(use(true, 1, 9));
  EXPECT_TRUE(use(false, 1, 10));
  EXPECT_TRUE(use(true, 2, 10));
  EXPECT_TRUE(use(true, 1, ~std::uint64_t{0}));
  EXPECT_TRUE(this->store().officer_counter_used(lineage, true, OfficerId{1}, ~std::uint64_t{0}));
  this->expect_fault(this->write({UseOfficerCounter{lineage, true, OfficerId{3}, 4},
                                  UseOfficerCounter{lineage, true, OfficerId{3}, 4}}),
                     Fault::kConflict);
  EXPECT_FALSE(this->store().officer_counter_used(lineage, true, OfficerId{3}, 4));
  // Two batches of one group commit count, too.
  const Batch once{this->fence_, std::nullopt, {UseOfficerCounter{lineage, true, OfficerId{3}, 5}}};
  const std::vector<Batch> twice = {once, once};
  this->expect_fault(this->store().commit(twice), Fault::kConflict);
}

TYPED_TEST_P(StoreContract, LinkStatesValuesAndEvidenceAreKept) {
  const Digest& lineage = this->line_.lineage;
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  const LinkState first{64, 7, 65535, Bytes(32, 1), {kMax}};
  const LinkState second{kMax, kMax, 0, Bytes(32, 2), {0}};
  ASSERT_TRUE(this->write({PutLinkState{lineage, "north/main", first},
                           PutLinkState{lineage, "north/reserve", first},
                           PutValue{"instance", {1, 2}}, PutValue{"empty", {}}}));
  ASSERT_TRUE(this->write({PutLinkState{lineage, "north/main", second}, PutValue{"instance", {3}},
                           PutEvidence{this->log_, "two checkpoints", Bytes(5000, 6), {9}}}));
  ASSERT_TRUE(this->write({PutEvidence{this->log_, "again", {1}, {10}}}));
  this->harness_.reopen();
  const auto main = this->store().link_state(lineage, "north/main");
  ASSERT_TRUE(main);
  EXPECT_EQ(main->initiator_reserved, kMax);
  EXPECT_EQ(main->responder_last, kMax);
  EXPECT_EQ(main->psk_epoch, 0);
  EXPECT_EQ(main->psk, Bytes(32, 2));
  EXPECT_EQ(main->psk_since, WallTime{0});
  const auto reserve = this->store().link_state(lineage, "north/reserve");
  EXPECT_EQ(reserve->psk_epoch, 65535);
  EXPECT_EQ(reserve->psk_since, WallTime{kMax});
  EXPECT_FALSE(this->store().link_state(digest("other"), "north/main"));
  EXPECT_EQ(this->store().value("instance"), Bytes{3});
  EXPECT_EQ(this->store().value("empty"), Bytes{});
  const auto evidence = this->store().evidence(this->log_, SIZE_MAX);
  ASSERT_EQ(evidence.size(), 2u);
  EXPECT_EQ(evidence[0].what, "two checkpoints");
  EXPECT_EQ(evidence[0].bytes, Bytes(5000, 6));
  EXPECT_EQ(evidence[0].at, WallTime{9});
  EXPECT_EQ(evidence[1].what, "again");
  EXPECT_EQ(this->store().evidence(this->log_, 1).size(), 1u);
  const auto about = this->store().evidence_of(this->log_, "two checkpoints", EvidenceAbout{6, 6, 6, 6, 6, 6, 6, 6});
  ASSERT_EQ(about.size(), 1u);
  EXPECT_EQ(about[0].bytes, evidence[0].bytes);
  EXPECT_EQ(this->store().evidence_of(this->log_, "again", {}).size(), 1u);
  EXPECT_TRUE(this->store().evidence_of(this->log_, "again", EvidenceAbout{6, 6, 6, 6, 6, 6, 6, 6}).empty());
  EXPECT_TRUE(this->store().evidence_of(this->log_, "other", {}).empty());
}

TYPED_TEST_P(StoreContract, TreeIsThatOfTheLeaves) {
  constexpr std::uint64_t kSize = 777;
  this->append_up_to(300, 37);
  this->harness_.reopen();
  const auto tiles = this->store().tiles(this->log_);
  this->append_up_to(600, 1);
  this->append_up_to(kSize, 177);
  Frontier oracle;
  std::vector<Digest> roots = {oracle.root()};
  for (std::uint64_t i = 0; i < kSize; ++i) {
    oracle.append(entry(i).leaf);
    roots.push_back(oracle.root());
  }
  for (std::uint64_t size = 0; size <= kSize; ++size) {
    ASSERT_EQ(root_at(*tiles, size), roots[size]) << size;
    if (size == 0) continue;
    const auto proof = consistency_proof(*tiles, size, kSize);
    ASSERT_TRUE(proof) << size;
    ASSERT_TRUE(verify_consistency(size, roots[size], kSize, roots[kSize], *proof)) << size;
  }
  EXPECT_FALSE(root_at(*tiles, kSize + 1));
  for (const std::uint64_t size : {std::uint64_t{256}, std::uint64_t{257}, kSize}) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(*tiles, index, size);
      ASSERT_TRUE(proof) << index;
      ASSERT_TRUE(verify_inclusion(entry(index).leaf, index, size, *proof, roots[size])) << index;
    }
  }
  EXPECT_FALSE(tiles->tile({0, 4}));
  EXPECT_FALSE(tiles->tile({0, ~std::uint64_t{0}}));
  EXPECT_FALSE(tiles->tile({255, 0}));
}

TYPED_TEST_P(StoreContract, ProofReadsFewTiles) {
  constexpr std::uint64_t kSize = 65'536 + 300;  // three levels of tiles
  this->append_up_to(kSize, 1024);
  Frontier oracle;
  for (std::uint64_t i = 0; i < kSize; ++i) oracle.append(entry(i).leaf);
  const auto tiles = this->store().tiles(this->log_);
  EXPECT_EQ(root_at(*tiles, kSize), oracle.root());
  EXPECT_EQ(tiles->tile({2, 0})->size(), 32u);
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{12'345}, kSize - 1}) {
    const CountingTiles counted(*tiles);
    const auto proof = inclusion_proof(counted, index, kSize);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(verify_inclusion(entry(index).leaf, index, kSize, *proof, oracle.root()));
    EXPECT_LE(counted.read(), 6u);
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, KnowsNothingOfOtherLogs, OldFenceIsRefused,
                            FenceIsOfItsLine, ExpectedSizeIsChecked,
                            ExpectedEarlyEntryIsHeldEarlyOrAppended, IndexIsNext,
                            EntriesComeBackAsTheyWere, LogIsOpenedOnce,
                            LogsAreListedInTheOrderOfOpening, ALogIsFoundWithoutTheOthers, LogsDoNotMix,
                            RefusedCommitLeavesNothing, EarlyEntryIsReplacedByTheAppended,
                            CheckpointOfOneSizeHasOneRoot, CosignedSizeNeverFalls,
                            OutboxIsOrderedByNumber, OfficerCounterIsUsedOnce,
                            LinkStatesValuesAndEvidenceAreKept, DocumentsAreKeptPieceByPiece,
                            TreeIsThatOfTheLeaves,
                            ProofReadsFewTiles);

}  // namespace detente::record::contract
