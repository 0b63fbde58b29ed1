#include "accord/toml_value.h"

#include <toml++/toml.h>

#include <optional>

#include "base/civil.h"
#include "wire/text.h"

namespace detente::accord {
namespace {

constexpr int kDepthMax = 8;  // our formats need three

struct Converter {
  std::optional<Error> error;

  TomlValue refuse(TomlValue value, std::string message) {
    if (!error)
      error = Error{Fault::kMalformed, "line " + std::to_string(value.line) + ": " + message};
    return value;
  }

  TomlValue convert_time(TomlValue out, const toml::date_time& in) {
    out.kind = TomlKind::kTime;
    const CivilDate date{in.date.year, in.date.month, in.date.day};
    const auto& t = in.time;
    const bool whole = t.nanosecond == 0 && in.offset && in.offset->minutes == 0 && is_civil(date);
    const std::int64_t seconds =
        !whole ? -1 : days_from_civil(date) * 86400 + t.hour * 3600 + t.minute * 60 + t.second;
    if (t.second > 59 || seconds < 0 || seconds > 0xffffffffLL)
      return refuse(std::move(out),
                    "a time must be in UTC and whole seconds, as 2026-11-24T09:00:00Z");
    out.time = {static_cast<std::uint32_t>(seconds)};
    return out;
  }

  TomlValue convert(const toml::node& node, int depth) {
    TomlValue out;
    out.line = node.source().begin.line;
    if (depth > kDepthMax) return refuse(std::move(out), "tables or lists too deep in one another");
    if (const auto* table = node.as_table()) {
      out.kind = TomlKind::kTable;
      for (const auto& [key, value] : *table)
        out.members.push_back({std::string(key.str()), convert(value, depth + 1)});
    } else if (const auto* array = node.as_array()) {
      out.kind = TomlKind::kArray;
      for (const auto& value : *array) out.items.push_back(convert(value, depth + 1));
    } else if (const auto* text = node.as_string()) {
      out.kind = TomlKind::kText;
      out.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      out.kind = TomlKind::kInteger;
      out.integer = integer->get();
    } else if (const auto* time = node.as_date_time()) {
      return convert_time(std::move(out), time->get());
    } else {
      return refuse(std::move(out),
                    "a value of a kind that is not used here (a fraction, true or "
                    "false, a date or an hour alone)");
    }
    return out;
  }
};

}  // namespace

Result<TomlValue> parse_toml(std::string_view text) {
  try {
    const toml::table table = toml::parse(text);
    Converter converter;
    TomlValue out = converter.convert(table, 0);
    if (converter.error) return tl::unexpected<Error>(*converter.error);
    return out;
  } catch (const toml::parse_error& error) {
    return fail(Fault::kMalformed,
                "line " + std::to_string(error.source().begin.line) +
                    " is not valid TOML: " + wire::display_line(error.description()) +
                    "; take the text as it was signed, or correct the line");
  }
}

}  // namespace detente::accord
