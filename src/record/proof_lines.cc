#include "record/proof_lines.h"

#include <charconv>

namespace detente::record {

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<Digest> parse_hash(std::string_view text) {
  constexpr std::size_t kBase64Size = 44;
  if (text.size() != kBase64Size) return std::nullopt;
  const auto bytes = from_base64(text);
  if (!bytes) return std::nullopt;
  return to_array<sizeof(Digest)>(*bytes);
}

}  // namespace detente::record
