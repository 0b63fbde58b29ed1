#include "io/commit_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <semaphore>

namespace detente::io {
namespace {

// Counts commits and refuses every batch whose fence number is 0.
class CountingStore final : public record::Store {
 public:
  Result<record::Fence> claim(const record::LineKey&) override { return record::Fence{}; }
  Result<void> commit(std::span<const record::Batch> batches) override {
    if (gate.valid()) std::exchange(gate, {}).wait();
    ++commits;
    for (const record::Batch& batch : batches)
      if (batch.fence.number == 0) return fail(Fault::kConflict, "refused");
    for (const record::Batch& batch : batches) kept.push_back(batch.fence.number);
    return {};
  }
  std::vector<record::LineKey> lines() const override { return {}; }
  std::vector<LogInfo> logs(const record::LineKey&) const override { return {}; }
  std::optional<LogInfo> log_of(const record::LineKey&, bool, const record::EpochId&) const override { return {}; }
  std::optional<LogInfo> newest_log(const record::LineKey&, bool) const override { return {}; }
  std::vector<record::StoredEntry> entries(const record::LogKey&, std::uint64_t, std::uint64_t,
                                           std::size_t) const override {
    return {};
  }
  std::vector<record::StoredEntry> early_entries(const record::LogKey&) const override {
    return {};
  }
  std::optional<record::StoredCheckpoint> checkpoint_covering(const record::LogKey&,
                                                              std::uint64_t) const override {
    return {};
  }
  std::optional<record::StoredCosignature> cosignature_covering(const record::LogKey&,
                                                                std::uint64_t) const override {
    return {};
  }
  std::optional<record::StoredCosignature> newest_cosignature(
      const record::LogKey&) const override {
    return {};
  }
  std::vector<record::OutboxItem> outbox(const record::LineKey&) const override { return {}; }
  bool officer_counter_used(const Digest&, bool, OfficerId, std::uint64_t) const override {
    return false;
  }
  std::optional<record::LinkState> link_state(const Digest&, const std::string&) const override {
    return {};
  }
  std::optional<Bytes> value(const std::string&) const override { return {}; }
  std::vector<std::pair<record::BlobKey, record::StoredBlob>> blobs_from(const record::BlobKey&,
                                                                         std::size_t) const override {
    return {};
  }
  std::optional<record::StoredBlob> blob(const record::BlobKey&) const override { return {}; }
  std::optional<Bytes> piece(const record::BlobKey&, std::uint64_t) const override { return {}; }
  std::vector<std::pair<std::uint64_t, Digest>> piece_leaves(const record::BlobKey&) const override {
    return {};
  }
  std::vector<record::PutEvidence> evidence(const record::LogKey&, std::size_t) const override { return {}; }
  std::vector<record::PutEvidence> evidence_of(const record::LogKey&, std::string_view,
                                               const std::optional<record::EvidenceAbout>&) const override {
    return {};
  }
  std::unique_ptr<record::TileReader> tiles(const record::LogKey&) const override {
    return nullptr;
  }

  std::future<void> gate;
  int commits = 0;
  std::vector<std::uint64_t> kept;
};

core::Persist persist(std::uint64_t token, std::uint64_t number) {
  record::Batch batch;
  batch.fence.number = number;
  return {token, {batch}};
}

struct Seen {
  std::vector<CommitThread::Outcome> outcomes;
  CommitThread::Done done() {
    return [this](std::vector<CommitThread::Outcome> more) {
      outcomes.insert(outcomes.end(), more.begin(), more.end());
    };
  }
};

// The first commit is held up until all are queued.
void push_all(CountingStore& store, Seen& seen, const std::vector<std::uint64_t>& numbers) {
  std::promise<void> go;
  store.gate = go.get_future();
  CommitThread commits(store, {}, seen.done());
  std::uint64_t token = 1;
  for (std::uint64_t number : numbers) commits.push(persist(token++, number));
  go.set_value();
  commits.stop();
}

TEST(CommitThread, WhatIsQueuedSharesACommit) {
  CountingStore store;
  Seen seen;
  push_all(store, seen, {1, 2, 3, 4, 5, 6});
  EXPECT_LE(store.commits, 2);
  EXPECT_EQ(store.kept, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
  ASSERT_EQ(seen.outcomes.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(seen.outcomes[i].token, i + 1);
    EXPECT_FALSE(seen.outcomes[i].error.has_value());
  }
}

TEST(CommitThread, ABadBatchFailsAlone) {
  CountingStore store;
  Seen seen;
  push_all(store, seen, {1, 2, 0, 4, 0, 6});
  EXPECT_EQ(store.kept, (std::vector<std::uint64_t>{1, 2, 4, 6}));
  ASSERT_EQ(seen.outcomes.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(seen.outcomes[i].token, i + 1);
    EXPECT_EQ(seen.outcomes[i].error.has_value(), i == 2 || i == 4);
  }
}

TEST(CommitThread, TidiesUpInAQuietMomentOnly) {
  CountingStore store;
  Seen seen;
  std::promise<void> idle;
  CommitThread commits(
      store, [&] { idle.set_value(); }, seen.done());
  commits.push(persist(1, 1));
  EXPECT_EQ(idle.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  commits.stop();
  EXPECT_EQ(store.commits, 1);
}

TEST(CommitThread, AQuietMomentBeginsAnewWithEachLoneCommit) {
  using Clock = std::chrono::steady_clock;
  CountingStore store;
  Seen seen;
  std::counting_semaphore<64> idles(0);
  CommitThread commits(
      store, [&] { idles.release(); }, seen.done());
  bool stood_still = false;  // this machine, for as long as a quiet moment takes
  for (std::uint64_t number = 1; number <= 8; ++number) {
    const Clock::time_point began = Clock::now();
    static_cast<void>(commits.commit_now(persist(number, number)));
    commits.expect_quiet();
    const bool idle = idles.try_acquire_for(std::chrono::milliseconds(300));
    stood_still |= Clock::now() - began > std::chrono::milliseconds(900);
    EXPECT_TRUE(!idle || stood_still) << "after " << number;
  }
  EXPECT_TRUE(stood_still || idles.try_acquire_for(std::chrono::seconds(10)));
  commits.stop();
}

}  // namespace
}  // namespace detente::io
