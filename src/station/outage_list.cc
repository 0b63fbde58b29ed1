#include "station/outage_list.h"

#include <algorithm>

namespace detente::station {

namespace {

bool stands(const line::Outage& outage, WallTime now) { return outage.until > now && outage.until > outage.from; }

}  // namespace

bool OutageList::take(bool own, const line::Outage& outage, const LogPosition& position, WallTime now) {
  std::vector<Held>& held = held_[own ? 0 : 1];
  const auto same = std::find_if(held.begin(), held.end(), [&](const Held& one) { return one.outage.from == outage.from; });
  if (same != held.end()) {
    if (position <= same->position) return false;
    *same = {outage, position};
    return true;
  }
  held.push_back({outage, position});
  if (held.size() <= kOutagesMax) return true;
  const auto goes_before = [now](const Held& a, const Held& b) {
    const bool a_stands = stands(a.outage, now), b_stands = stands(b.outage, now);
    if (a_stands != b_stands) return !a_stands;
    return a_stands ? a.outage.from > b.outage.from : a.outage.until < b.outage.until;
  };
  const auto gone = std::min_element(held.begin(), held.end(), goes_before);
  const bool was_new = gone + 1 == held.end();
  held.erase(gone);
  return !was_new;
}

std::vector<std::pair<bool, line::Outage>> OutageList::to_come(WallTime now) const {
  std::vector<std::pair<bool, line::Outage>> out;
  for (const bool own : {true, false})
    for (const Held& one : held_[own ? 0 : 1])
      if (stands(one.outage, now)) out.emplace_back(own, one.outage);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second.from < b.second.from; });
  return out;
}

std::optional<line::Outage> OutageList::over(WallTime now) const {
  std::optional<line::Outage> out;
  for (const Held& one : held_[1])
    if (one.outage.until <= now && one.outage.until > one.outage.from && (!out || out->until < one.outage.until))
      out = one.outage;
  return out;
}

bool OutageList::is_full(bool own, WallTime now) const {
  const auto& held = held_[own ? 0 : 1];
  return std::count_if(held.begin(), held.end(), [&](const Held& one) { return stands(one.outage, now); }) >=
         static_cast<std::ptrdiff_t>(kOutagesMax);
}

}  // namespace detente::station
