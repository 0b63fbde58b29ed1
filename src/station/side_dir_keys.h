// Keys that a station holds in files: its own, and those of each pair. CBOR,
// mode 0600, opened unattended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accord/secret.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/agree.h"
#include "crypto/sign.h"
#include "link/pair.h"

namespace detente::station {

inline constexpr std::size_t kKeyFileMax = 4096;

// How something is sealed: passphrase (borrowed), cost, randomness (borrowed).
struct Sealing {
  std::string_view passphrase;
  int work_factor;
  KeyRandom& random;
};

// Three keys, each for one thing.
struct StationKeys {
  OfficerId number;  // of the station's credential
  crypto::SignKey log;
  crypto::SignKey cosign;
  crypto::AgreeKey noise;
};
StationKeys make_station_keys(OfficerId number, KeyRandom& random);
SecretBytes encode_station_keys(const StationKeys& keys);
Result<StationKeys> parse_station_keys(ByteView file);

// What a pair of stations starts from. spec/session.md section 1, spec/accord.md "Secret".
struct PairFile {
  Digest lineage{};
  std::string our_station;  // "south/main"
  std::string their_station;
  std::optional<SecretBytes> psk_0;  // nothing once the daemon has taken it over
  link::PairKeys keys;               // K_mac and hint of both directions: these stay
  std::uint32_t salt_month = 0;
  SecretBytes salt_key;
};
// `we_are_first`: our side is the accord's first.
PairFile derive_pair(const accord::SharedRoot& root, const Digest& lineage,
                     std::string_view our_station, std::string_view their_station,
                     bool we_are_first);
SecretBytes encode_pair(const PairFile& pair);
Result<PairFile> parse_pair(ByteView file);

}  // namespace detente::station
