#include "io/commit_thread.h"

#include <chrono>
#include <span>

namespace detente::io {

namespace {
// So long nothing is written before the store tidies up.
constexpr auto kQuietBeforeIdle = std::chrono::seconds(1);
}  // namespace

CommitThread::CommitThread(record::Store& store, Idle idle, Done done)
    : store_(&store), idle_(std::move(idle)), done_(std::move(done)), thread_([this] { run(); }) {}

CommitThread::~CommitThread() { stop(); }

void CommitThread::push(core::Persist persist) {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(persist));
  }
  wake_.notify_one();
}

CommitThread::Outcome CommitThread::commit_now(core::Persist persist) {
  std::vector<core::Persist> alone;
  alone.push_back(std::move(persist));
  return std::move(commit(std::move(alone)).front());
}

void CommitThread::expect_quiet() {
  {
    const std::lock_guard guard(mutex_);
    written_ = true;
    if (!tidy_) return;
    tidy_ = false;
  }
  wake_.notify_one();
}

void CommitThread::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void CommitThread::run() {
  const auto due = [this] { return stopping_ || !queue_.empty(); };
  for (;;) {
    std::vector<core::Persist> group;
    {
      std::unique_lock lock(mutex_);
      if (tidy_) {
        wake_.wait(lock, [&] { return due() || !tidy_; });
        if (!due()) continue;  // written meanwhile by commit_now(): wait for quiet again
      } else {
        written_ = false;
        if (!wake_.wait_for(lock, kQuietBeforeIdle, due) && written_) continue;  // it begins anew
      }
      group.swap(queue_);
      tidy_ = group.empty();
      if (group.empty() && stopping_) return;
    }
    if (group.empty()) {
      if (idle_) idle_();
      continue;
    }
    done_(commit(std::move(group)));
  }
}

std::vector<CommitThread::Outcome> CommitThread::commit(std::vector<core::Persist> group) {
  std::vector<Outcome> out;
  std::vector<std::size_t> parts;
  std::vector<record::Batch> all;
  for (core::Persist& persist : group) {
    out.push_back({persist.token, std::nullopt});
    parts.push_back(persist.batches.size());
    std::move(persist.batches.begin(), persist.batches.end(), std::back_inserter(all));
  }
  const Result<void> together = store_->commit(all);
  if (together) return out;
  if (group.size() == 1) {
    out.front().error = together.error();
    return out;
  }
  std::span<const record::Batch> rest(all);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Result<void> alone = store_->commit(rest.first(parts[i]));
    if (!alone) out[i].error = alone.error();
    rest = rest.subspan(parts[i]);
  }
  return out;
}

}  // namespace detente::io
