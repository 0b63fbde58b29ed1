// The list of words; for this folder alone. spec/accord.md prints it.
#pragma once

#include <array>
#include <string_view>

namespace detente::accord {

// By value, in alphabetical order. Never changed: an old hand key on paper must
// be readable for ever.
extern const std::array<std::string_view, 256> kWordList;

}  // namespace detente::accord
