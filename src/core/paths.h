// Paths: the paths to one counterpart as this station knows them, each direction by itself.
// Decides which is best and when one is to be probed; sends nothing.
// spec/packet.md section 7.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "link/path_flow.h"

namespace detente::core {

inline constexpr std::size_t kPacketBytesBase = 508;  // what any IPv4 path carries: 576 less the headers

struct PathState {
  PathId id;
  link::PathFlow flow;
  std::optional<Instant> heard;      // in: the last packet that verified
  std::optional<Instant> confirmed;  // out: when it was last known to arrive
  bool suspect = false;
  std::optional<Instant> suspect_since;
  std::size_t packet_bytes = kPacketBytesBase;

  // Probing. `number` is the newest probe's; it is open until answered or given up.
  std::uint64_t number = 0;
  bool open = false;
  bool wanted = false;  // as soon as may be
  bool size_wanted = false;  // filled up to the largest packet
  bool size_open = false;    // the open one is
  bool size_tried = false;   // in this session, since the last loss
  std::optional<Instant> sent;
  std::optional<Instant> left;  // the bearer, by a configured rate: its time begins then
  unsigned unanswered = 0;

  // Evidence that one direction alone is dead, for people: it decides nothing here.
  // Session and counter of a probe.
  struct ProbePacket {
    std::uint64_t session = 0;
    std::uint64_t counter = 0;
  };
  ProbePacket newest_probe;
  std::optional<ProbePacket> lost_probe;  // the newest that drew nothing in its time
  std::optional<Instant> lacking;         // out: they last told that they do not have that one
  // What was given up arrived after all: when that was known, and the time from its sending to that. Out: as they told. And
  // back: an answer that came here on this path.
  struct Late {
    Instant told;
    Duration took;
  };
  std::optional<Late> late, late_back;
  struct Asked {
    std::uint64_t number;
    Instant sent;
  };
  std::deque<Asked> asked;  // probes whose answer on this path has not come, the newest last
  struct GivenUp {
    ProbePacket probe;
    Instant sent;
  };
  std::deque<GivenUp> given_up;  // probes, the newest last
  // In: what came there they answered by another path alone, since then and last; until heard here.
  std::optional<Instant> elsewhere_since, elsewhere_last;
  // In: calls of theirs, in a row, that were answered and led to no session, since the first of them; and their last call,
  // answered or not.
  std::uint32_t calls = 0;
  std::optional<Instant> called_since, called;
};

class Paths {
 public:
  // Paths allowed to a sender; empty = every one.
  using Allowed = std::vector<PathId>;  // none = every one

  Paths(const std::vector<PathId>& ids, const std::map<PathId, link::PathTerms>& terms);

  PathState& at(PathId id);
  const PathState* find(PathId id) const;
  std::vector<PathState>& all() { return paths_; }
  const std::vector<PathState>& all() const { return paths_; }

  // Least smoothed round trip among those that are not suspect; among suspects the one that was
  // confirmed last. Stays where it is unless another is clearly better.
  PathState& best(const Allowed& allowed = {});
  const PathState& choose(const Allowed& allowed = {}) const;  // the same, staying where it is
  PathId best_id() const { return paths_[current_].id; }

  void heard(Instant now, PathId id);
  // A call of theirs; and that it was answered, which no session may follow. One that does not read here (of another station
  // or under another accord) leads to no session whatever the path does: what was answered before it shows nothing more.
  void called(Instant now, PathId id);
  void call_answered(Instant now, PathId id);
  void call_unread(PathId id) { at(id).calls = 0; }
  // An answer to a probe of this path came by another one.
  void answered_elsewhere(Instant now, PathState& path);
  // A probe of that number was sent.
  void probed(Instant now, PathState& path);
  // An answer after its time: the path carries, as slowly as that. False for one that answers nothing.
  bool answered_late(Instant now, PathState& path, std::uint64_t number, bool came_here);
  // They ask for answers by any path: what we sent on this one, an answer perhaps, may not have come there.
  void doubted(Instant now, PathState& path);
  // A probe of theirs says how much of this path's session arrived there: the highest counter + 1.
  void told(Instant now, PathState& path, std::uint64_t session, std::uint64_t received);
  void confirmed(Instant now, PathId id);
  void timed_out(Instant now, PathId id);
  // Another station is at the other end: what was seen of the former one says nothing of it.
  void new_station();
  // Another session: what was in flight is forgotten, sizes are tried anew.
  void new_session(Instant now);

  // When this path's probe is due: a new one, or the open one's loss to be noted.
  Instant probe_due(const PathState& path, Duration heartbeat) const;
  // The open probe drew nothing in its time.
  void probe_lost(Instant now, PathState& path);

 private:
  std::vector<PathState> paths_;
  std::size_t current_ = 0;
  Instant session_since_;
};

inline const Paths::Allowed kEveryPath;

}  // namespace detente::core
