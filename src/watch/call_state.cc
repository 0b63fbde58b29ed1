#include "watch/call_state.h"

namespace detente::watch {
namespace {

// Whether a deed of `side` can be a reply: the other side called, or its turn it was.
bool replies(const PlannedCall& call, const CallFacts& facts, SideIndex side) {
  const auto other = static_cast<SideIndex>(1 - side);
  return call.caller == other || facts.of(other, FactKind::kCalled).has_value();
}

bool was_called_off(const PlannedCall& call, const CallFacts& facts) {
  for (SideIndex side = 0; side < 2; ++side)
    if (const auto& deed = facts.of(side, FactKind::kCalledOff); deed && deed->at < call.begin())
      return true;
  return false;
}

bool was_declined(const PlannedCall& call, const CallFacts& facts) {
  for (SideIndex side = 0; side < 2; ++side)
    if (facts.of(side, FactKind::kDeclined) && replies(call, facts, side)) return true;
  return false;
}

}  // namespace

void CallFacts::add(const CallFact& fact) {
  auto& held = deeds[fact.side][static_cast<std::size_t>(fact.kind)];
  Deed deed{fact.at, fact.officer};
  if (!held || deed < *held) held = std::move(deed);
}

const char* to_string(CallState state) {
  switch (state) {
    case CallState::kPending: return "pending";
    case CallState::kDue: return "due";
    case CallState::kOverdue: return "overdue";
    case CallState::kAnsweredInTime: return "answered in time";
    case CallState::kAnsweredAtTheirHour: return "answered at their hour";
    case CallState::kAnsweredLate: return "answered late";
    case CallState::kUnanswered: return "unanswered";
    case CallState::kNotCalled: return "not called";
    case CallState::kDeclined: return "declined";
    case CallState::kCalledOff: return "called off";
    case CallState::kInCut: return "in a cut";
    case CallState::kOwnStationDown: return "own station down";
    case CallState::kOwnPathDown: return "own path down";
    case CallState::kNotWatched: return "not watched";
  }
  return "";
}

std::optional<CallState> call_state_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(CallState::kNotWatched); ++i)
    if (text == to_string(static_cast<CallState>(i))) return static_cast<CallState>(i);
  return std::nullopt;
}

bool is_not_seen(std::string_view state) {
  for (const CallState one : {CallState::kOwnStationDown, CallState::kOwnPathDown, CallState::kNotWatched})
    if (state == to_string(one)) return true;
  return false;
}

bool is_by_deeds(CallState state) {
  switch (state) {
    case CallState::kAnsweredInTime:
    case CallState::kAnsweredAtTheirHour:
    case CallState::kAnsweredLate:
    case CallState::kDeclined:
    case CallState::kCalledOff:
    case CallState::kUnanswered: return true;
    default: return false;
  }
}

std::optional<Answer> answer_of(const PlannedCall& call, const CallFacts& facts) {
  std::optional<Answer> out;
  for (SideIndex side = 0; side < 2; ++side) {
    const auto& deed = facts.of(side, FactKind::kAnswered);
    if (deed && replies(call, facts, side) && (!out || *deed < out->deed)) out = {side, *deed};
  }
  return out;
}

CallState judge(const PlannedCall& call, const CallFacts& facts, WallTime now) {
  if (const auto answer = answer_of(call, facts)) {
    if (answer->deed.at < call.in_time_until) return CallState::kAnsweredInTime;
    return answer->deed.at < call.late_from ? CallState::kAnsweredAtTheirHour
                                            : CallState::kAnsweredLate;
  }
  if (was_called_off(call, facts)) return CallState::kCalledOff;
  if (was_declined(call, facts)) return CallState::kDeclined;
  if (now < call.begin()) return CallState::kPending;
  if (facts.in_cut) return CallState::kInCut;
  if (now < call.late_from) return CallState::kDue;
  if (now < call.unanswered_from) return CallState::kOverdue;
  if (facts.unwatched) return facts.ran ? CallState::kNotWatched : CallState::kOwnStationDown;
  if (facts.own_path_down) return CallState::kOwnPathDown;
  const bool was_called =
      facts.of(0, FactKind::kCalled).has_value() || facts.of(1, FactKind::kCalled).has_value();
  return was_called ? CallState::kUnanswered : CallState::kNotCalled;
}

std::optional<SideIndex> silent_side(const PlannedCall& call, const CallFacts& facts,
                                     CallState state) {
  if (state == CallState::kNotCalled) return call.caller;
  if (state != CallState::kUnanswered) return std::nullopt;
  // With calls of both sides that crossed, the planned caller's counts.
  const bool by_caller = facts.of(call.caller, FactKind::kCalled).has_value();
  return static_cast<SideIndex>(by_caller ? 1 - call.caller : call.caller);
}

}  // namespace detente::watch
