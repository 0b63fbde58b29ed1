// Strict reading of TOML: every key is asked for, and one that nobody asked for
// is an error, so that no program overlooks what people signed. For this folder
// alone; toml++ is behind it and none of its exceptions pass.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::accord {

struct TomlValue;

// A parsed document. It remembers the first thing that was wrong; the getters
// below go on with a harmless value, and result() tells. So a parser reads all
// its fields in a row and asks once.
class TomlDocument {
 public:
  // `what` starts every message: "accord". Checks the size, that the text is safe to show (so that
  // no comment hides or turns anything), and its syntax.
  static Result<TomlDocument> parse(std::string_view text, std::string what, std::size_t size_max);
  TomlDocument(TomlDocument&&) noexcept;
  TomlDocument& operator=(TomlDocument&&) noexcept;
  ~TomlDocument();

  class Table;
  Table root();
  Result<void> result() const;
  void fail_with(Fault fault, const std::string& message, std::uint32_t line = 0);

 private:
  TomlDocument(std::string what, std::unique_ptr<TomlValue> root);
  std::string what_;
  std::unique_ptr<TomlValue> root_;
  std::optional<Error> error_;
};

// One table. Every key must be there unless the getter says otherwise.
class TomlDocument::Table {
 public:
  Table(TomlDocument& document, const TomlValue* table) : document_(&document), table_(table) {}

  bool has(std::string_view key);  // for keys that may be absent
  std::string text(std::string_view key);
  std::uint32_t integer(std::string_view key, std::uint32_t min, std::uint32_t max);
  // The same for a key that may be absent: 0 then.
  std::uint32_t integer_or_none(std::string_view key, std::uint32_t min, std::uint32_t max);
  WallTime time(std::string_view key);
  Bytes hex(std::string_view key, std::size_t size);  // `size` bytes, lower case
  Digest digest(std::string_view key);
  std::optional<Digest> digest_or_empty(std::string_view key);  // "" gives nothing
  Bytes base64(std::string_view key, std::size_t size);
  std::vector<std::string> texts(std::string_view key, std::size_t max);
  Table table(std::string_view key);
  // [[key]], at most `max`; none when the key is absent.
  std::vector<Table> tables(std::string_view key, std::size_t max);
  // The text must be exactly this; kUnsupported with `hint` else.
  void expect(std::string_view key, std::string_view value, std::string_view hint);

  // Refuses every key that was not asked for. To be called when all were.
  void close();
  std::uint32_t line() const;

 private:
  const TomlValue* find(std::string_view key);
  void wrong(const TomlValue* value, std::string_view key, std::string_view should_be);

  TomlDocument* document_;
  const TomlValue* table_;  // nullptr after an error: everything is then empty
  std::set<std::string, std::less<>> asked_;
};

}  // namespace detente::accord
