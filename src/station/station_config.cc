#include "station/station_config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "accord/accord_text.h"
#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "wire/text.h"

namespace detente::station {
namespace {

constexpr std::size_t kHostMax = 255;
constexpr std::size_t kProvidersMax = 16;
constexpr std::size_t kChiefsMax = 16;
constexpr std::uint32_t kLineMibMax = 16 * 1024 * 1024;
constexpr std::uint32_t kVigilanceMinutesMin = 5, kVigilanceMinutesMax = 720;
constexpr std::uint32_t kVigilanceGraceMinutesMax = 60;

// A name is looked up when the station starts and later; what can only be numbers is known to be wrong before.
bool numbers_are_good(std::string_view host) {
  const bool numbers = std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  const bool v6 = host.find(':') != std::string_view::npos;
  in6_addr out{};
  if (numbers) return ::inet_pton(AF_INET, std::string(host).c_str(), &out) == 1;
  return !v6 || ::inet_pton(AF_INET6, std::string(host.substr(0, host.find('%'))).c_str(), &out) == 1;
}

bool host_is_good(std::string_view host) {
  return !host.empty() && host.size() <= kHostMax && numbers_are_good(host) &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
         });
}

Result<void> check_name(const std::string& where, std::string_view name) {
  auto good = wire::check_name(name);
  if (!good) return fail_at("station.toml: " + where, good.error());
  return {};
}

Result<void> check_paths(const CounterpartConfig& counterpart) {
  std::set<std::string> names, addresses;
  for (const PathConfig& path : counterpart.paths) {
    const std::string where = counterpart.name + ": path " + path.name;
    DETENTE_TRY_VOID(check_name(where, path.name));
    if (!names.insert(path.name).second)
      return fail(Fault::kConflict, "station.toml: " + where + " is there twice; keep one");
    if (!addresses.insert(path.listen.text()).second)
      return fail(Fault::kConflict, "station.toml: " + where + ": another path of " +
                                        counterpart.name + " listens on " + path.listen.text() +
                                        " already; give each path a port of its own");
  }
  return {};
}

Result<void> check_vigilance(const StationConfig& config) {
  const bool good = (config.vigilance_minutes == 0 ||
                     (config.vigilance_minutes >= kVigilanceMinutesMin &&
                      config.vigilance_minutes <= kVigilanceMinutesMax)) &&
                    config.vigilance_grace_minutes >= 1 &&
                    config.vigilance_grace_minutes <= kVigilanceGraceMinutesMax;
  if (good) return {};
  return fail(Fault::kLimit, "station.toml: vigilance_minutes is 0 (never) or from 5 to 720, "
                             "vigilance_grace_minutes from 1 to 60");
}

void read_vigilance(accord::TomlDocument::Table& root, StationConfig& config) {
  if (root.has("vigilance_minutes"))
    config.vigilance_minutes = root.integer("vigilance_minutes", 0, kVigilanceMinutesMax);
  if (root.has("vigilance_grace_minutes"))
    config.vigilance_grace_minutes =
        root.integer("vigilance_grace_minutes", 1, kVigilanceGraceMinutesMax);
}

Result<Address> read_address(accord::TomlDocument::Table& table, const char* key) {
  auto address = parse_address(table.text(key));
  if (!address) return fail_at("station.toml: " + std::string(key), address.error());
  return address;
}

Result<CounterpartConfig> read_counterpart(accord::TomlDocument& document,
                                           accord::TomlDocument::Table table) {
  CounterpartConfig counterpart;
  counterpart.name = table.text("name");
  counterpart.their_post = table.text("their_post");
  if (const auto mib = table.integer_or_none("document_room_mib", 1, UINT32_MAX); mib > 0)
    counterpart.document_room_mib = mib;
  counterpart.line_burst_mib = table.integer_or_none("line_burst_mib", 1, kLineMibMax);
  counterpart.line_mib_a_day = table.integer_or_none("line_mib_a_day", 1, kLineMibMax);
  for (auto& path_table : table.tables("paths", accord::kPathsMax)) {
    PathConfig path;
    path.name = path_table.text("name");
    // A missing key shows first: an address that was not given is no address that is wrong.
    auto listen = read_address(path_table, "listen");
    auto peer = read_address(path_table, "peer");
    path.rate = path_table.integer_or_none("rate", 50, 1000000000);
    path.packet_bytes = path_table.integer_or_none("packet_bytes", 96, 1200);
    path_table.close();
    DETENTE_TRY_VOID(document.result());
    if (!listen) return tl::unexpected<Error>(listen.error());
    if (!peer) return tl::unexpected<Error>(peer.error());
    path.listen = std::move(*listen);
    path.peer = std::move(*peer);
    counterpart.paths.push_back(std::move(path));
  }
  table.close();
  return counterpart;
}

}  // namespace

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  const auto wrong = [&] {
    return fail(Fault::kMalformed, "\"" + wire::display_line(text.substr(0, 80)) +
                                       "\" is no address; write host:port, as in 192.0.2.1:7001 or "
                                       "[2001:db8::1]:7001");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon), digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!host_is_good(host) || bracketed != (host.find(':') != std::string_view::npos))
    return wrong();
  Address address{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || address.port == 0 ||
      digits.front() == '0')
    return wrong();
  return address;
}

const PathConfig* CounterpartConfig::path(std::string_view path_name) const {
  const auto at = std::find_if(paths.begin(), paths.end(),
                               [&](const PathConfig& path) { return path.name == path_name; });
  return at == paths.end() ? nullptr : &*at;
}

const CounterpartConfig* StationConfig::counterpart(std::string_view name) const {
  const auto at = std::find_if(counterparts.begin(), counterparts.end(),
                               [&](const CounterpartConfig& c) { return c.name == name; });
  return at == counterparts.end() ? nullptr : &*at;
}

CounterpartConfig* StationConfig::counterpart(std::string_view name) {
  return const_cast<CounterpartConfig*>(std::as_const(*this).counterpart(name));
}

Result<void> check_station_config(const StationConfig& config) {
  DETENTE_TRY_VOID(check_name("post", config.post));
  if (config.counterparts.size() > kCounterpartsMax || config.providers.size() > kProvidersMax ||
      config.chiefs.size() > kChiefsMax)
    return fail(Fault::kLimit, "station.toml: at most 256 counterparts and 16 providers");
  std::set<std::string> names;
  for (const CounterpartConfig& counterpart : config.counterparts) {
    DETENTE_TRY_VOID(check_name("counterpart", counterpart.name));
    DETENTE_TRY_VOID(check_name(counterpart.name + ": their_post", counterpart.their_post));
    if (!names.insert(counterpart.name).second)
      return fail(Fault::kConflict,
                  "station.toml: counterpart " + counterpart.name + " is there twice; keep one");
    DETENTE_TRY_VOID(check_paths(counterpart));
  }
  for (const std::string& provider : config.providers) {
    if (!provider.starts_with('/') || !wire::check_text(provider, 4096))
      return fail(Fault::kMalformed, "station.toml: provider \"" +
                                         wire::display_line(provider.substr(0, 80)) +
                                         "\" is not an absolute path; write the whole path");
  }
  for (const std::string& chief : config.chiefs) DETENTE_TRY_VOID(check_name("chiefs", chief));
  DETENTE_TRY_VOID(check_vigilance(config));
  DETENTE_TRY_VOID(check_rules(config.rules));
  return check_hooks(config.hooks);
}

Result<StationConfig> parse_station_config(std::string_view text) {
  DETENTE_TRY(document, accord::TomlDocument::parse(text, "station.toml", kStationConfigMax));
  auto root = document.root();
  root.expect("format", kStationFormat, "this program reads no other version of it");
  StationConfig config;
  config.post = root.text("post");
  read_vigilance(root, config);
  if (root.has("chiefs")) config.chiefs = root.texts("chiefs", kChiefsMax);
  for (auto& table : root.tables("providers", kProvidersMax)) {
    config.providers.push_back(table.text("path"));
    table.close();
  }
  for (auto& table : root.tables("counterparts", kCounterpartsMax)) {
    auto counterpart = read_counterpart(document, table);
    DETENTE_TRY_VOID(document.result());
    if (!counterpart) return tl::unexpected<Error>(counterpart.error());
    config.counterparts.push_back(std::move(*counterpart));
  }
  config.rules = read_rules(document, root);
  DETENTE_TRY(hooks, read_hooks(document, root));
  config.hooks = std::move(hooks);
  root.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY_VOID(check_station_config(config));
  return config;
}

Result<std::string> write_station_config(const StationConfig& config) {
  DETENTE_TRY_VOID(check_station_config(config));
  accord::TomlWriter writer;
  writer.comment(
      "Where this station listens and where it finds its counterparts. Nothing here is secret, "
      "and\n"
      "nothing here is agreed with anybody: change it as the network needs, then restart the "
      "station.");
  writer.blank().text("format", kStationFormat).text("post", config.post);
  if (config.vigilance_minutes != 0) writer.integer("vigilance_minutes", config.vigilance_minutes);
  if (config.vigilance_grace_minutes != StationConfig{}.vigilance_grace_minutes)
    writer.integer("vigilance_grace_minutes", config.vigilance_grace_minutes);
  if (!config.chiefs.empty()) writer.texts("chiefs", config.chiefs);
  write_rules(writer, config.rules);
  for (const CounterpartConfig& counterpart : config.counterparts) {
    writer.item_of("counterparts")
        .text("name", counterpart.name)
        .text("their_post", counterpart.their_post);
    if (counterpart.document_room_mib != CounterpartConfig{}.document_room_mib)
      writer.integer("document_room_mib", counterpart.document_room_mib);
    if (counterpart.line_burst_mib != 0) writer.integer("line_burst_mib", counterpart.line_burst_mib);
    if (counterpart.line_mib_a_day != 0) writer.integer("line_mib_a_day", counterpart.line_mib_a_day);
    for (const PathConfig& path : counterpart.paths) {
      writer.item_of("counterparts.paths")
          .text("name", path.name)
          .text("listen", path.listen.text())
          .text("peer", path.peer.text());
      if (path.rate != 0) writer.integer("rate", path.rate);
      if (path.packet_bytes != 0) writer.integer("packet_bytes", path.packet_bytes);
    }
  }
  for (const std::string& provider : config.providers)
    writer.item_of("providers").text("path", provider);
  write_hooks(writer, config.hooks);
  return writer.take();
}

}  // namespace detente::station
