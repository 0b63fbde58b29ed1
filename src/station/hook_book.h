// HookBook: of each hook of station.toml whether its newest run failed: how, since when, how often. A hook that hangs
// beside others that work is named by itself. spec/station-files.md, "watch.log", `hook`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "station/station_config_hooks.h"

namespace detente::station {

// "hook 2, on alarm: /usr/local/bin/ring"; `place` among the [[hooks]] of station.toml, from 0.
std::string hook_name(std::size_t place, const HookConfig& hook);

class HookBook {
 public:
  struct Failing {
    std::string hook;
    WallTime since, last;
    std::uint64_t times = 0;
    std::string words;  // "was killed: it ran longer than 20 s"
  };

  // Names that are not in `hooks` were of an older station.toml.
  explicit HookBook(const std::vector<HookConfig>& hooks = {});

  void failed(const std::string& hook, WallTime at, const std::string& words);
  // Whether it failed before: what ends is said once.
  bool worked(const std::string& hook);
  // In the order of station.toml.
  std::vector<Failing> failing() const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, Failing> failing_;
};

}  // namespace detente::station
