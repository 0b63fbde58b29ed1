// World: two stations on a stage (sim/stage.h), and everything that can happen to them by chance: persons who write,
// send documents, cut lines, propose and answer; paths that die in one direction, disks that fill up, rot and are rolled
// back, clocks that step, stations that crash or go on after they were taken over. At the end, with the faults healed,
// everything must have arrived.
#pragma once

#include "sim/stage.h"

namespace detente::sim {

// Means are between two such events, each station; 0 = never.
struct Faults : NetworkFaults {
  std::uint32_t replay_per_mille = 5;  // an old datagram comes again, from anybody
  Duration crash_every = std::chrono::hours(2);
  Duration partition_every = std::chrono::hours(3);  // one direction, one path or all, up to ten minutes
  Duration clock_step_every = std::chrono::hours(12);
  Duration full_disk_every = std::chrono::hours(9);  // for up to twenty minutes
  // One station of each run, drawn: its disk goes back to an earlier snapshot, or rots and is restored from one.
  Duration rollback_every = std::chrono::hours(20);
  Duration takeover_every = std::chrono::hours(11);  // the old process goes on for a while
  Duration cut_every = std::chrono::hours(8);        // a person cuts a line, at once or announced, and lifts it later
  Duration dark_every{0};                            // all lines at once, in the dark, and lifted later
  Duration courier_every{0};                         // a person packs a file, which is carried later, twice or never
};

struct Options {
  std::uint64_t seed = 1;
  Duration duration = std::chrono::hours(24);
  Duration message_every = std::chrono::minutes(10);  // mean, each station
  std::size_t snapshots = 8;  // of a disk that goes back: the newest; each holds all of the disk
  bool stop_at_first_violation = false;
  Faults faults;
  PairOptions pair;
};

struct Report : StageReport {
  std::uint64_t partitions = 0;   // of a path or of all
  std::uint64_t one_way = 0;      // of those, in one direction
  std::uint64_t clock_steps = 0;
  std::uint64_t far_steps = 0;    // of those, back by a year
  std::uint64_t rollbacks = 0;
  std::uint64_t farthest_back = 0;  // of those, in snapshots
  std::uint64_t rotten = 0;  // of those, because a start found a bit of the disk turned over
  std::uint64_t rot_read = 0;  // of those, after a running station had read it
  std::uint64_t takeovers = 0;
  std::uint64_t cuts_respected = 0;       // entries that arrived and were held against the reader's own cuts
  std::uint64_t lifts_tested = 0;         // looks at own cuts that were lifted for the test that led to it: each again with its register
  std::uint64_t files_packed = 0;         // that couriers took along
  std::uint64_t files_taken = 0;          // of those, by a station that believed them; again counts again
  std::uint64_t documents_sent = 0;       // named in a message that a station took
  std::uint64_t documents_arrived = 0;    // whole, again after a disk went back
  std::uint64_t documents_confirmed = 0;  // their authors were told so
  std::uint64_t documents_lost = 0;       // with the disk of their author, which went back

  void add(const Report& other);  // its counts and what it broke; the trace is the newest
};

class World final : public Stage {
 public:
  explicit World(Options options);
  Report run();

 private:
  void repair(std::size_t node) override {  // what a person does: the newest backup
    ++out_.rotten;
    out_.rot_read += nodes_[node]->store.damage_found() ? 1 : 0;
    restore(node, 0);
  }
  void told(std::size_t node, const core::DeskEvent& event) override;
  void write_message(std::size_t node);
  // world_documents.cc
  void write_document(std::size_t node);
  void hand_over(std::size_t node, const Digest& root, LineId line, unsigned tries);
  // The disk goes back; some of the documents that are lost with it are handed over again.
  void restore(std::size_t node, std::size_t back);
  void name_later(std::size_t node, const core::DocumentStored& stored);
  void name_document(std::size_t node, const Digest& root, LineId line, bool again);
  // world_couriers.cc
  void pack_a_file(std::size_t node);
  void send_off(std::size_t from, const core::CourierPacked& packed);
  void hand_in(std::size_t to, const std::shared_ptr<const Bytes>& file);
  void told_of_files(std::size_t node, const core::DeskEvent& event);
  // world_faults.cc
  void plan_faults();
  void cut_a_path();
  void step_clock(std::size_t node);
  void fill_disk(std::size_t node);
  void roll_back(std::size_t node);
  void rot_while_it_runs(std::size_t node);
  void take_over(std::size_t node);
  // world_cuts.cc
  void cut_a_line(std::size_t node);
  void go_dark(std::size_t node);
  // Again and again, until this cut is ended; 0: the newest.
  void lift(std::size_t node, LineId line, std::uint64_t cut_epoch = 0);
  bool act_on_register(std::size_t node, Bytes body);
  void propose_to_restore(std::size_t node, LineId line);
  void answer_proposals(std::size_t node);
  void answer_proposal(std::size_t node, const line::ActPlace& at, line::AnswerAct how);
  // Persons on both sides, once all was healed, until nothing is cut.
  void open_all_lines();
  void open_line(std::size_t node, LineId line);
  void open_in_the_end(std::size_t node, LineId line);
  std::size_t documents_under_way() const;
  void check_end();

  Options options_;
  Report out_;
};

}  // namespace detente::sim
