#include "station/json.h"

#include "wire/text.h"

namespace detente::station {

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> parse_json(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> open;
  std::optional<std::string> twice;
  const auto look = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  Json json = Json::parse(text, look, false);
  if (json.is_discarded()) return fail(Fault::kMalformed, std::string(what) + " is not JSON");
  if (twice)
    return fail(Fault::kMalformed, std::string(what) + " has \"" + wire::display_line(twice->substr(0, 40)) +
                                       "\" twice in one object: say it once");
  return json;
}

Json error_json(const Error& error) {
  return {{"ok", false},
          {"error", {{"fault", to_string(error.fault)}, {"message", error.message}}}};
}

Result<JsonReader> JsonReader::of(const Json& json, std::string what) {
  if (!json.is_object()) return fail(Fault::kMalformed, what + ": this is not a JSON object");
  return JsonReader(json, std::move(what));
}

const Json* JsonReader::find(const char* key) {
  asked_.insert(key);
  const auto it = json_->find(key);
  return it == json_->end() || it->is_null() ? nullptr : &*it;
}

void JsonReader::wrong(const char* key, const std::string& should_be) {
  if (!error_) error_ = Error{Fault::kMalformed, what_ + ": \"" + key + "\" must be " + should_be};
}

std::optional<std::string> JsonReader::text(const char* key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    wrong(key, "a text");
    return std::nullopt;
  }
  return value->get<std::string>();
}

std::optional<std::uint64_t> JsonReader::number(const char* key, std::uint64_t max) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > max) {
    wrong(key, "a whole number from 0 to " + std::to_string(max));
    return std::nullopt;
  }
  return value->get<std::uint64_t>();
}

std::optional<Bytes> JsonReader::base64(const char* key) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  auto out = from_base64(*value);
  if (!out) wrong(key, "base64 with padding");
  return out;
}

const Json* JsonReader::array(const char* key, std::size_t max) {
  const Json* value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array() || value->size() > max) {
    wrong(key, "an array of at most " + std::to_string(max));
    return nullptr;
  }
  return value;
}

const Json* JsonReader::object(const char* key) {
  const Json* value = find(key);
  if (value == nullptr || value->is_object()) return value;
  wrong(key, "an object");
  return nullptr;
}

std::vector<std::string> JsonReader::texts(const char* key, std::size_t max) {
  std::vector<std::string> out;
  const Json* list = array(key, max);
  if (list == nullptr) return out;
  for (const Json& item : *list) {
    if (!item.is_string()) {
      wrong(key, "an array of texts");
      return {};
    }
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<void> JsonReader::close() const {
  if (error_) return tl::unexpected<Error>(*error_);
  for (const auto& [key, value] : json_->items())
    if (asked_.count(key) == 0)
      return fail(Fault::kMalformed, what_ + ": \"" + wire::display_line(key.substr(0, 40)) +
                                         "\" is not known here; spec/api.md names every key");
  return {};
}

}  // namespace detente::station
