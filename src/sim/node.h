// Node: one simulated installation: the station, its disk, its clock, what its
// desk was told, and the checks that hang on one side or on both. World moves
// time and carries bytes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/audit.h"
#include "sim/document_desk.h"

namespace detente::sim {

// A message's text names its writer and number, so that the checkers know it again.
std::string text_of(std::size_t node, std::uint64_t number);
std::uint64_t number_of(std::string_view text);

class Node final : public core::Audit {
 public:
  Node(std::size_t index, std::uint64_t seed, const Pair& pair, Referee& referee);
  void set_other(Node& other) {
    other_ = &other;
    documents.set_other(other.documents);
  }

  // What goes back when the disk goes back to a snapshot: the store, and what the desk can know from it.
  struct Disk {
    MemoryStore::Snapshot store;
    std::set<std::uint64_t> taken;
    std::set<std::uint64_t> delivered;
    std::set<std::tuple<LineId, record::EpochId, std::uint64_t>> arrived;
    std::map<std::pair<LineId, record::Precedence>, std::uint64_t> newest_arrived;
    std::map<std::pair<LineId, core::SubmissionId>, std::uint64_t> queued;
    std::map<record::LogKey, std::uint64_t> read_to;  // of the other side's logs, at the last start
    DocumentDesk::Disk documents;
  };
  void keep_snapshot(std::size_t most);  // of them; the oldest goes
  bool has_snapshot() const { return !snapshots_.empty(); }
  // 0 = the newest. The own documents that are lost with it.
  std::vector<Digest> restore_snapshot(std::size_t back);
  std::size_t snapshots() const { return snapshots_.size(); }

  // Life of the process.
  void began();
  void ended();
  // What the desk finds in the record at a start: a crash may have come before it was told.
  void read_receipts(std::size_t lines);
  void read_inbox(std::size_t lines);
  // Checks a commit as the disk takes it.
  Result<void> commit(const core::Persist& persist);
  // `zombie`: of a process that was taken over: it must be refused.
  void commit_of_zombie(const core::Persist& persist);

  void wrote(LineId line, core::SubmissionId id, std::uint64_t number, record::Precedence precedence);
  void on_event(const core::DeskEvent& event);
  // A message of this writer's, by number: durable here; shown to the other desk.
  bool has_taken(std::uint64_t number) const { return disk_.taken.count(number) > 0; }
  std::size_t documents_under_way() const { return documents.under_way(other_->documents, other_->disk_.delivered); }  // ours
  bool has_arrived(std::uint64_t number) const { return other_->disk_.delivered.count(number) > 0; }
  // The clear header of what leaves.
  void on_send(ByteView datagram);

  void sealed(std::uint64_t session, PathId path, std::uint64_t counter) override;
  void opened(std::uint64_t session, PathId path, std::uint64_t counter) override;
  void cosigned(const record::LogKey& log, std::uint64_t size, const Digest& root) override;

  // What the other side was told that this disk holds must be on this disk.
  void check_acknowledged();
  // Once healed: all that was taken here arrived there, and both records agree.
  void check_converged(std::size_t lines);
  void check_registers(std::size_t lines);
  struct Sealed {
    std::uint64_t session = 0;
    PathId path;
    std::uint64_t counter = 0;
  };
  // Packets leave in the order in which they were sealed.
  Sealed next_sealed();
  // How far the newest packet that was opened here is from that one, on its path; nothing if the session is not known here.
  std::optional<std::uint64_t> distance(const Sealed& packet) const;

  SeededRandom keys;
  SeededRandom jitter;
  MemoryStore store;
  DocumentDesk documents;
  std::unique_ptr<core::Station> station;
  std::uint64_t life = 0;         // counts starts; events of an earlier life are void
  std::int64_t started_at = 0;
  std::int64_t clock_offset = 0;  // seconds that its clock is wrong by
  std::int64_t disk_free_at = 0;
  std::int64_t disk_full_until = 0;
  std::deque<core::Persist> pending;  // issued, not yet completed
  std::int64_t refused_at = -1;       // the last commit that a full disk refused
  std::int64_t armed_for = INT64_MAX;
  bool dark = false;  // after its last step
  std::int64_t woken_at = -1;   // the last deadline that was met, and how often at that moment
  std::uint32_t woken = 0;
  std::uint64_t written = 0;
  std::uint64_t submitted = 0, delivered_count = 0, receipted = 0;
  std::uint64_t cuts_respected = 0, lifts_tested = 0;

 private:
  using Place = std::pair<record::LogKey, std::uint64_t>;
  struct Pending {
    LineId line;
    record::Precedence precedence;
    std::int64_t at = 0;
    std::optional<std::int64_t> queued_at;
  };
  void violation(std::string what);
  void took(LineId line, core::SubmissionId id);
  void check_precedence(std::uint64_t number);
  void check_lift(LineId line);
  void check_cut(const record::Header& header);
  void arrived(const core::EntryArrived& event);
  std::vector<std::string> receipts_that_fall(const core::Persist& persist) const;
  void check_checkpoint(const record::PutCheckpoint& put);
  void compare_records(const record::LogKey& own);
  std::uint64_t held_of_other(LineId line, const record::EpochId& epoch) const;

  std::size_t index_;
  const Pair* pair_;
  Referee* referee_;
  Node* other_ = nullptr;
  Disk disk_;
  std::deque<Disk> snapshots_;
  std::map<std::pair<LineId, core::SubmissionId>, std::uint64_t> submissions_;  // number by id, this life
  std::map<std::uint64_t, Pending> pending_messages_;                           // this life
  // What the other side's verified receipts cover, by line: it must be on that side's disk for ever.
  std::map<LineId, std::pair<record::EpochId, std::uint64_t>> acknowledged_;
  std::map<std::pair<LineId, record::EpochId>, std::uint64_t> ever_acknowledged_;
  std::map<LineId, std::pair<record::EpochId, std::uint64_t>> known_receipts_;  // of its newest logs, to this life
  bool recovering_ = false;  // this disk went back, and has not yet again what it had acknowledged
  // Of this station's own logs: the newest root at each size, and what the other side has on its disk.
  std::map<Place, Digest> own_roots_;
  std::map<Place, Digest> disclosed_;
  std::map<std::uint32_t, Digest> first_packets_;  // by c: what was called with it
  std::map<std::uint32_t, Digest> replies_;        // by the other side's c
  bool went_back_ = false;  // this disk, and the two have not found out yet what it lacks
  bool once_went_back_ = false;  // in this run
  std::map<std::pair<std::uint64_t, PathId>, std::uint64_t> next_counter_;
  std::map<std::uint64_t, std::map<PathId, std::set<std::uint64_t>>> newest_opened_;
  std::deque<std::uint64_t> opened_sessions_;
  std::deque<Sealed> sealed_;  // not yet sent
};

}  // namespace detente::sim
