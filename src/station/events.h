// EventRing: what happened lately, numbered, for those who ask by long poll. The
// oldest go first; whoever was away too long is told so and reads the record.
// An event is put into words when somebody reads it: on a full line most are
// read by nobody. Station's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "core/effects.h"
#include "station/json.h"

namespace detente::station {

class EventRing {
 public:
  explicit EventRing(std::string run) : run_(std::move(run)) {}

  using Tell = std::function<Json()>;
  // `tell` is asked at each reading, as long as the event is kept; it may look things up.
  void add(Tell tell, WallTime time);
  // The same of one that is in words already.
  void add_told(Json event, WallTime time) {
    add([event = std::move(event)] { return event; }, time);
  }
  std::uint64_t newest() const { return next_ - 1; }
  // {"run", "next", "missed", "events"}: those after `since`, at most `limit`, with "id" and "time" in
  // front.
  // `run`: whose numbers the asker has; of another one than this everything is given, and "missed" says so.
  Json after(std::uint64_t since, std::size_t limit, const std::string& run = {}) const;
  bool is_this(const std::string& run) const { return run.empty() || run == run_; }
  // The same of the newest; "missed" says that there are older ones.
  Json newest_of(std::size_t limit) const;
  // Called once, when the next event comes, unless it was forgotten before. The number is for
  // forget().
  std::uint64_t when_more(std::function<void()> wake);
  void forget(std::uint64_t waiting) { waiting_.erase(waiting); }

 private:
  static constexpr std::size_t kKept = 4096;
  std::string run_;  // numbers of another run of the station mean nothing here
  struct Event {
    std::uint64_t id = 0;
    WallTime time;
    Tell tell;
  };
  std::deque<Event> events_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::function<void()>> waiting_;
  std::uint64_t next_waiting_ = 1;
};

// An authenticated counterpart could raise an alarm with each packet: after some
// of one kind from one counterpart the others are only counted for a while.
class AlarmGate {
 public:
  // Whether to tell of this one; `silent` gets the number that was not told before it. `line`: where each has its own.
  bool let_through(PeerId peer, core::AlarmKind kind, Instant now, std::uint64_t& silent, std::optional<LineId> line = {});

 private:
  static constexpr unsigned kAtOnce = 10;
  static constexpr Duration kRefill = std::chrono::seconds(6);
  struct Bucket {
    unsigned left = kAtOnce;
    Instant filled;
    std::uint64_t silent = 0;
  };
  std::map<std::tuple<PeerId, core::AlarmKind, std::optional<LineId>>, Bucket> buckets_;
};

const char* alarm_name(core::AlarmKind kind);  // "other-accord", ...

}  // namespace detente::station
