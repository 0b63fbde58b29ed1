// WallHistory: what this machine's wall clock showed at an instant of the monotonic one.
//
// A wall clock steps, and a host that sleeps stops the monotonic clock: "an hour ago by the one, so then by the other"
// names an hour at which nothing was. So each step is kept when it is seen. Pure: clocks are read elsewhere.
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.h"

namespace detente::watch {

class WallHistory {
 public:
  // Each reading of both clocks, in order.
  void look(const Now& now);
  // Of an instant until the newest reading.
  WallTime at(Instant then) const;

 private:
  struct Step {
    Instant from;
    std::int64_t offset_micros = 0;  // wall less monotonic
  };
  std::deque<Step> steps_;  // the newest of them
};

}  // namespace detente::watch
