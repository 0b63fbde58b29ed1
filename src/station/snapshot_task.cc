#include "station/snapshot_task.h"

namespace detente::station {

SnapshotTask::~SnapshotTask() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<void> SnapshotTask::begin() {
  if (running_)
    return fail(Fault::kState, "a snapshot of the record is being made already; wait for it");
  if (thread_.joinable()) thread_.join();
  running_ = true;
  outcome_.reset();
  pages_ = of_ = 0;
  thread_ = std::thread([this] {
    Result<void> outcome = io::discard_snapshot(file_);
    if (outcome)
      outcome = store_.snapshot(file_, [this](std::uint64_t done, std::uint64_t of) {
        pages_ = done;
        of_ = of;
        return !stopping_;
      });
    post_([this, outcome = std::move(outcome)] { done(outcome); });
  });
  return {};
}

void SnapshotTask::done(Result<void> outcome) {
  running_ = false;
  outcome_ = std::move(outcome);
  for (auto& then : std::exchange(waiting_, {})) then();
}

void SnapshotTask::when_done(std::function<void()> then) {
  if (!running_) return then();
  waiting_.push_back(std::move(then));
}

Json SnapshotTask::json() const {
  const bool failed = outcome_ && !*outcome_;
  Json out{{"ok", true},
           {"state", running_    ? "running"
                     : !outcome_ ? "none"
                     : failed    ? "failed"
                                 : "done"},
           {"file", file_},
           {"pages", pages_.load()},
           {"of", of_.load()},
           {"error", Json()}};
  if (failed) out["error"] = error_json(outcome_->error())["error"];
  return out;
}

}  // namespace detente::station
