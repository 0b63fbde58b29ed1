// Bulletins on the accord line: a side's own go out as entries of kind 4, the
// other side's are taken into its roster as they arrive. spec/credential.md.
#pragma once

#include "station/running.h"

namespace detente::station {

// Of the own side: checked, saved, and said to every counterpart. kLimit when it does not fit one
// entry: it is saved all the same, and the message says how it travels otherwise.
Result<Json> publish_bulletin(Running& running, ByteView bulletin);

// Of a counterpart, come by another way than the line: checked, saved, in use at once. The answer says whether
// another station speaks for them now, or none.
Result<Json> take_carried_bulletin(Running& running, Counterpart& counterpart, ByteView bulletin);

// An entry of the other side's on the accord line. True when it was a bulletin that is new, and not one of so many
// (BulletinLimits) that it is taken later; the error is for the log. kIo: it is in use, and is saved as soon as the disk takes it.
Result<bool> take_bulletin(Running& running, Counterpart& counterpart,
                           const record::StoredEntry& stored);

// Those that came while a crash kept them from being saved: looks at the newest entries of the
// line.
void take_missed_bulletins(Running& running, Counterpart& counterpart);

}  // namespace detente::station
