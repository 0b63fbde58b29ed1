#include "station/log_order.h"

#include <algorithm>

namespace detente::station {

LogPosition LogOrder::of(const EntryPlace& place) {
  auto found = std::find(lives_.begin(), lives_.end(), place.epoch);
  if (found == lives_.end()) {
    if (lives_.size() >= kLivesKept) {
      lives_.pop_front();
      ++forgotten_;
    }
    found = lives_.insert(lives_.end(), place.epoch);
  }
  return {forgotten_ + static_cast<std::uint64_t>(found - lives_.begin()), place.index};
}

}  // namespace detente::station
