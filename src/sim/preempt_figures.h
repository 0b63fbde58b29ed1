// What a FLASH waits for on a slow path that carries a document. The same core as
// the daemon, in virtual time.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace detente::sim {

struct PreemptFigures {
  std::uint64_t bytes_before = 0;  // of the document, on the wire after the FLASH was queued and before it
  std::uint64_t packet_bytes = 0;  // the largest packet of the path
  bool arrived = false;
};

// A path of `rate_bps`; `after`: from the document's sending until the FLASH is written.
PreemptFigures preempt_figures(std::uint64_t seed, std::uint64_t rate_bps, std::uint64_t document_bytes, Duration after);

}  // namespace detente::sim
