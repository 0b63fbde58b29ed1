#include "accord/toml_reader.h"

#include "accord/fields.h"
#include "accord/toml_value.h"
#include "wire/text.h"

namespace detente::accord {

TomlDocument::TomlDocument(std::string what, std::unique_ptr<TomlValue> root)
    : what_(std::move(what)), root_(std::move(root)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

Result<TomlDocument> TomlDocument::parse(std::string_view text, std::string what,
                                         std::size_t size_max) {
  if (text.size() > size_max)
    return fail(Fault::kLimit, what + ": " + std::to_string(text.size()) + " bytes, more than " +
                                   std::to_string(size_max) + "; this cannot be one");
  // The whole text, comments too: people sign what they see.
  const auto safe = wire::check_text(text, size_max);
  if (!safe) return fail_at(what, safe.error());
  auto root = parse_toml(text);
  if (!root) return fail_at(what, root.error());
  return TomlDocument(std::move(what), std::make_unique<TomlValue>(std::move(*root)));
}

TomlDocument::Table TomlDocument::root() { return Table(*this, root_.get()); }

Result<void> TomlDocument::result() const {
  if (error_) return tl::unexpected<Error>(*error_);
  return {};
}

void TomlDocument::fail_with(Fault fault, const std::string& message, std::uint32_t line) {
  if (error_) return;
  error_ = Error{fault, what_ + (line ? ": line " + std::to_string(line) : "") + ": " + message};
}

const TomlValue* TomlDocument::Table::find(std::string_view key) {
  asked_.emplace(key);
  if (!table_) return nullptr;
  for (const auto& [name, value] : table_->members)
    if (name == key) return &value;
  return nullptr;
}

bool TomlDocument::Table::has(std::string_view key) { return find(key) != nullptr; }

void TomlDocument::Table::wrong(const TomlValue* value, std::string_view key,
                                std::string_view should_be) {
  if (!table_) return;
  const std::string name = "\"" + std::string(key) + "\"";
  if (value)
    document_->fail_with(Fault::kMalformed, name + " must be " + std::string(should_be),
                         value->line);
  else
    document_->fail_with(Fault::kMalformed,
                         "the key " + name + " is missing; add it: " + std::string(should_be),
                         table_->line);
}

std::string TomlDocument::Table::text(std::string_view key) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kText) return value->text;
  wrong(value, key, "a text in quotation marks");
  return {};
}

std::uint32_t TomlDocument::Table::integer(std::string_view key, std::uint32_t min,
                                           std::uint32_t max) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kInteger && value->integer >= min && value->integer <= max)
    return static_cast<std::uint32_t>(value->integer);
  wrong(value, key, "a number from " + std::to_string(min) + " to " + std::to_string(max));
  return min;
}

std::uint32_t TomlDocument::Table::integer_or_none(std::string_view key, std::uint32_t min,
                                                   std::uint32_t max) {
  return find(key) != nullptr ? integer(key, min, max) : 0;
}

WallTime TomlDocument::Table::time(std::string_view key) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kTime) return value->time;
  wrong(value, key, "a time in UTC and whole seconds, as 2026-11-24T09:00:00Z, without quotes");
  return {};
}

Bytes TomlDocument::Table::hex(std::string_view key, std::size_t size) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kText) {
    const auto bytes = from_hex(value->text);
    if (bytes && bytes->size() == size && to_hex(*bytes) == value->text) return *bytes;
  }
  wrong(value, key, std::to_string(2 * size) + " digits of lower case hex in quotation marks");
  return Bytes(size);
}

Digest TomlDocument::Table::digest(std::string_view key) { return *to_array<32>(hex(key, 32)); }

std::optional<Digest> TomlDocument::Table::digest_or_empty(std::string_view key) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kText && value->text.empty()) return std::nullopt;
  return digest(key);
}

Bytes TomlDocument::Table::base64(std::string_view key, std::size_t size) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kText) {
    const auto bytes = from_base64(value->text);
    if (bytes && bytes->size() == size) return *bytes;
  }
  wrong(value, key, std::to_string(size) + " bytes in base64, in quotation marks");
  return Bytes(size);
}

std::vector<std::string> TomlDocument::Table::texts(std::string_view key, std::size_t max) {
  const TomlValue* value = find(key);
  bool good = value && value->kind == TomlKind::kArray && value->items.size() <= max;
  std::vector<std::string> out;
  if (good) {
    for (const TomlValue& item : value->items) {
      good = good && item.kind == TomlKind::kText;
      out.push_back(item.text);
    }
  }
  if (good) return out;
  wrong(value, key, "a list of at most " + std::to_string(max) + " texts");
  return {};
}

TomlDocument::Table TomlDocument::Table::table(std::string_view key) {
  const TomlValue* value = find(key);
  if (value && value->kind == TomlKind::kTable) return Table(*document_, value);
  wrong(value, key, "a table, [" + std::string(key) + "]");
  return Table(*document_, nullptr);
}

std::vector<TomlDocument::Table> TomlDocument::Table::tables(std::string_view key,
                                                             std::size_t max) {
  const TomlValue* value = find(key);
  if (!value) return {};
  bool good = value->kind == TomlKind::kArray && value->items.size() <= max;
  std::vector<Table> out;
  if (good) {
    for (const TomlValue& item : value->items) {
      good = good && item.kind == TomlKind::kTable;
      out.push_back(Table(*document_, &item));
    }
  }
  if (good) return out;
  wrong(value, key, "at most " + std::to_string(max) + " tables, [[" + std::string(key) + "]]");
  return {};
}

void TomlDocument::Table::expect(std::string_view key, std::string_view value,
                                 std::string_view hint) {
  const std::uint32_t at = line();
  const std::string found = text(key);
  if (table_ && document_->result() && found != value)
    document_->fail_with(
        Fault::kUnsupported,
        "\"" + std::string(key) + "\" must be \"" + std::string(value) + "\"; " + std::string(hint),
        at);
}

void TomlDocument::Table::close() {
  if (!table_) return;
  for (const auto& [name, value] : table_->members)
    if (!asked_.contains(name))
      document_->fail_with(Fault::kMalformed,
                           "a key that is not known here: \"" + shown(name) +
                               "\"; remove it or correct its spelling",
                           value.line);
}

std::uint32_t TomlDocument::Table::line() const { return table_ ? table_->line : 0; }

}  // namespace detente::accord
