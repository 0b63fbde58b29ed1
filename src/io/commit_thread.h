// CommitThread: carries out the core's Persist effects, in order, on a thread of
// its own. Everything that is queued when it looks becomes one commit (group
// commit): under load many messages share one sync of the disk.
//
// A commit that fails is tried again part by part, so that one bad batch fails
// alone. Owned by a Driver; its functions are for the driver's thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/effects.h"

namespace detente::io {

class CommitThread {
 public:
  struct Outcome {
    std::uint64_t token = 0;
    std::optional<Error> error;  // nothing: it is durable
  };
  // Called on the commit thread, in the order of push().
  using Done = std::function<void(std::vector<Outcome>)>;
  // Called on the commit thread after a quiet moment; may be empty.
  using Idle = std::function<void()>;

  CommitThread(record::Store& store, Idle idle, Done done);
  ~CommitThread();
  CommitThread(const CommitThread&) = delete;

  void push(core::Persist persist);
  // One commit on the caller's thread, while nothing that was pushed is under way: a lone message does
  // not pay for waking another thread twice.
  Outcome commit_now(core::Persist persist);
  // After commit_now(), when nothing waits for the answer any more: the quiet moment begins anew.
  void expect_quiet();
  // Carries out what is queued and ends. Pushing afterwards does nothing.
  void stop();

 private:
  void run();
  std::vector<Outcome> commit(std::vector<core::Persist> group);

  record::Store* store_;
  Idle idle_;
  Done done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<core::Persist> queue_;
  bool stopping_ = false;
  bool tidy_ = false;  // nothing was written since the last idle call
  bool written_ = false;  // by commit_now(), since the quiet moment began
  std::thread thread_;
};

}  // namespace detente::io
