// JSON as programs are given it, and no more: objects and lists of texts,
// numbers and truth values, written in the order of being added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace detente::verify {

// With quotation marks. Anything but ASCII and what a screen could misread is escaped; bytes that
// are not UTF-8 must not come here (wire::display_text makes them safe).
std::string json_text(std::string_view text);

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::uint64_t value);
  JsonObject& truth(std::string_view key, bool value);
  JsonObject& raw(std::string_view key, std::string_view json);
  std::string str() const { return "{" + inner_ + "}"; }

 private:
  std::string inner_;
};

std::string json_list(const std::vector<std::string>& items);

}  // namespace detente::verify
