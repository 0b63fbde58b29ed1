// A laboratory: sides made by the ceremony's own functions, for trying and
// testing. The keys are real and fresh; the passphrases lie beside them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ceremony.h"
#include "crypto/seal.h"

namespace detente::cli {

inline constexpr const char* kLabAead = "ChaCha20-Poly1305";  // what its sides choose

struct LabChoices {
  io::Path dir;
  std::vector<LineChoice> lines;
  std::size_t paths = 1;
  std::vector<accord::PathKind> kinds;           // of the first paths; the others are UDP
  std::optional<std::uint16_t> first_port;       // else drawn
  bool gap = false;                              // peers are free ports where nothing listens
  bool seal_both = true;                         // else south's cipher alone
  std::string aead = kLabAead;                   // south's
  std::string their_aead = kLabAead;             // the counterparts'
  std::map<std::string, std::string> cipher_vectors;
  std::vector<std::string> providers;  // absolute paths
  std::optional<std::uint32_t> heartbeat_seconds;
  bool unknown_zones = false;
  std::vector<std::string> officers;   // of south
  std::vector<std::string> their_officers;
  std::size_t counterparts = 1;
  // The passphrases lie beside the keys: a cheap sealing takes nothing from them.
  int work_factor = 10;
};

// One side's view of one counterpart.
struct LabLink {
  std::string counterpart;
  Digest accord{};
  std::vector<std::string> words;
  std::vector<accord::Annex> lines;
  std::vector<station::PathConfig> paths;
};

struct LabSide {
  std::string name;
  io::Path dir;
  std::string station;  // "south/main"
  std::vector<std::string> officers;
  io::Path passphrase_file;
  std::vector<LabLink> links;
};

// south first. kConflict when the directory holds something already.
Result<std::vector<LabSide>> make_lab(const LabChoices& choices, WallTime now, KeyRandom& random);

// The first `count` ports of 127.0.0.1 from `first` on that were free a moment ago for UDP and TCP
// alike. kIo when there are not so many.
Result<std::vector<std::uint16_t>> free_ports(std::size_t count, std::uint16_t first);

// Where to look first: below what systems give out by themselves, since a station that is started
// again must find its port free.
std::uint16_t any_first_port(KeyRandom& random);

}  // namespace detente::cli
