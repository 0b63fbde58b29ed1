// Writes TOML whose bytes depend on the values alone. For this folder alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace detente::accord {

class TomlWriter {
 public:
  // A comment; a line for each line of `text`.
  TomlWriter& comment(std::string_view text);
  TomlWriter& blank();
  TomlWriter& section(std::string_view name);  // [name], after an empty line
  TomlWriter& item_of(std::string_view name);  // [[name]], after an empty line
  // `text` has no control characters: the caller checked it.
  TomlWriter& text(std::string_view key, std::string_view text);
  TomlWriter& integer(std::string_view key, std::uint64_t value);
  TomlWriter& time(std::string_view key, WallTime value);
  TomlWriter& texts(std::string_view key, const std::vector<std::string>& values);
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace detente::accord
