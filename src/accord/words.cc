#include "accord/words.h"

#include <algorithm>
#include <utility>

#include "accord/word_list.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::size_t kHeardWordMax = 32;    // longer cannot be a word of the list
constexpr std::size_t kHeardTextMax = 8192;  // bytes for all words

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// Letters to insert, delete or replace (Levenshtein), row by row.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::vector<std::string_view> split(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n-,.";
  std::vector<std::string_view> out;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kBetween, at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace

std::string_view word_of(std::uint8_t value) { return kWordList[value]; }

std::optional<std::uint8_t> value_of_word(std::string_view word) {
  if (word.size() > kHeardWordMax) return std::nullopt;
  const std::string wanted = lowered(word);
  const auto found = std::lower_bound(kWordList.begin(), kWordList.end(), wanted);
  if (found == kWordList.end() || *found != wanted) return std::nullopt;
  return static_cast<std::uint8_t>(found - kWordList.begin());
}

std::string_view nearest_word(std::string_view word) {
  const std::string wanted = lowered(word.substr(0, kHeardWordMax));
  // Among equally near ones, one with the same first letter: it is seldom misheard.
  const auto farness = [&](std::string_view candidate) {
    return std::pair(distance(candidate, wanted),
                     wanted.empty() || candidate.front() != wanted.front());
  };
  return *std::min_element(
      kWordList.begin(), kWordList.end(),
      [&](std::string_view a, std::string_view b) { return farness(a) < farness(b); });
}

std::uint8_t check_value(ByteView bytes) {
  return crypto::sha256({as_bytes("detente/1 words"), bytes})[0];
}

std::vector<std::string_view> to_words(ByteView bytes) {
  std::vector<std::string_view> out;
  for (const std::uint8_t byte : bytes) out.push_back(word_of(byte));
  out.push_back(word_of(check_value(bytes)));
  return out;
}

Result<SecretBytes> from_words(std::string_view text, std::size_t size) {
  if (text.size() > kHeardTextMax)
    return fail(Fault::kLimit, "words: more text than the words can be; give the words alone");
  const std::vector<std::string_view> words = split(text);
  SecretBytes out(size);
  std::uint8_t check = 0;
  for (std::size_t i = 0; i < words.size() && i <= size; ++i) {
    const auto value = value_of_word(words[i]);
    if (!value)
      return fail(Fault::kMalformed, "words: word " + std::to_string(i + 1) +
                                         " is not on the list; the nearest is \"" +
                                         std::string(nearest_word(words[i])) +
                                         "\": ask for it again");
    if (i < size)
      out.mutable_view()[i] = *value;
    else
      check = *value;
  }
  if (words.size() != size + 1)
    return fail(Fault::kMalformed, "words: " + std::to_string(words.size()) + " words instead of " +
                                       std::to_string(size + 1) +
                                       "; one was left out or said twice: read them again");
  if (check != check_value(out.view()))
    return fail(Fault::kMalformed,
                "words: the last word does not fit the others, so one of them was heard wrongly or "
                "two changed places; read all of them again");
  return out;
}

}  // namespace detente::accord
