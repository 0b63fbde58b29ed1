// The newest part of what one side wrote on a line, over its epochs: a hostile side opens a new one every hour, so that "the
// newest of each" has no end.
#pragma once

#include <cstdint>
#include <vector>

#include "record/store.h"

namespace detente::station {

struct LogWindow {
  record::Reader::LogInfo info;
  std::uint64_t from = 0;  // of its entries, this one and the later ones
};

// Of all logs of a line, as a Reader lists them, that side's newest `most` entries in the order of its logs' opening here.
std::vector<LogWindow> newest_entries(const std::vector<record::Reader::LogInfo>& logs, bool own, std::uint64_t most);

}  // namespace detente::station
