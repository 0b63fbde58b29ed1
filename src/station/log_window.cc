#include "station/log_window.h"

#include <algorithm>

namespace detente::station {

std::vector<LogWindow> newest_entries(const record::Reader& store, const record::LineKey& line, bool own, std::uint64_t most) {
  std::vector<LogWindow> out;
  const auto logs = store.logs(line);
  for (auto info = logs.rbegin(); info != logs.rend() && most > 0; ++info) {
    if (info->log.own != own) continue;
    const std::uint64_t taken = std::min(most, info->size);
    out.push_back({*info, info->size - taken});
    most -= taken;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace detente::station
