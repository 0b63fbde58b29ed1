// PresenceQueries: "is anybody at the machine?", the newest question of each side of one line and its answer. Questions
// and answers may come in any order: at a start one log is read after the other.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>

#include "station/log_order.h"
#include "station/watch_act.h"

namespace detente::station {

struct PresenceQuery {
  EntryPlace place;
  WallTime at;
  std::string officer;
  // Since when the station of whoever is asked is known to have it. Nobody there has been asked before that.
  std::optional<WallTime> held;
  std::optional<line::PresenceDeed> answer;
  WallTime answered_at;
  std::string answered_by;
};

enum class PresenceState { kNotThere, kWaiting, kReady, kNotNow, kUnanswered };
const char* to_string(PresenceState state);  // "not there" (no receipt for it), "waiting", "ready", "not now", "unanswered"
PresenceState presence_state(const PresenceQuery& query, std::uint32_t minutes, WallTime now);

class PresenceQueries {
 public:
  // False when it was known already, or answers nothing that is asked now.
  bool take(const WatchAct& act, line::PresenceDeed deed, const LogPosition& position);
  // Their station has the own question.
  void hold(WallTime since) {
    if (asked_[0] && !asked_[0]->held) asked_[0]->held = since;
  }
  const std::optional<PresenceQuery>& newest(bool own) const { return asked_[own ? 0 : 1]; }

 private:
  static constexpr std::size_t kAnswersKept = 16;
  struct Answer {
    record::Reference to;
    line::PresenceDeed deed = line::PresenceDeed::kReady;
    WallTime at;
    std::string officer;
  };
  bool match(std::size_t asker);

  std::array<std::optional<PresenceQuery>, 2> asked_;  // own, theirs
  std::array<LogPosition, 2> asked_at_;
  std::array<std::deque<Answer>, 2> answers_;  // to the questions of that side, the newest last
};

}  // namespace detente::station
