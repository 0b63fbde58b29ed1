// `detente station run`: the whole station from a side's directory, until it is
// stopped. Order of the start: keys and accords read and checked, then the record
// opened (which is also the lock against a second station), the anchor, the
// sockets, the API. Nothing is sent before all of it stands.
#pragma once

#include "station/side_dir.h"

namespace detente::station {

struct DaemonOptions {
  // A person says: this disk was restored from a backup, or lost and made anew.
  bool after_restore = false;
};

// Returns when the station was stopped. The error says what keeps it from starting and what to do.
Result<void> run_station(SideDir dir, const DaemonOptions& options);

}  // namespace detente::station
