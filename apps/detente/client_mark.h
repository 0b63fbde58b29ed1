// What stands before every line of what is not the real thing.
#pragma once

#include "cli.h"

namespace detente::cli {

// "DRILL | " or "TEST | " by the "class" of an entry, event or fact; nothing where it is live.
std::string mark_of(const Json& entry);

}  // namespace detente::cli
