// Bytes as words to read aloud, one word a byte and a check word at the end.
// spec/accord.md, "Words".
//
// The list is this project's own (word_list.cc): 256 words of 4 to 7 letters,
// no two of which begin with the same four letters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace detente::accord {

inline constexpr std::size_t kWordCount = 256;

std::string_view word_of(std::uint8_t value);
// Takes either case; nothing for a word that is not on the list.
std::optional<std::uint8_t> value_of_word(std::string_view word);
// The word of the list with the fewest letters changed, for a word that is not on it.
std::string_view nearest_word(std::string_view word);
// SHA-256("detente/1 words" ‖ bytes)[0].
std::uint8_t check_value(ByteView bytes);

// size + 1 words.
std::vector<std::string_view> to_words(ByteView bytes);
// Words divided by white space, "-", "," or "." (as people write down what they hear), exactly
// `size` + 1 of them. kMalformed names the word (by place; never a secret's other words) and the
// nearest one, or says how many there are, or that the check word does not fit.
Result<SecretBytes> from_words(std::string_view text, std::size_t size);

}  // namespace detente::accord
