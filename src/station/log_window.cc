#include "station/log_window.h"

#include <algorithm>

namespace detente::station {

std::vector<LogWindow> newest_entries(const std::vector<record::Reader::LogInfo>& logs, bool own, std::uint64_t most) {
  std::vector<LogWindow> out;
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
