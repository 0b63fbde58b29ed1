// The simulator: two stations, a network that loses, delays, duplicates, reorders and
// flips, disks that lose what was not synced, crashes, people who write. One
// thread, virtual time, one seed; real cryptography; the same core as the
// daemon. Checks after every step what must never be, and at the end, with the
// faults healed, that everything arrived.
//
// Same seed, same trace: no clock, no unordered container, no pointer order, no
// two draws in one argument list.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "sim/memory_store.h"
#include "sim/pair.h"

namespace detente::sim {

struct Faults {
  std::uint32_t loss_per_mille = 100;
  std::uint32_t duplicate_per_mille = 50;
  std::uint32_t flip_per_mille = 10;
  Duration delay_min = std::chrono::milliseconds(5);
  Duration delay_max = std::chrono::milliseconds(400);
  Duration disk_max = std::chrono::milliseconds(20);
  Duration crash_every = std::chrono::hours(2);      // mean, each station; 0 = never
  Duration partition_every = std::chrono::hours(3);  // mean; one direction, up to ten minutes
  Duration clock_step_every = std::chrono::hours(12);
};

struct Options {
  std::uint64_t seed = 1;
  Duration duration = std::chrono::hours(24);
  Duration message_every = std::chrono::minutes(10);  // mean, each station
  Faults faults;
  PairOptions pair;
};

struct Report {
  std::vector<std::string> violations;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t sent = 0;       // datagrams
  std::uint64_t dropped = 0;
  std::uint64_t submitted = 0;  // messages that a station took
  std::uint64_t delivered = 0;  // and that arrived
  std::uint64_t receipted = 0;
  std::string trace;            // digest of everything that happened, hex
};

class World {
 public:
  explicit World(Options options);
  ~World();
  Report run();

 private:
  struct Node;
  struct Event {
    std::int64_t at = 0;
    std::uint64_t sequence = 0;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // for a heap with the earliest on top
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  void schedule(Duration after, std::function<void()> run);
  void trace(std::string_view what, std::size_t node, ByteView bytes = {});
  void violation(std::string what);
  Duration draw_delay(Duration least, Duration most);
  Duration draw_interval(Duration mean);
  Now now(const Node& node) const;

  void start(std::size_t node);
  void crash(std::size_t node);
  void carry_out(std::size_t node);
  void send(std::size_t node, const core::SendDatagram& datagram);
  void persist(std::size_t node, core::Persist persist);
  Result<void> complete(std::size_t node, const core::Persist& persist);
  void on_event(std::size_t node, const core::DeskEvent& event);
  void arm(std::size_t node);
  void write_message(std::size_t node);
  void plan_messages(std::size_t node);
  void plan_crash(std::size_t node);
  void plan_partition();
  void plan_clock_step(std::size_t node);
  void check_acknowledged(std::size_t node);
  void check_end();
  void run_until(std::int64_t micros);

  Options options_;
  SeededRandom random_;
  Pair pair_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::priority_queue<Event> queue_;
  std::int64_t time_ = 0;
  std::uint64_t sequence_ = 0;
  bool healed_ = false;
  Digest digest_{};
  Report report_;
};

}  // namespace detente::sim
