#include "watch/past_calls.h"

#include <algorithm>
#include <utility>

namespace detente::watch {

PastCalls::PastCalls(SideIndex own, AlarmSteps steps)
    : own_(own), alarm_(std::move(steps)), running_(alarm_), missed_(alarm_), missed_running_(alarm_) {}

void PastCalls::add(const CallFact& fact) {
  if (fact.side > 1) return;
  Call& call = calls_[fact.call];
  if (fact.kind == FactKind::kCalled) call.called[fact.side] = true;
  if (fact.kind == FactKind::kAnswered && !call.answered[fact.side]) call.answered[fact.side] = Deed{fact.at, fact.officer};
  if (fact.side != own_) static_cast<void>(running_.on_life(fact.at));
  else if (fact.kind != FactKind::kCalledOff) static_cast<void>(missed_running_.on_life(fact.at));
}

void PastCalls::add(const CallId& id, SideIndex caller, CallState state, WallTime hour) {
  Call& call = calls_[id];
  const bool is_first = !call.state;
  call.caller = caller;
  call.state = state;
  call.hour = hour;
  PlannedCall planned;
  planned.at = planned.unanswered_from = hour;
  const auto silent = silent_of(call);
  if (silent && *silent != own_) static_cast<void>(running_.on_silence(planned));
  // What is said of it later hangs on what came from there meanwhile: nobody here was missed a second time.
  if (silent && *silent == own_ && is_first) static_cast<void>(missed_running_.on_silence(planned));
}

void PastCalls::take_back(WallTime until) {
  for (auto& [id, call] : calls_) {
    if (!call.state || call.hour <= until) continue;
    if (const auto silent = silent_of(call)) (*silent == own_ ? missed_running_ : running_).take_back(call.hour);
    call.state.reset();
  }
}

void PastCalls::add(const DrillFact& drill) {
  std::uint8_t& count = drills_[drill.day];
  if (count < 255) ++count;
}

void PastCalls::add(const LifeFact& life) { static_cast<void>(running_.on_life(life.at)); }

void PastCalls::add(const RestoreFact& restored) { running_.on_cut_over(restored.at); }

// An answer is to a call of the other side, or to one that was its to make.
bool PastCalls::replies(const Call& call, SideIndex side) {
  const auto other = static_cast<SideIndex>(1 - side);
  return call.called[other] || (call.state && call.caller == other);
}

// As silent_side().
std::optional<SideIndex> PastCalls::silent_of(const Call& call) {
  if (call.state == CallState::kNotCalled) return call.caller;
  if (call.state != CallState::kUnanswered) return std::nullopt;
  return call.called[call.caller] ? static_cast<SideIndex>(1 - call.caller) : call.caller;
}

void PastCalls::settle() {
  alarm_ = running_;
  missed_ = missed_running_;
  for (const auto& [id, call] : calls_) {
    for (SideIndex side = 0; side < 2; ++side)
      if (const auto& deed = call.answered[side]; deed && replies(call, side) && (!last_answer_ || last_answer_->deed < *deed))
        last_answer_ = Answer{side, *deed};
    if (!call.state) continue;
    if (const auto mark = mark_of(*call.state, silent_of(call), own_)) days_[id.day].add(*mark);
  }
  for (const auto& [day, count] : drills_) days_[day].add(DayMark::kDrill, count);
  calls_.clear();
  drills_.clear();
}

void PastCalls::drop_unsettled() {
  running_ = alarm_;
  missed_running_ = missed_;
  calls_.clear();
  drills_.clear();
}

DayCounts PastCalls::day(Day day) const {
  const auto found = days_.find(day);
  return found == days_.end() ? DayCounts() : found->second;
}

}  // namespace detente::watch
