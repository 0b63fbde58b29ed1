// The simulator: two stations, several paths that lose, delay, duplicate, reorder,
// replay, flip, run dry and die in one direction, disks that lose what was not
// synced, fill up, rot and are rolled back, clocks that step, stations that crash
// or go on after they were taken over, and people who write. One thread, virtual
// time, one seed; real cryptography; the same core as the daemon. Node (sim/node.h)
// checks after every step what must never be; at the end, with the faults healed,
// everything must have arrived.
//
// Same seed, same trace: no clock, no unordered container, no pointer order, no
// two draws in one argument list.
#pragma once

#include <functional>
#include <queue>

#include "sim/node.h"

namespace detente::sim {

// Means are between two such events, each station; 0 = never.
struct Faults {
  std::uint32_t loss_per_mille = 100;
  std::uint32_t duplicate_per_mille = 50;
  std::uint32_t flip_per_mille = 10;
  std::uint32_t replay_per_mille = 5;  // an old datagram comes again, from anybody
  Duration delay_min = std::chrono::milliseconds(5);
  Duration delay_max = std::chrono::milliseconds(400);
  Duration disk_max = std::chrono::milliseconds(20);
  Duration crash_every = std::chrono::hours(2);
  Duration partition_every = std::chrono::hours(3);  // one direction, one path or all, up to ten minutes
  Duration clock_step_every = std::chrono::hours(12);
  Duration full_disk_every = std::chrono::hours(9);  // for up to twenty minutes
  // One station of each run, drawn: its disk goes back to an earlier snapshot, or rots and is restored from one.
  Duration rollback_every = std::chrono::hours(20);
  Duration takeover_every = std::chrono::hours(11);  // the old process goes on for a while
  Duration cut_every = std::chrono::hours(8);        // a person cuts a line, at once or announced, and lifts it later
  Duration dark_every{0};                            // all lines at once, in the dark, and lifted later
  bool slow_paths = true;  // some paths have a rate of 9,600 bit/s to 2 Mbit/s and a queue
};

struct Options {
  std::uint64_t seed = 1;
  Duration duration = std::chrono::hours(24);
  Duration message_every = std::chrono::minutes(10);  // mean, each station
  bool stop_at_first_violation = false;
  Faults faults;
  PairOptions pair;
};

struct Report {
  std::vector<std::string> violations;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t rollbacks = 0;
  std::uint64_t takeovers = 0;
  std::uint64_t refused = 0;    // commits that a full disk refused
  std::uint64_t sent = 0;       // datagrams
  std::uint64_t dropped = 0;
  std::uint64_t submitted = 0;  // messages that a station took
  std::uint64_t delivered = 0;  // and that arrived
  std::uint64_t receipted = 0;
  std::uint64_t documents_sent = 0;       // named in a message that a station took
  std::uint64_t documents_arrived = 0;    // whole, again after a disk went back
  std::uint64_t documents_confirmed = 0;  // their authors were told so
  std::uint64_t documents_lost = 0;       // with the disk of their author, which went back
  std::string trace;            // digest of everything that happened, hex
};

class World final : public Referee {
 public:
  explicit World(Options options);
  ~World() override;
  Report run();

 private:
  struct Event {
    std::int64_t at = 0;
    std::uint64_t sequence = 0;
    std::function<void()> run;
    bool operator<(const Event& other) const {  // for a heap with the earliest on top
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };
  struct Wire {  // one path, one direction
    std::uint32_t loss_per_mille = 0;
    Duration delay_min{0};
    Duration delay_max{0};
    std::uint64_t rate_bps = 0;
    std::int64_t free_at = 0;
    std::int64_t cut_until = 0;
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

  void start(std::size_t node);
  void crash(std::size_t node, Duration least_down);
  void carry_out(std::size_t node);
  void send(std::size_t node, const core::SendDatagram& datagram, bool by_zombie = false);
  void arrive(std::size_t to, Flight& flight);
  bool must_open(const Node& receiver, const Flight& flight) const;
  void persist(std::size_t node, core::Persist persist);
  void arm(std::size_t node);
  void write_message(std::size_t node);
  bool submit(std::size_t node, record::Entry entry);
  // world_documents.cc
  void write_document(std::size_t node);
  void hand_over(std::size_t node, const Digest& root, LineId line, unsigned tries);
  // The disk goes back; some of the documents that are lost with it are handed over again.
  void restore(std::size_t node, std::size_t back);
  void name_later(std::size_t node, const core::DocumentStored& stored);
  void name_document(std::size_t node, const Digest& root, LineId line, bool again);
  void plan_faults();
  void cut_a_path();
  void step_clock(std::size_t node);
  void fill_disk(std::size_t node);
  void roll_back(std::size_t node);
  void take_over(std::size_t node);
  void replay();
  // world_cuts.cc
  void cut_a_line(std::size_t node);
  void go_dark(std::size_t node);
  static bool in_the_dark(const Node& node);
  // Again and again, until this cut is ended; 0: the newest.
  void lift(std::size_t node, LineId line, std::uint64_t cut_epoch = 0);
  bool act(std::size_t node, Bytes body);
  bool act(std::size_t node, record::Kind kind, Bytes body, std::vector<record::Reference> references);
  void propose_to_restore(std::size_t node, LineId line);
  void answer_proposals(std::size_t node);
  void answer_proposal(std::size_t node, const line::ActPlace& at, line::AnswerAct how);
  // Persons on both sides, once all was healed, until nothing is cut.
  void open_all_lines();
  void open_line(std::size_t node, LineId line);
  void open_in_the_end(std::size_t node, LineId line);
  void check_end();
  void run_until(std::int64_t micros);

  Options options_;
  SeededRandom random_;
  Pair pair_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::pair<std::size_t, PathId>, Wire> wires_;  // by sender
  std::vector<std::shared_ptr<Flight>> recorded_[2];      // by receiver, what an eavesdropper kept
  std::priority_queue<Event> queue_;
  std::int64_t time_ = 0;
  std::uint64_t sequence_ = 0;
  bool healed_ = false;
  std::uint64_t signed_acts_ = 0;  // an officer's counter
  bool check_opening_ = true;
  Digest digest_{};
  Report report_;
};

}  // namespace detente::sim
