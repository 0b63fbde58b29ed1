// Bytes on the wire for a text and its receipt, both directions, before the
// bearer's framing. The same core as the daemon, on a network that loses nothing.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace detente::sim {

struct WireSetting {
  bool provable = true;
  bool both_aeads = true;
  // From no session at all: the handshake counts too.
  bool cold = false;
};

// One number a passage: bytes of all packets from the moment a person sends it until the
// receipt is verified. Passages are sent half a minute apart, so times and sizes are those of a session in use.
std::vector<std::uint64_t> wire_bytes(const WireSetting& setting,
                                      const std::vector<std::string>& passages);

}  // namespace detente::sim
