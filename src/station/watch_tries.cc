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
      paths[path.name] = {now_at.sent - before.sent, now_at.heard - before.heard};
      before = now_at;
    }
    // An hour in which the other side was heard is no evidence of silence.
    if (tries.from.seconds != 0 && !any_heard)
      note({{"what", "tries"}, {"counterpart", counterpart->name()}, {"from", tries.from.seconds}, {"paths", paths}});
    tries.from = hour;
  }
}

}  // namespace detente::station
