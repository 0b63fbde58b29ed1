// Small helpers for the API's JSON. Text from outside is made safe to show here
// or by the caller; bytes are hex (digests, ids) or base64 (everything else).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::station {

using Json = nlohmann::ordered_json;

// One line; bytes that are not UTF-8 are replaced, so that it never fails.
std::string dump(const Json& json);

// A text from outside. kMalformed, and `what` starts the message, where it is no JSON, or an object of it has a member twice:
// of two members of one name another reader may take the other one, and which of them was meant nobody knows.
Result<Json> parse_json(std::string_view text, std::string_view what);

Json error_json(const Error& error);  // {"ok":false,"error":{"fault","message"}}

// Reads the members of one object; each that nobody asked for is refused by close().
class JsonReader {
 public:
  // kMalformed when `json` is no object. `what` starts the messages.
  static Result<JsonReader> of(const Json& json, std::string what);

  // Absent (or null) gives nothing; the wrong type or a value above the bound is remembered for
  // close().
  std::optional<std::string> text(const char* key);
  std::optional<std::uint64_t> number(const char* key, std::uint64_t max);
  std::optional<Bytes> base64(const char* key);
  template <std::size_t N>
  std::optional<ByteArray<N>> hex(const char* key) {
    const auto value = text(key);
    if (!value) return std::nullopt;
    const auto bytes = from_hex(*value);
    auto out = bytes ? to_array<N>(*bytes) : std::nullopt;
    if (!out) wrong(key, std::to_string(N) + " bytes in hex");
    return out;
  }
  std::vector<std::string> texts(const char* key, std::size_t max);
  const Json* array(const char* key, std::size_t max);  // nullptr when absent
  const Json* object(const char* key);                  // nullptr when absent

  void wrong(const char* key, const std::string& should_be);
  Result<void> close() const;

 private:
  JsonReader(const Json& json, std::string what) : json_(&json), what_(std::move(what)) {}
  const Json* find(const char* key);

  const Json* json_;
  std::string what_;
  std::set<std::string> asked_;
  std::optional<Error> error_;
};

}  // namespace detente::station
