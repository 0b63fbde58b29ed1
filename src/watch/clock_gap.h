// ClockGap: a span of this machine's wall clock in which its station saw nothing, and why.
//
// Two looks at the clocks are a second apart. When they are not, something is known: the wall clock was set, the host was
// suspended (one clock of the system goes on meanwhile, another does not), or the program was halted while the host ran. A
// machine that is stopped from outside, as a virtual one can be, cannot tell that from a clock that was set ahead.
// Pure: clocks are read elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace detente::watch {

enum class GapKind : std::uint8_t { kSetAhead, kSetBack, kHostSuspended, kHalted };

struct ClockGap {
  GapKind kind = GapKind::kSetAhead;
  WallTime from, until;  // what the clock would have shown, or showed last, and what it showed next
  bool operator==(const ClockGap&) const = default;
};

const char* to_string(GapKind kind);  // "ahead", "back", "suspended", "halted"
std::optional<GapKind> gap_kind_from(std::string_view text);
// "this machine's clock was set back from ... to ...".
std::string words_of(const ClockGap& gap);

struct ClockReading {
  Instant running;  // stands still while the host is suspended
  Instant elapsed;  // does not
  WallTime wall;
};

class ClockGaps {
 public:
  // Each reading, in order; what lay between the one before and this one.
  std::optional<ClockGap> look(const ClockReading& reading);

 private:
  std::optional<ClockReading> last_;
};

}  // namespace detente::watch
