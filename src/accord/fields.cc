#include "accord/fields.h"

#include "wire/text.h"

namespace detente::accord {
namespace {

constexpr std::size_t kWordBytesMax = 40;
constexpr std::size_t kShownBytesMax = 40;

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_+/.").find(c) != std::string_view::npos;
}

}  // namespace

Result<void> check_name_of(std::string_view where, std::string_view name) {
  auto good = wire::check_name(name);
  if (!good) return fail_at(std::string(where), good.error());
  return {};
}

Result<void> check_text_of(std::string_view where, std::string_view text, std::size_t max) {
  auto good = wire::check_text(text, max);
  if (!good) return fail_at(std::string(where), good.error());
  if (text.find_first_of("\n\t") != std::string_view::npos)
    return fail(Fault::kMalformed, std::string(where) + ": must stand on one line, without tabs");
  return {};
}

Result<void> check_filled_text_of(std::string_view where, std::string_view text, std::size_t max) {
  if (text.empty()) return fail(Fault::kMalformed, std::string(where) + ": empty; fill it in");
  return check_text_of(where, text, max);
}

Result<void> check_word_of(std::string_view where, std::string_view word) {
  bool good = !word.empty() && word.size() <= kWordBytesMax;
  for (const char c : word) good = good && is_word_character(c);
  if (good) return {};
  return fail(Fault::kMalformed, std::string(where) + ": \"" + shown(word) +
                                     "\" is not 1 to 40 letters, digits or -_+/.");
}

std::string shown(std::string_view text) {
  return wire::display_line(text.substr(0, kShownBytesMax)) +
         (text.size() > kShownBytesMax ? "..." : "");
}

}  // namespace detente::accord
