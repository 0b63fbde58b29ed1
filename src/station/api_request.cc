#include "station/api_request.h"

#include <charconv>

#include "record/blob.h"

namespace detente::station {

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what, std::uint64_t max) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || out > max)
    return fail(Fault::kMalformed, std::string(what) + " must be a whole number up to " + std::to_string(max));
  return out;
}

Result<std::uint64_t> query_number(const ApiRequest& request, const std::string& key, std::uint64_t otherwise, std::uint64_t max) {
  const auto it = request.query.find(key);
  if (it == request.query.end()) return otherwise;
  return parse_number(it->second, key, max);
}

Result<Json> parse_body(const ApiRequest& request) { return parse_json(request.body, "the request's body"); }

Result<Digest> parse_root(const std::string& text) {
  const auto bytes = from_hex(text);
  const auto root = bytes ? to_array<32>(*bytes) : std::nullopt;
  if (!root) return fail(Fault::kMalformed, "a document is named by its root: 64 hexadecimal digits");
  return *root;
}

Result<bool> parse_whose(const ApiRequest& request) {
  const auto it = request.query.find("whose");
  if (it == request.query.end() || (it->second != "own" && it->second != "far"))
    return fail(Fault::kMalformed, "whose must be own or far");
  return it->second == "own";
}

Result<std::uint64_t> first_piece(const ApiRequest& request) { return query_number(request, "piece", 0, record::kPiecesMax); }

Result<std::uint64_t> document_length(const ApiRequest& request) {
  if (request.query.count("length") == 0) return fail(Fault::kMalformed, "length must say how long the document is");
  return query_number(request, "length", 0, record::kBlobBytesMax);
}

Result<std::optional<CourierAsked>> parse_courier_asked(const Json& json) {
  DETENTE_TRY(in, JsonReader::of(json, "courier"));
  const auto line = in.text("line");
  const auto index = in.number("index", UINT64_MAX >> 2);
  const auto waiting = in.number("waiting", UINT64_MAX >> 2);
  DETENTE_TRY_VOID(in.close());
  if (line.has_value() != (index.has_value() != waiting.has_value()) || (index && waiting))
    return fail(Fault::kMalformed, "courier: line belongs to an index, or to what waits; without them the file has everything");
  if (!line) return std::optional<CourierAsked>();
  return std::optional(CourierAsked{*line, index, waiting});
}

}  // namespace detente::station
