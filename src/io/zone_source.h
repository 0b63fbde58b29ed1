// Zone rules from the machine's zone data (Debian: tzdata), by Howard Hinnant's
// date library: g++ 12 has no zones of its own.
//
// The library is the system's build and takes only the changes that a zone's
// file lists one by one; its files end these in 2037, or earlier, and say the
// rest in a last line (RFC 8536 section 3.3). That line is read here, or every
// summer from 2038 on would be a winter.
//
// The library reads a zone once in a process: after an update of tzdata the
// station is started afresh.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "watch/zone_rules.h"

namespace detente::io {

// kNotFound, with what to do, when this machine has no zone of that name; kIo when its file cannot
// be read or understood.
Result<watch::ZoneRules> load_zone(std::string_view name, WallTime from, WallTime until);

}  // namespace detente::io
