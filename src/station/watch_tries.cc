// Watch: this station's own tries, hour by hour, while the other side is not heard:
// the evidence behind "we called, and nothing came".
#include "station/watch.h"

namespace detente::station {

namespace {
constexpr std::uint32_t kHour = 3600;
}

void Watch::count_tries(WallTime time) {
  const WallTime hour{time.seconds / kHour * kHour};
  for (const auto& counterpart : running_.counterparts) {
    Tries& tries = tries_[counterpart->peer];
    if (tries.from == hour) continue;
    Json paths = Json::object();
    bool any_heard = false;
    for (const PathConfig& path : counterpart->config.paths) {
      const PathId id = counterpart->accord.accord.path(path.name)->number;
      const io::PathTraffic now_at = running_.driver->traffic(counterpart->peer, id);
      io::PathTraffic& before = tries.before[id];
      any_heard = any_heard || now_at.heard != before.heard;
      paths[path.name] = {now_at.sent - before.sent, now_at.heard - before.heard, now_at.not_sent - before.not_sent};
      before = now_at;
    }
    // An hour in which the other side was heard is no evidence of silence.
    if (tries.from.seconds != 0 && !any_heard)
      note({{"what", "tries"}, {"counterpart", counterpart->name()}, {"from", tries.from.seconds}, {"paths", paths}});
    tries.from = hour;
  }
}

// What this side could not send is no silence of the other's.
void Watch::look_at_paths(WallTime time) {
  for (auto& [key, line] : lines_) {
    if (line.annex->log_only) continue;
    bool down = true;
    for (const PathConfig& path : line.counterpart->config.paths) {
      if (!line.annex->allows_path(path.name)) continue;
      const PathId id = line.counterpart->accord.accord.path(path.name)->number;
      down = down && running_.driver->path_trouble(key.peer, id).own.has_value();
    }
    if (std::exchange(line.path_down, down) == down) continue;
    line.watch->add_fact(down ? watch::BookFact(watch::PathDownFact{time}) : watch::BookFact(watch::PathUpFact{time}));
  }
}

}  // namespace detente::station
