// The file station/heard: a line for each counterpart, its name and when it was heard last, in seconds since 1970.
// spec/station-files.md.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace detente::station {

std::string last_heard_text(const std::map<std::string, WallTime>& heard);
// A line that is none is left out: it was cut off, and the next one is written whole.
std::map<std::string, WallTime> parse_last_heard(std::string_view text);

}  // namespace detente::station
