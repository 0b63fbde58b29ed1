// The other station's clock less ours, measured at its receipts.
//
// A receipt says by their clock when they signed it. By ours that was after the entry was
// written here and before the receipt came: half of that time, which is half a round trip
// and what their disk took, is the uncertainty, and a second more because times are whole
// seconds. A claim of theirs, like every time; it decides nothing.
#pragma once

#include "station/running.h"

namespace detente::station {

struct ClockOffset {
  std::int64_t offset_s = 0;
  std::int64_t error_s = 0;
};
// Nothing when our own clock was set back between.
std::optional<ClockOffset> clock_offset(WallTime signed_there, WallTime written_here,
                                        WallTime came_here);

// Takes the measurement into the counterpart's LinkView, unless the one there is better and young.
void measure_clocks(Running& running, const core::ReceiptVerified& receipt);
// This machine's clock was set by so many seconds: what was measured by it as it was is told by it as it is.
void clock_was_set(Running& running, std::int64_t by);

}  // namespace detente::station
