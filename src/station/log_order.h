// LogOrder: which of two entries of one side's logs is the newer. Clocks are set back, logs are not. Entries may come in
// any order within a log; logs come in the order in which they were opened.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>

#include "station/verdict.h"

namespace detente::station {

struct LogPosition {
  std::uint64_t life = 0;  // of the disk that wrote the log, as this side met them
  std::uint64_t index = 0;
  auto operator<=>(const LogPosition&) const = default;
};

class LogOrder {
 public:
  LogPosition of(const EntryPlace& place);

 private:
  static constexpr std::size_t kLivesKept = 256;
  std::deque<record::EpochId> lives_;  // the newest last
  std::uint64_t forgotten_ = 0;
};

}  // namespace detente::station
