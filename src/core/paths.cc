#include "core/paths.h"

#include <algorithm>

#include "base/check.h"

namespace detente::core {

namespace {

constexpr std::size_t kGivenUpKept = 128;  // a minute and a half of a young suspicion

// How long a probe of a suspect path waits for the next, by the age of the suspicion: a minute's
// hole must not cost seconds when it heals, and a path that is dead for a year must not cost much.
Duration probe_pause_max(Duration suspected) {
  if (suspected < std::chrono::minutes(2)) return std::chrono::milliseconds(700);
  if (suspected < std::chrono::hours(1)) return std::chrono::seconds(5);
  return std::chrono::seconds(30);
}

// That the other side is heard on a path says nothing of our direction, but where nothing else is known.
bool better_suspect(const PathState& path, const PathState& than) {
  return path.confirmed != than.confirmed ? path.confirmed > than.confirmed : path.heard > than.heard;
}

bool is_allowed(const Paths::Allowed& allowed, PathId id) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), id) != allowed.end();
}

// Another path must be this much better before it is worth a move.
bool clearly_faster(const PathState& than, const PathState& path) {
  if (!path.flow.round_trip().known()) return false;
  if (!than.flow.round_trip().known()) return true;
  return path.flow.round_trip().smoothed() * 10 + std::chrono::milliseconds(20) <
         than.flow.round_trip().smoothed() * 7;
}

}  // namespace

Paths::Paths(const std::vector<PathId>& ids, const std::map<PathId, link::PathTerms>& terms) {
  DETENTE_CHECK(!ids.empty());
  for (PathId id : ids) {
    PathState path;
    path.id = id;
    if (const auto it = terms.find(id); it != terms.end()) path.flow = link::PathFlow(it->second);
    paths_.push_back(std::move(path));
  }
}

PathState& Paths::at(PathId id) {
  const auto it = std::find_if(paths_.begin(), paths_.end(), [&](const auto& p) { return p.id == id; });
  DETENTE_CHECK(it != paths_.end());
  return *it;
}

const PathState* Paths::find(PathId id) const {
  const auto it = std::find_if(paths_.begin(), paths_.end(), [&](const auto& p) { return p.id == id; });
  return it == paths_.end() ? nullptr : &*it;
}

PathState& Paths::best(const Allowed& allowed) {
  const auto chosen = static_cast<std::size_t>(&choose(allowed) - paths_.data());
  if (allowed.empty()) current_ = chosen;
  return paths_[chosen];
}

const PathState& Paths::choose(const Allowed& allowed) const {
  std::optional<std::size_t> chosen;
  if (is_allowed(allowed, paths_[current_].id) && !paths_[current_].suspect) chosen = current_;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (paths_[i].suspect || !is_allowed(allowed, paths_[i].id)) continue;
    if (!chosen || clearly_faster(paths_[*chosen], paths_[i])) chosen = i;
  }
  if (!chosen) {  // all are suspect: the one that was good last
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      if (!is_allowed(allowed, paths_[i].id)) continue;
      if (!chosen || better_suspect(paths_[i], paths_[*chosen])) chosen = i;
    }
  }
  if (!chosen) return paths_[current_];  // a line whose paths this station does not have
  return paths_[*chosen];
}

void Paths::heard(Instant now, PathId id) {
  PathState& path = at(id);
  path.heard = now;
  path.elsewhere_since.reset();
  path.elsewhere_last.reset();
  // The other side is there again: ask at once whether our direction is too.
  if (path.suspect && path.sent && now - *path.sent > path.flow.round_trip().smoothed() * 2)
    path.wanted = true;
}

void Paths::called(Instant now, PathId id) {
  at(id).called = now;
}

void Paths::call_answered(Instant now, PathId id) {
  PathState& path = at(id);
  if (path.calls == 0) path.called_since = now;
  if (path.calls < UINT32_MAX) ++path.calls;
}

void Paths::answered_elsewhere(Instant now, PathState& path) {
  if (!path.elsewhere_since) path.elsewhere_since = now;
  path.elsewhere_last = now;
}

void Paths::probed(Instant now, PathState& path) {
  path.asked.push_back({path.number, now});
  if (path.asked.size() > kGivenUpKept) path.asked.pop_front();
}

bool Paths::answered_late(Instant now, PathState& path, std::uint64_t number, bool came_here) {
  const auto asked = std::find_if(path.asked.begin(), path.asked.end(), [&](const auto& one) { return one.number == number; });
  if (asked == path.asked.end()) return false;
  if (came_here) {
    path.flow.probed(now, now - asked->sent);
    path.late_back = PathState::Late{now, now - asked->sent};
    path.asked.erase(path.asked.begin(), asked + 1);
  }
  confirmed(now, path.id);
  return true;
}

void Paths::doubted(Instant now, PathState& path) {
  const bool lately = path.confirmed && now - *path.confirmed < path.flow.round_trip().timeout(0);
  if (!path.suspect && !path.open && !lately) path.wanted = true;
}

void Paths::told(Instant now, PathState& path, std::uint64_t session, std::uint64_t received) {
  // It carries, and more slowly than anybody waited.
  while (!path.given_up.empty() && path.given_up.front().probe.session != session) path.given_up.pop_front();
  while (!path.given_up.empty() && path.given_up.front().probe.counter < received) {
    path.late = PathState::Late{now, now - path.given_up.front().sent};
    path.given_up.pop_front();
  }
  if (!path.lost_probe || path.lost_probe->session != session) return;
  if (received <= path.lost_probe->counter) {
    path.lacking = now;
  } else {
    path.lacking.reset();
  }
}

void Paths::confirmed(Instant now, PathId id) {
  PathState& path = at(id);
  path.confirmed = now;
  path.suspect = false;
  path.suspect_since.reset();
  path.unanswered = 0;
  path.lost_probe.reset();
  path.lacking.reset();
  path.given_up.clear();
}

void Paths::timed_out(Instant now, PathId id) {
  PathState& path = at(id);
  if (!path.suspect) {
    path.suspect = true;
    path.suspect_since = now;
    path.wanted = !path.open;
  }
  // Perhaps it no longer carries large packets.
  path.packet_bytes = std::min(path.packet_bytes, kPacketBytesBase);
  path.size_tried = false;
}

void Paths::new_session(Instant now) {
  session_since_ = now;
  for (PathState& path : paths_) {
    path.calls = 0;
    path.asked.clear();
    path.flow.forget();
    path.open = path.size_open = path.size_wanted = path.size_tried = false;
    path.packet_bytes = std::min(path.packet_bytes, kPacketBytesBase);
    path.wanted = paths_.size() > 1;  // which one is the fastest?
  }
}

void Paths::new_station() {
  for (PathState& path : paths_) {
    path.heard.reset();
    path.confirmed.reset();
    path.suspect = false;
    path.suspect_since.reset();
    path.unanswered = 0;
    path.lost_probe.reset();
    path.given_up.clear();
    path.asked.clear();
    path.lacking.reset();
    path.late.reset();
    path.late_back.reset();
    path.elsewhere_since.reset();
    path.elsewhere_last.reset();
    path.calls = 0;
    path.called_since.reset();
    path.called.reset();
  }
}

Instant Paths::probe_due(const PathState& path, Duration heartbeat) const {
  const Instant long_ago{INT64_MIN / 2};
  if (path.open) {
    Duration patience = path.flow.round_trip().timeout(std::min(path.unanswered, 10u));
    if (path.suspect_since)
      patience = std::min(patience, std::max(probe_pause_max(*path.sent - *path.suspect_since),
                                             path.flow.round_trip().smoothed() * 4));
    return std::max(*path.sent, path.left.value_or(*path.sent)) + patience;
  }
  if (path.wanted || path.size_wanted) return long_ago;
  return std::max({session_since_, path.confirmed.value_or(long_ago), path.sent.value_or(long_ago)}) +
         heartbeat;
}

void Paths::probe_lost(Instant now, PathState& path) {
  path.open = false;
  path.flow.probe_lost();
  if (path.size_open) {  // the filled-up one; small ones may well go through
    path.size_open = false;
    return;
  }
  ++path.unanswered;
  path.lost_probe = path.newest_probe;
  path.given_up.push_back({path.newest_probe, *path.sent});
  if (path.given_up.size() > kGivenUpKept) path.given_up.pop_front();
  timed_out(now, path.id);
  path.wanted = true;
}

}  // namespace detente::core
