#include "accord/toml_writer.h"

#include "base/civil.h"

namespace detente::accord {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

TomlWriter& TomlWriter::comment(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out_.append("# ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return *this;
}

TomlWriter& TomlWriter::blank() {
  out_ += '\n';
  return *this;
}

TomlWriter& TomlWriter::section(std::string_view name) {
  out_.append("\n[").append(name).append("]\n");
  return *this;
}

TomlWriter& TomlWriter::item_of(std::string_view name) {
  out_.append("\n[[").append(name).append("]]\n");
  return *this;
}

TomlWriter& TomlWriter::text(std::string_view key, std::string_view text) {
  out_.append(key).append(" = ").append(in_quotes(text)).append("\n");
  return *this;
}

TomlWriter& TomlWriter::integer(std::string_view key, std::uint64_t value) {
  out_.append(key).append(" = ").append(std::to_string(value)).append("\n");
  return *this;
}

TomlWriter& TomlWriter::time(std::string_view key, WallTime value) {
  out_.append(key).append(" = ").append(format_utc(value)).append("\n");
  return *this;
}

TomlWriter& TomlWriter::texts(std::string_view key, const std::vector<std::string>& values) {
  out_.append(key).append(" = [");
  for (std::size_t i = 0; i < values.size(); ++i)
    out_.append(i ? ", " : "").append(in_quotes(values[i]));
  out_.append("]\n");
  return *this;
}

}  // namespace detente::accord
