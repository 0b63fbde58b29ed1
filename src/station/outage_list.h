// OutageList: the outages of one line that either side announced, each side's by itself: what one announces takes no
// place of the other's.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "line/watch_acts.h"
#include "station/log_order.h"

namespace detente::station {

inline constexpr std::size_t kOutagesMax = 16;  // of a side, that are not over

class OutageList {
 public:
  // False when it was known already, or is one too many: what is over goes first, then what is furthest away.
  bool take(bool own, const line::Outage& outage, const LogPosition& position, WallTime now);
  // Announced and not over, earliest first; whose.
  std::vector<std::pair<bool, line::Outage>> to_come(WallTime now) const;
  // The newest of the other side's that has passed its end.
  std::optional<line::Outage> over(WallTime now) const;
  bool is_full(bool own, WallTime now) const;

 private:
  struct Held {
    line::Outage outage;
    LogPosition position;
  };
  std::array<std::vector<Held>, 2> held_;  // own, theirs
};

}  // namespace detente::station
