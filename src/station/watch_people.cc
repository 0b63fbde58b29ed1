#include "station/watch_people.h"

#include <set>

namespace detente::station {

void WatchPeople::take(const Deed& deed, const std::vector<std::string>& every_line) {
  for (const std::string& line : deed.lines.empty() ? every_line : deed.lines) {
    if (deed.what == "on") {
      if (on_[line].try_emplace(deed.officer, deed.time).second) staffed_.try_emplace(line, deed.time);
    } else if (deed.what == "off") {
      leave(deed.officer, line);
    } else if (deed.what == "handover" && is_on(deed.officer, line)) {
      on_[line].try_emplace(*deed.to, deed.time);  // before: the desk is never empty in between
      leave(deed.officer, line);
    }
  }
}

void WatchPeople::leave(OfficerId officer, const std::string& line) {
  const auto held = on_.find(line);
  if (held == on_.end()) return;
  held->second.erase(officer);
  if (!held->second.empty()) return;
  on_.erase(held);
  staffed_.erase(line);
}

void WatchPeople::leave_all(OfficerId officer) {
  std::vector<std::string> lines;
  for (const auto& [line, officers] : on_)
    if (officers.count(officer) > 0) lines.push_back(line);
  for (const std::string& line : lines) leave(officer, line);
}

std::vector<OfficerId> WatchPeople::everybody() const {
  std::set<OfficerId> out;
  for (const auto& [line, officers] : on_)
    for (const auto& [officer, since] : officers) out.insert(officer);
  return {out.begin(), out.end()};
}

std::vector<WatchPeople::OnLine> WatchPeople::on(const std::string& line) const {
  std::vector<OnLine> out;
  const auto held = on_.find(line);
  if (held == on_.end()) return out;
  for (const auto& [officer, since] : held->second) out.push_back({officer, since});
  return out;
}

bool WatchPeople::is_on(OfficerId officer, const std::string& line) const {
  const auto held = on_.find(line);
  return held != on_.end() && held->second.count(officer) > 0;
}

std::optional<WallTime> WatchPeople::staffed_since(const std::string& line) const {
  const auto held = staffed_.find(line);
  return held == staffed_.end() ? std::nullopt : std::optional(held->second);
}

}  // namespace detente::station
