// Lines, numbers and hashes of the C2SP texts, strictly: one spelling each.
// For this folder alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace detente::record {

// Takes the next line off `text`, without its LF; nothing when there is no whole line.
std::optional<std::string_view> take_line(std::string_view& text);

// Decimal without a sign or leading zero, below 2^64.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// 32 bytes of standard base64.
std::optional<Digest> parse_hash(std::string_view text);

}  // namespace detente::record
