#include "base/bytes.h"
#include "station/api_http.h"

namespace detente::station {

namespace {

constexpr std::size_t kSegmentsMax = 16;
constexpr std::size_t kQueryMax = 16;

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

tl::unexpected<Error> bad_target() {
  return fail(Fault::kMalformed, "the request's address cannot be read: spec/api.md names them");
}

}  // namespace

Result<ApiRequest> parse_target(std::string_view target) {
  ApiRequest out;
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  if (!path.starts_with('/')) return bad_target();
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const auto segment = decode(path.substr(0, end));
    if (!segment || out.path.size() >= kSegmentsMax) return bad_target();
    out.path.push_back(*segment);
    path.remove_prefix(end);
  }
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    const auto key = decode(pair.substr(0, equals));
    const auto value = equals == std::string_view::npos ? "" : decode(pair.substr(equals + 1));
    if (!key || !value || out.query.size() >= kQueryMax) return bad_target();
    out.query[*key] = *value;
  }
  return out;
}

}  // namespace detente::station
