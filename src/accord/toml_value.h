// A TOML document as plain values; for toml_reader alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace detente::accord {

enum class TomlKind { kText, kInteger, kTime, kArray, kTable };

struct TomlMember;

struct TomlValue {
  TomlKind kind = TomlKind::kTable;
  std::uint32_t line = 0;  // from 1; 0 for the document itself
  std::string text;
  std::int64_t integer = 0;
  WallTime time;
  std::vector<TomlValue> items;
  std::vector<TomlMember> members;
};

struct TomlMember {
  std::string name;
  TomlValue value;
};

// kMalformed with the line, also for what our formats do not use: fractions, true and false, times
// without a zone, in another zone, or with fractions of a second.
Result<TomlValue> parse_toml(std::string_view text);

}  // namespace detente::accord
