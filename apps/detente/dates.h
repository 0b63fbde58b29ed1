// Dates as options have them.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace detente::cli {

// The first second, in UTC, of "2026-11-24". The message names the option.
Result<WallTime> parse_date(const std::string& text, const std::string& option);

}  // namespace detente::cli
