// Two stations on a network and disks without faults, driven by hand: a step is
// over when nothing is under way any more. Counts what crosses the wire. For
// figures in bytes and for tests of the core that want no chance in them.
#pragma once

#include <deque>
#include <functional>

#include "sim/memory_store.h"
#include "sim/pair.h"

namespace detente::sim {

class QuietPair {
 public:
  explicit QuietPair(std::uint64_t seed, PairOptions options = {});

  // Both stations call and answer until their lines are quiet.
  void start();
  void start(std::size_t side);
  // Says farewell; stop() comes after it.
  void close(std::size_t side);
  void stop(std::size_t side) { sides_[side].station.reset(); }
  // Datagrams, commits and deadlines within the next `span`.
  void run(Duration span);
  // All that is under way now, without letting time pass.
  void settle();

  Result<core::SubmissionId> say(std::size_t side, LineId line, std::string_view text,
                                 record::Precedence precedence = record::Precedence::kRoutine);
  Result<core::SubmissionId> submit(std::size_t side, record::Entry entry, bool hold = false);
  std::size_t withdraw(std::size_t side, LineId line, const core::Line::Pick& pick, const std::string& why);

  // At `side`: another station speaks for the other side, or none.
  void set_far(std::size_t side, const std::optional<core::FarKeys>& keys, core::FormerStations former);

  // Who counts and how far each side vouches for its station, at that side's; after a change it judges again.
  core::Vouched vouched[2];
  core::Agreements::Counts counts[2];
  void judge_again(std::size_t side);

  Result<void> take_back_lift(std::size_t side, LineId line);
  Result<void> release_announcement(std::size_t side, const line::ActPlace& at);
  void announcement_released(std::size_t side, const line::ActPlace& at);
  void announcement_due_again(std::size_t side, const line::ActPlace& at);
  // Its next start is the first after a restoration by hand.
  bool after_restore[2] = {false, false};
  // Whether that side's station knows the other's clock well enough.
  bool clock_known[2] = {true, true};
  // So far that side's clock is ahead.
  std::uint32_t ahead_seconds[2] = {0, 0};

  // That side's directory has the second accord from now on.
  void hold_second(std::size_t side);
  // What the station above does when it was told AccordDue since the last call of this: the directory first, then the core.
  void leave(std::size_t side, const std::vector<LineId>& retired);  // the first step of it
  bool go_on_if_due(std::size_t side, const std::vector<LineId>& retired = {});
  bool under_second(std::size_t side) const { return pair_.under_second[side]; }
  bool has_second(std::size_t side) const { return pair_.has_second[side]; }
  // The directory as it was before, and the accord alone that was in force then.
  void forget_second(std::size_t side) { pair_.has_second[side] = pair_.under_second[side] = false; }

  // A document that an entry may name from now on. Its root.
  Digest hand_over(std::size_t side, LineId line, ByteView bytes);

  // Hands a document over and names it in a message without a text. Its root.
  Digest send_document(std::size_t side, LineId line, ByteView bytes,
                       record::Precedence precedence = record::Precedence::kRoutine);
  // All of what `side` holds of the other side's document; nothing when a piece is missing.
  std::optional<Bytes> document(std::size_t side, const Digest& root) const;

  // A file for the other side, with everything or with one entry; and what one of the other side's brought.
  Result<core::CourierPacked> pack(std::size_t side, const std::optional<core::CourierAct>& act = {});
  Result<core::CourierTaken> take(std::size_t side, ByteView file);

  core::Station& station(std::size_t side) { return *sides_[side].station; }
  MemoryStore& store(std::size_t side) { return sides_[side].store; }
  const Pair& pair() const { return pair_; }
  Now now(std::size_t side) const;
  // Events of one side since the last call.
  std::vector<core::DeskEvent> take_events(std::size_t side) {
    return std::exchange(sides_[side].events, {});
  }
  // Bytes of all datagrams of both directions since the last call.
  std::uint64_t take_bytes() { return std::exchange(bytes_, 0); }
  // Nothing crosses this path in either direction, or it does again.
  void cut(PathId path, bool cut);
  // The same for what one side sends there.
  void cut_from(std::size_t side, PathId path, bool cut);
  // Called with every datagram; what it gives back is delivered instead (nothing: lost).
  std::function<std::optional<Bytes>(std::size_t from, Bytes datagram)> tamper;
  // Called with the size of every datagram: how long it is under way, none overtaking another of its side.
  std::function<Duration(std::size_t from, std::size_t bytes)> delay;
  // What is sent there is under way for so much longer.
  std::map<PathId, Duration> longer;
  enum class Disk { kTakes, kFull, kBusy };
  // Called before every commit: that side's disk takes it, is full just then, or takes it later.
  std::function<Disk(std::size_t side)> disk;

 private:
  struct Side {
    explicit Side(std::uint64_t seed) : keys(seed), jitter(seed) {}
    SeededRandom keys;
    SeededRandom jitter;
    MemoryStore store;
    std::unique_ptr<core::Station> station;
    std::vector<core::DeskEvent> events;
    bool accord_due = false;
    std::deque<core::Persist> commits;
  };
  struct UnderWay {
    std::int64_t at;
    std::size_t to;
    core::SocketId socket;
    Bytes datagram;
  };
  // Settles, and takes the event of this kind and number out of those of the side.
  template <typename Event>
  Result<Event> await(std::size_t side, const Result<core::CourierId>& id);
  core::PeerSetup setup(std::size_t side);
  void collect(std::size_t side);
  bool is_due(std::size_t side) const;
  void carry(std::size_t from, PathId path, Bytes datagram);
  bool step();
  bool commit_next(std::size_t side);

  Pair pair_;
  std::deque<Side> sides_;
  std::deque<UnderWay> network_;
  std::set<std::pair<std::size_t, PathId>> cut_;
  std::int64_t time_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace detente::sim
