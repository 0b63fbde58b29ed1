// SnapshotTask: makes the snapshot of the record that a backup needs, on a thread of
// its own, while the station goes on. One at a time. The file is the asker's: it
// packs it, and removes it (io::discard_snapshot).
//
// Its functions are for the station's thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "io/sqlite_store.h"
#include "station/json.h"

namespace detente::station {

class SnapshotTask {
 public:
  // `post` runs work on the station's thread; it may be called from any.
  using Post = std::function<void(std::function<void()>)>;
  SnapshotTask(io::SqliteStore& store, std::string file, Post post)
      : store_(store), file_(std::move(file)), post_(std::move(post)) {}
  ~SnapshotTask();  // breaks it off
  SnapshotTask(const SnapshotTask&) = delete;

  // kState while one is under way. Replaces the file of an earlier one.
  Result<void> begin();
  bool running() const { return running_; }
  Json json() const;  // spec/api.md, "Snapshot"
  // Called once, when none is under way any more.
  void when_done(std::function<void()> then);

 private:
  void done(Result<void> outcome);

  io::SqliteStore& store_;
  std::string file_;
  Post post_;
  std::thread thread_;
  bool running_ = false;
  std::optional<Result<void>> outcome_;
  std::vector<std::function<void()>> waiting_;
  std::atomic<std::uint64_t> pages_ = 0;
  std::atomic<std::uint64_t> of_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace detente::station
