// Dates as options have them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace detente::cli {

inline constexpr std::uint32_t kDaysAtOnce = 366 * 20;  // of a calendar, of calls: twenty years

// The first second, in UTC, of "2026-11-24". The message names the option.
Result<WallTime> parse_date(const std::string& text, const std::string& option);

}  // namespace detente::cli
