// What a request to the station says, as values, before the station looks at anything of its own. spec/api.md. The fuzzer reads
// requests with these.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "station/api_http.h"
#include "station/json.h"

namespace detente::station {

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what, std::uint64_t max);
// A whole number from the query, or `otherwise` when it is not there.
Result<std::uint64_t> query_number(const ApiRequest& request, const std::string& key, std::uint64_t otherwise, std::uint64_t max);
// The request's body; kMalformed when it is no JSON.
Result<Json> parse_body(const ApiRequest& request);

// Documents.
Result<Digest> parse_root(const std::string& text);
Result<bool> parse_whose(const ApiRequest& request);         // whether own, else far
Result<std::uint64_t> first_piece(const ApiRequest& request);  // 0 where it is not said
Result<std::uint64_t> document_length(const ApiRequest& request);

// What a courier's file is to have; nothing: everything. One of `index` and `waiting` is there.
struct CourierAsked {
  std::string line;  // its name or its number
  std::optional<std::uint64_t> index;
  std::optional<std::uint64_t> waiting;
};
Result<std::optional<CourierAsked>> parse_courier_asked(const Json& json);

}  // namespace detente::station
