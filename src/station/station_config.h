// station.toml: what a station is told about its place in the world. Nothing
// secret, and nothing that both sides must agree on (that is the accord).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "station/station_config_hooks.h"
#include "station/station_config_rules.h"

namespace detente::station {

inline constexpr std::size_t kStationConfigMax = 256 * 1024;
inline constexpr std::size_t kCounterpartsMax = 256;
inline constexpr std::string_view kStationFormat = "detente-station/1";

// "127.0.0.1:7001", "[::1]:7001", "station.example:7001". A name is looked up when it is used.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;  // as parse_address takes it
  bool operator==(const Address&) const = default;
};
// Port 0 is refused.
Result<Address> parse_address(std::string_view text);

struct PathConfig {
  std::string name;  // as the accord names it
  Address listen;
  Address peer;
  std::uint32_t rate = 0;          // bit/s, of a slow bearer; 0 = it is measured
  std::uint32_t packet_bytes = 0;  // largest packet; 0 = it is found out
  bool operator==(const PathConfig&) const = default;
};

struct CounterpartConfig {
  std::string name;
  std::string their_post = "main";
  std::vector<PathConfig> paths;
  std::uint32_t document_room_mib = 16384;  // of its documents that are kept here, 2^20 bytes
  std::uint32_t line_burst_mib = 0;  // of its entries on each line, at once and a day; 0 = core::Limits
  std::uint32_t line_mib_a_day = 0;
  const PathConfig* path(std::string_view path_name) const;  // nothing when there is none
  bool operator==(const CounterpartConfig&) const = default;
};

struct StationConfig {
  std::string post = "main";
  std::vector<CounterpartConfig> counterparts;
  std::vector<std::string> providers;  // OpenSSL provider modules to load, absolute paths
  std::vector<HookConfig> hooks;
  // The officer on watch is asked so often whether he is there, and has so long to say so; 0 = never.
  std::uint32_t vigilance_minutes = 0;
  std::uint32_t vigilance_grace_minutes = 5;
  std::vector<std::string> chiefs;  // posts whose officers may suspend an officer of this side
  SideRules rules;

  const CounterpartConfig* counterpart(std::string_view name) const;
  CounterpartConfig* counterpart(std::string_view name);
  bool operator==(const StationConfig&) const = default;
};

// Names, no counterpart or path twice, absolute paths, hooks in their bounds. Two paths may share a listen
// address only when they are of different counterparts.
Result<void> check_station_config(const StationConfig& config);
Result<StationConfig> parse_station_config(std::string_view text);
// kMalformed for values that parse_station_config would refuse.
Result<std::string> write_station_config(const StationConfig& config);

}  // namespace detente::station
