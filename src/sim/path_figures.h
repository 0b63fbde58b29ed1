// What a cut costs: two stations over two paths of a fixed round trip, one message
// a second, and one path or all of them cut. The same core as the daemon, in
// virtual time, without chance: what differs from run to run is the moment of the
// cut between two messages, and the seed of keys and jitter.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "record/entry.h"

namespace detente::sim {

struct CutSetting {
  std::uint64_t seed = 1;
  record::Precedence precedence = record::Precedence::kRoutine;
  Duration one_way = std::chrono::milliseconds(20);  // of both paths
  Duration after_message{0};  // from a message's writing until the cut, below a second
  bool all_paths = false;     // else the one that was best
  Duration healed_after{0};   // 0: never
};

struct CutFigures {
  Duration delivered_before{0};  // longest before the cut, from the writing until it is on the other side's disk
  Duration delivered_after{0};   // longest of those written within a minute around the cut
  Duration receipted_before{0};  // the same until the verified receipt is here
  Duration receipted_after{0};
  Duration timeout{0};           // the retransmission timeout of the path, at the cut
  Duration first_after_healing{0};  // from the healing until the next delivery
  std::uint64_t written = 0;
  std::uint64_t lost = 0;        // written and not receipted at the end
};

CutFigures cut_figures(const CutSetting& setting);

}  // namespace detente::sim
