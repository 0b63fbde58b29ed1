// Stage: what every simulation of two stations by one seed stands on: a network of several paths that loses, delays,
// duplicates, reorders, replays and flips, disks that lose what was not synced, clocks of their own, stations that crash.
// One thread, virtual time; real cryptography; the same core as the daemon. Node (sim/node.h) checks after every step
// what must never be. What persons do, and what else goes wrong, is World's (by chance) and Story's (by a script).
//
// Same seed, same trace: no clock, no unordered container, no pointer order, no
// two draws in one argument list.
#pragma once

#include <functional>
#include <queue>

#include "sim/node.h"

namespace detente::sim {

struct NetworkFaults {
  std::uint32_t loss_per_mille = 100;
  std::uint32_t duplicate_per_mille = 50;
  std::uint32_t flip_per_mille = 10;
  Duration delay_min = std::chrono::milliseconds(5);
  Duration delay_max = std::chrono::milliseconds(400);
  Duration disk_max = std::chrono::milliseconds(20);
  bool slow_paths = true;  // some paths have a rate of 9,600 bit/s to 2 Mbit/s and a queue
};

struct StageReport {
  std::vector<std::string> violations;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t refused = 0;    // commits that a full disk refused
  std::uint64_t sent = 0;       // datagrams
  std::uint64_t dropped = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;  // that arrived before one sent earlier on the same path
  std::uint64_t slowed = 0;     // that waited for a path's rate
  std::uint64_t flipped = 0;    // of which a bit was turned over
  std::uint64_t replayed = 0;   // that came again, old, from anybody
  std::uint64_t submitted = 0;  // messages that a station took
  std::uint64_t delivered = 0;  // and that arrived
  std::uint64_t receipted = 0;
  std::string trace;            // digest of everything that happened, hex
};

class Stage : public Referee {
 public:
  ~Stage() override;

 protected:
  Stage(std::uint64_t seed, const PairOptions& pair, const NetworkFaults& network);

  struct Wire {  // one path, one direction
    std::uint32_t loss_per_mille = 0;
    Duration delay_min{0};
    Duration delay_max{0};
    std::uint64_t rate_bps = 0;
    std::int64_t free_at = 0;
    std::int64_t cut_until = 0;
    std::int64_t arrives_last = 0;  // the latest of what is under way or has arrived
  };
  struct Flight {  // one datagram, however often it arrives
    core::SocketId socket;
    Bytes datagram;
    std::optional<Node::Sealed> sealed;  // of a packet that came whole
    bool taken = false;
  };

  void violation(std::string what) override;
  std::int64_t time() const override { return time_; }

  void schedule(Duration after, std::function<void()> run);
  void schedule_for_life(std::size_t node, Duration after, std::function<void(Node&)> run);
  void trace(std::string_view what, std::size_t node, ByteView bytes = {});
  Duration draw_delay(Duration least, Duration most);
  Duration draw_interval(Duration mean);
  // Every so often, while faults go on.
  void plan(Duration mean, std::function<void()> what);
  Now now(const Node& node) const;

  // Nobody restores a disk in less than the sessions' grace.
  static constexpr Duration kRestoring = std::chrono::minutes(2);
  void start(std::size_t node);
  void crash(std::size_t node, Duration least_down);
  void carry_out(std::size_t node);
  void send(std::size_t node, const core::SendDatagram& datagram, bool by_zombie = false);
  void replay();
  // A message with the next of its writer's numbers for a text. That number, if the station took it.
  std::optional<std::uint64_t> submit(std::size_t node, record::Entry entry);
  // What an officer signs, on the accord line or another. Whether the station took it.
  bool act(std::size_t node, record::Kind kind, Bytes body, std::vector<record::Reference> references = {});
  bool sign(std::size_t node, record::Entry entry);
  void run_until(std::int64_t micros);
  // Stops early at the first violation, where that was asked for.
  bool stopped() const { return stop_at_first_violation_ && !report_.violations.empty(); }
  // Sums of both desks, and the trace.
  void close_report();

  // What else the station is told of its pair.
  virtual core::PeerSetup setup(std::size_t node) { return pair_.setup(node); }
  // A disk does not check out at a start.
  virtual void repair(std::size_t node);
  // What a desk was told, after the checkers.
  virtual void told(std::size_t node, const core::DeskEvent& event) = 0;

  SeededRandom random_;
  Pair pair_;
  std::size_t lines_;  // with the accord line
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::pair<std::size_t, PathId>, Wire> wires_;  // by sender
  std::int64_t time_ = 0;
  bool healed_ = false;
  bool stop_at_first_violation_ = false;
  StageReport report_;

 private:
  struct Event {
    std::int64_t at = 0;
    std::uint64_t sequence = 0;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // for a heap with the earliest on top
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };
  void arrive(std::size_t to, Flight& flight);
  bool must_open(const Node& receiver, const Flight& flight) const;
  void persist(std::size_t node, core::Persist persist);
  void arm(std::size_t node);
  static bool in_the_dark(const Node& node);

  NetworkFaults network_;
  std::vector<std::shared_ptr<Flight>> recorded_[2];  // by receiver, what an eavesdropper kept
  std::priority_queue<Event> queue_;
  std::uint64_t sequence_ = 0;
  std::uint64_t signed_acts_ = 0;  // an officer's counter
  bool check_opening_ = true;
  Digest digest_{};
};

}  // namespace detente::sim
