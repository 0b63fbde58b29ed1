#include <algorithm>

#include "wire/cbor.h"

namespace detente::wire {

bool CborNesting::open(bool is_map, std::uint64_t items) {
  if (levels_.size() == kCborDepthMax) return false;
  levels_.push_back({is_map, items, 0, 0, 0});
  return true;
}

void CborNesting::begin(std::size_t at) {
  if (!levels_.empty()) levels_.back().item_start = at;
}

bool CborNesting::finish(ByteView all) {
  // The end of a container's last item is the end of the container, itself an item of the next.
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.left == 0) {  // just opened and empty
      levels_.pop_back();
      continue;
    }
    const bool is_key = level.is_map && level.left % 2 == 0;
    if (is_key) {
      const ByteView key = all.subspan(level.item_start);
      const ByteView last = all.subspan(level.key_start, level.key_end - level.key_start);
      if (level.key_end != 0 && !std::ranges::lexicographical_compare(last, key)) return false;
      level.key_start = level.item_start;
      level.key_end = all.size();
    }
    if (--level.left > 0) return true;
    levels_.pop_back();
  }
  return true;
}

}  // namespace detente::wire
