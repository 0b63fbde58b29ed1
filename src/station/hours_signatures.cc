#include "station/hours_signatures.h"

#include <algorithm>
#include <utility>

namespace detente::station {

bool HoursSignatures::take(bool own, One one) {
  auto& list = signed_[own ? 0 : 1];
  const auto at = std::lower_bound(list.begin(), list.end(), one.position,
                                   [](const One& held, const LogPosition& position) { return held.position < position; });
  if (at != list.end() && at->position == one.position) return false;
  list.insert(at, std::move(one));
  if (list.size() <= kKept) return true;
  // Whoever signs much takes nothing back by it.
  const auto alone = std::find_if(list.begin(), list.end(), [&](const One& held) { return find(!own, held.until) == nullptr; });
  list.erase(alone == list.end() ? list.begin() : alone);
  return true;
}

const HoursSignatures::One* HoursSignatures::find(bool own, WallTime until) const {
  const auto& list = signed_[own ? 0 : 1];
  const auto found = std::find_if(list.rbegin(), list.rend(), [&](const One& one) { return one.until == until; });
  return found == list.rend() ? nullptr : &*found;
}

// By both logs' order. Of two that crossed, the longer: both sides come to the same.
std::optional<HoursSignatures::Agreed> HoursSignatures::agreed() const {
  std::vector<std::pair<const One*, const One*>> both;
  for (const One& ours : signed_[0])
    if (const One* theirs = find(false, ours.until); theirs != nullptr && find(true, ours.until) == &ours)
      both.emplace_back(&ours, theirs);
  const auto is_passed = [&](const auto& pair) {
    return std::any_of(both.begin(), both.end(), [&](const auto& other) {
      return other.first->position > pair.first->position && other.second->position > pair.second->position;
    });
  };
  std::optional<Agreed> out;
  for (const auto& pair : both) {
    if (is_passed(pair) || (out && out->until >= pair.first->until)) continue;
    out = Agreed{pair.first->until, std::max(pair.first->at, pair.second->at), pair.first->officer, pair.second->officer};
  }
  return out;
}

std::optional<std::pair<bool, WallTime>> HoursSignatures::proposed(WallTime now) const {
  const One* newest = nullptr;
  bool whose = true;
  for (const bool own : {true, false}) {
    const auto& list = signed_[own ? 0 : 1];
    if (list.empty()) continue;
    const One& last = list.back();
    if (last.until <= now || find(!own, last.until) != nullptr) continue;
    if (newest != nullptr && newest->at > last.at) continue;
    newest = &last;
    whose = own;
  }
  if (newest == nullptr) return std::nullopt;
  return std::pair(whose, newest->until);
}

}  // namespace detente::station
