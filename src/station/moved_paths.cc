#include "station/moved_paths.h"

#include <spdlog/spdlog.h>

namespace detente::station {

namespace {
// Whoever carries the packets can make them come from here and there.
constexpr Duration kTellAgain = std::chrono::minutes(1);
}  // namespace

void MovedPaths::look() {
  const Instant now = running_.driver->now().mono;
  for (const auto& counterpart : running_.counterparts)
    for (const PathConfig& path : counterpart->config.paths) {
      const accord::AccordPath* agreed = counterpart->accord.accord.path(path.name);
      if (agreed == nullptr) continue;
      const auto moved = running_.driver->path_trouble(counterpart->peer, agreed->number).moved;
      const std::string address = moved ? moved->words : "";
      Told& told = told_[{counterpart->peer, path.name}];
      if (told.address == address || (told.at && now - *told.at < kTellAgain)) continue;
      told = {address, now};
      const std::string& name = counterpart->name();
      if (moved) {
        log_.warn("{}: path {} follows it to {}: it is not heard from {} any more, where station.toml has it. If it moved, enter that: "
                  "detente station path {} {} --to {}",
                  name, path.name, address, path.peer.text(), name, path.name, address);
      } else {
        log_.info("{}: path {}: heard from {} again, as station.toml has it", name, path.name, path.peer.text());
      }
    }
}

}  // namespace detente::station
