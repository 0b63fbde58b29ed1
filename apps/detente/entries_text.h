// How many entries, as a person says it.
#pragma once

#include <cstdint>
#include <string>

namespace detente::cli {

inline std::string entries_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " entry" : " entries"); }

}  // namespace detente::cli
