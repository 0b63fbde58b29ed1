#include "wire/text.h"

#include <cstdint>
#include <cstdio>

#include "wire/utf8.h"

namespace detente::wire {
namespace {

constexpr std::size_t kNameBytesMax = 32;

struct Reason {
  const char* what;
  const char* what_to_do;
};
constexpr const char* kRemove = "remove it";

// Why a code point is refused, or nothing.
std::optional<Reason> why_refused(char32_t c) {
  if (c == U'\n' || c == U'\t') return std::nullopt;
  if (c == U'\r') return Reason{"a carriage return", "end lines with a line feed alone"};
  if (c < 0x20 || c == 0x7f || (c >= 0x80 && c <= 0x9f)) {
    return Reason{"a control character", kRemove};
  }
  if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) {
    return Reason{"a control of writing direction, which can show a text in another order",
                  kRemove};
  }
  if (c == 0x2028 || c == 0x2029) {
    return Reason{"a line or paragraph separator", "use a line feed"};
  }
  if (c == 0xfeff) return Reason{"a byte order mark", kRemove};
  if (c >= 0xe0000 && c <= 0xe007f) return Reason{"an invisible tag character", kRemove};
  if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe) {
    return Reason{"not a character of Unicode", kRemove};
  }
  return std::nullopt;
}

std::string code_name(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  return text;
}

std::string byte_name(char byte) {
  char text[16];
  std::snprintf(text, sizeof text, "byte %02X",
                static_cast<unsigned>(static_cast<std::uint8_t>(byte)));
  return text;
}

std::string place(std::size_t character, std::size_t line) {
  return " (character " + std::to_string(character) + ", line " + std::to_string(line) + ")";
}

std::string display(std::string_view hostile, bool one_line) {
  std::string out;
  out.reserve(hostile.size());
  for (std::size_t at = 0; at < hostile.size();) {
    const std::size_t start = at;
    const std::optional<char32_t> c = next_code_point(hostile, at);
    if (!c) {
      out += "<" + byte_name(hostile[at++]) + ">";
    } else if (why_refused(*c) || (one_line && (*c == U'\n' || *c == U'\t'))) {
      out += "<" + code_name(*c) + ">";
    } else {
      out += hostile.substr(start, at - start);
    }
  }
  return out;
}

}  // namespace

Result<void> check_text(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return fail(Fault::kLimit, "the text has " + std::to_string(text.size()) + " bytes, and " +
                                   std::to_string(max_bytes) + " is the most; shorten it");
  }
  std::size_t character = 0, line = 1;
  for (std::size_t at = 0; at < text.size();) {
    ++character;
    const std::optional<char32_t> c = next_code_point(text, at);
    if (!c) {
      return fail(Fault::kMalformed, "the text is not UTF-8: " + byte_name(text[at]) + " at byte " +
                                         std::to_string(at + 1) + place(character, line) +
                                         "; save it as UTF-8");
    }
    if (const std::optional<Reason> reason = why_refused(*c)) {
      return fail(Fault::kMalformed, "the text has " + code_name(*c) + place(character, line) +
                                         ", " + reason->what + "; " + reason->what_to_do);
    }
    if (*c == U'\n') ++line;
  }
  return {};
}

bool shows_anything(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<char32_t> c = next_code_point(text, at);
    if (!c) return true;
    const bool space = *c <= 0x20 || *c == 0x85 || *c == 0xA0 || *c == 0x1680 || *c == 0x2028 || *c == 0x2029 || *c == 0x202F ||
                       *c == 0x205F || *c == 0x3000;
    const bool filler = *c == 0xAD || *c == 0x34F || *c == 0x61C || *c == 0x115F || *c == 0x1160 || *c == 0x17B4 || *c == 0x17B5 ||
                        *c == 0x180E || *c == 0x2800 || *c == 0x3164 || *c == 0xFEFF || *c == 0xFFA0;
    const bool joiner = (*c >= 0x2000 && *c <= 0x200F) || (*c >= 0x2060 && *c <= 0x206F) || (*c >= 0x180B && *c <= 0x180F) ||
                        (*c >= 0xFE00 && *c <= 0xFE0F) || (*c >= 0xE0000 && *c <= 0xE0FFF);
    if (!space && !filler && !joiner) return true;
  }
  return false;
}

std::string display_text(std::string_view hostile) { return display(hostile, false); }

std::string display_line(std::string_view hostile) { return display(hostile, true); }

Result<void> check_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  bool good = !name.empty() && name.size() <= kNameBytesMax && is_letter(name[0]);
  for (const char c : name) good = good && (is_letter(c) || (c >= '0' && c <= '9') || c == '-');
  if (good) return {};
  return fail(
      Fault::kMalformed,
      "\"" + display_line(name.substr(0, 2 * kNameBytesMax)) +
          "\" is no name: take 1 to 32 of the letters a-z, digits and hyphens, first a letter");
}

}  // namespace detente::wire
