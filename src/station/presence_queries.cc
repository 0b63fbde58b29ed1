#include "station/presence_queries.h"

#include <algorithm>

namespace detente::station {

const char* to_string(PresenceState state) {
  switch (state) {
    case PresenceState::kNotThere: return "not there";
    case PresenceState::kWaiting: return "waiting";
    case PresenceState::kReady: return "ready";
    case PresenceState::kNotNow: return "not now";
    case PresenceState::kUnanswered: return "unanswered";
  }
  return "waiting";
}

PresenceState presence_state(const PresenceQuery& query, std::uint32_t minutes, WallTime now) {
  if (query.answer) return *query.answer == line::PresenceDeed::kReady ? PresenceState::kReady : PresenceState::kNotNow;
  if (!query.held) return PresenceState::kNotThere;
  return now.seconds >= query.held->seconds + minutes * 60 ? PresenceState::kUnanswered : PresenceState::kWaiting;
}

bool PresenceQueries::take(const WatchAct& act, line::PresenceDeed deed, const LogPosition& position) {
  if (!act.vouched) return false;
  if (deed == line::PresenceDeed::kAsked) {
    const std::size_t asker = act.own ? 0 : 1;
    auto& held = asked_[asker];
    if (held && position <= asked_at_[asker]) return false;
    const auto since = act.own ? std::nullopt : std::optional(std::max(act.at, act.stored_at));
    held = PresenceQuery{act.place, act.at, act.officer, since, std::nullopt, {}, {}};
    asked_at_[asker] = position;
    static_cast<void>(match(asker));
    return true;
  }
  if (act.references.size() != 1) return false;
  const std::size_t asker = act.own ? 1 : 0;
  answers_[asker].push_back({act.references.front(), deed, act.at, act.officer});
  if (answers_[asker].size() > kAnswersKept) answers_[asker].pop_front();
  return match(asker);
}

// The first answer counts.
bool PresenceQueries::match(std::size_t asker) {
  auto& asked = asked_[asker];
  if (!asked || asked->answer) return false;
  for (const Answer& one : answers_[asker]) {
    if (one.to.epoch != asked->place.epoch || one.to.index != asked->place.index) continue;
    asked->answer = one.deed;
    asked->answered_at = one.at;
    asked->answered_by = one.officer;
    return true;
  }
  return false;
}

}  // namespace detente::station
