// MovedPaths: tells the station's log when a counterpart is heard from another address than
// station.toml has, and when it is back. It is followed there (io/udp_bearer.h) for as long as this
// station runs, and the next start would look for it where it was.
#pragma once

#include <map>

#include "station/running.h"

namespace spdlog {
class logger;
}

namespace detente::station {

class MovedPaths {
 public:
  MovedPaths(const Running& running, spdlog::logger& log) : running_(running), log_(log) {}
  void look();  // every second

 private:
  struct Told {
    std::string address;  // empty: the configured one
    std::optional<Instant> at;
  };

  const Running& running_;
  spdlog::logger& log_;
  std::map<std::pair<PeerId, std::string>, Told> told_;
};

}  // namespace detente::station
