// What the fields of cards, accords, annexes and credentials may hold. For this
// folder alone. spec/accord.md, "Names" and "Safe text".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace detente::accord {

// Of a side, post, path, line: see wire::check_name. `where` starts the message.
Result<void> check_name_of(std::string_view where, std::string_view name);
// One line of safe text, at most `max` bytes.
Result<void> check_text_of(std::string_view where, std::string_view text, std::size_t max);
Result<void> check_filled_text_of(std::string_view where, std::string_view text, std::size_t max);
// A name that goes to OpenSSL or a table of time zones: 1 to 40 of letters, digits and "-_+/.".
Result<void> check_word_of(std::string_view where, std::string_view word);

// For a message: what came from outside, cut to 40 bytes, made safe for a screen.
std::string shown(std::string_view text);

}  // namespace detente::accord
