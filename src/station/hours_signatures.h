// HoursSignatures: what officers of both sides signed of longer hours of one line. What both signed stands until both sign
// something else: a proposal of one side undoes no agreement.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "station/log_order.h"

namespace detente::station {

class HoursSignatures {
 public:
  struct One {
    LogPosition position;
    WallTime until, at;
    std::string officer;
  };
  struct Agreed {
    WallTime until, at;                  // at: of the later signature
    std::string own_officer, far_officer;
  };

  // False when it was known already.
  bool take(bool own, One one);
  // The newest instant that both signed; it may be past.
  std::optional<Agreed> agreed() const;
  // The newest that one side has signed and the other has not; whose, until when.
  std::optional<std::pair<bool, WallTime>> proposed(WallTime now) const;

 private:
  static constexpr std::size_t kKept = 16;  // of a side
  const One* find(bool own, WallTime until) const;  // the newest

  std::array<std::vector<One>, 2> signed_;  // own, theirs; by position
};

}  // namespace detente::station
