#include "station/last_heard.h"

#include <charconv>

namespace detente::station {

std::string last_heard_text(const std::map<std::string, WallTime>& heard) {
  std::string out;
  for (const auto& [name, at] : heard) out += name + " " + std::to_string(at.seconds) + "\n";
  return out;
}

std::map<std::string, WallTime> parse_last_heard(std::string_view text) {
  std::map<std::string, WallTime> out;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t space = line.find(' ');
    if (space == 0 || space == line.npos) continue;
    WallTime at;
    const auto [rest, error] = std::from_chars(line.data() + space + 1, line.data() + line.size(), at.seconds);
    if (error == std::errc() && rest == line.data() + line.size()) out[std::string(line.substr(0, space))] = at;
  }
  return out;
}

}  // namespace detente::station
