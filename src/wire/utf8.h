// Strict UTF-8 (RFC 3629), one code point at a time: no surrogates, no overlong forms, nothing
// above U+10FFFF. Whether a code point may be shown is wire/text.h's question.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace detente::wire {

// The code point that starts at byte `at`, which is moved behind it; nothing, and `at` unmoved,
// when the bytes there are not one. The caller promises at < text.size().
std::optional<char32_t> next_code_point(std::string_view text, std::size_t& at);

bool valid_utf8(std::string_view text);

}  // namespace detente::wire
