#include "watch/alarm_list.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/civil.h"

namespace detente::watch {
namespace {

Result<void> check(const Acknowledgement& by) {
  if (by.officer.empty())
    return fail(Fault::kMalformed, "an alarm is acknowledged by a person; say who");
  if (by.note.size() > kAlarmNoteBytesMax)
    return fail(Fault::kLimit,
                "the note of an acknowledgement has at most 1,000 bytes; shorten it");
  return {};
}

}  // namespace

AlarmList::AlarmList(std::vector<std::uint32_t> escalate_after_minutes)
    : steps_(std::move(escalate_after_minutes)) {
  std::sort(steps_.begin(), steps_.end());
  steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
}

AlarmList::Held* AlarmList::open_alarm(const AlarmSubject& about) {
  const auto found = open_.find(about);
  return found == open_.end() ? nullptr : &alarms_.at(found->second);
}

void AlarmList::close_if_over(const Held& held) {
  if (held.alarm.is_open()) return;
  open_.erase(held.alarm.about);
  closed_.push_back(held.alarm.id);
  if (closed_.size() <= kClosedAlarmsKept) return;
  alarms_.erase(closed_.front());
  closed_.pop_front();
}

AlarmList::Raised AlarmList::raise(const AlarmRaised& fact) {
  if (Held* held = open_alarm(fact.about)) {
    ListedAlarm& alarm = held->alarm;
    if (alarm.count < std::numeric_limits<std::uint32_t>::max()) ++alarm.count;
    alarm.words = fact.words;
    // Raised by a former version, and acknowledged, it would never end otherwise.
    alarm.moment = fact.moment;
    if (alarm.moment) alarm.acknowledged.reset();
    alarm.last_at = fact.at;
    // It had gone and is back: it is told from the first step on. Steps that were still to be told come at their time,
    // else what comes and goes would never be told.
    if ((alarm.ended_at || alarm.moment) && held->told_minutes) {
      held->told_minutes.reset();
      held->waited_seconds = 0;
      held->looked_at = fact.at;
    }
    alarm.ended_at.reset();
    return {alarm.id, false};
  }
  Held held;
  held.alarm.id = next_++;
  held.alarm.about = fact.about;
  held.alarm.moment = fact.moment;
  held.alarm.words = fact.words;
  held.alarm.raised_at = held.alarm.last_at = held.looked_at = fact.at;
  open_[fact.about] = held.alarm.id;
  const AlarmId id = held.alarm.id;
  alarms_.emplace(id, std::move(held));
  return {id, true};
}

Result<void> AlarmList::acknowledge(const AlarmAcknowledged& fact) {
  const std::string name = "alarm " + std::to_string(fact.id);
  const auto found = alarms_.find(fact.id);
  if (found == alarms_.end())
    return fail(Fault::kNotFound,
                name + " is not in the list; look at the list of alarms for its number");
  ListedAlarm& alarm = found->second.alarm;
  if (alarm.acknowledged)
    return fail(Fault::kState, name + " was acknowledged by " + alarm.acknowledged->officer +
                                   " at " + format_utc(alarm.acknowledged->at) +
                                   "; nothing more is to be done");
  DETENTE_TRY_VOID(check(fact.by));
  alarm.acknowledged = fact.by;
  if (alarm.moment && !alarm.ended_at) alarm.ended_at = fact.by.at;
  close_if_over(found->second);
  return {};
}

std::optional<AlarmId> AlarmList::end(const AlarmEnded& fact) {
  Held* held = open_alarm(fact.about);
  if (held == nullptr || held->alarm.ended_at) return std::nullopt;
  const AlarmId id = held->alarm.id;
  held->alarm.ended_at = fact.at;
  if (!fact.words.empty()) held->alarm.words = fact.words;
  close_if_over(*held);
  return id;
}

void AlarmList::reword(const AlarmSubject& about, const std::string& words) {
  if (Held* held = open_alarm(about); held != nullptr && !held->alarm.ended_at) held->alarm.words = words;
}

void AlarmList::escalated(const AlarmEscalated& fact) {
  const auto found = alarms_.find(fact.id);
  if (found == alarms_.end()) return;
  Held& held = found->second;
  if (held.told_minutes && *held.told_minutes >= fact.after_minutes) return;
  held.told_minutes = fact.after_minutes;
  ++held.alarm.told_steps;
}

void AlarmList::add(const AlarmFact& fact) {
  struct Taker {
    AlarmList& list;
    void operator()(const AlarmRaised& one) const { list.raise(one); }
    // One that was refused then is refused now.
    void operator()(const AlarmAcknowledged& one) const { (void)list.acknowledge(one); }
    void operator()(const AlarmEnded& one) const { list.end(one); }
    void operator()(const AlarmEscalated& one) const { list.escalated(one); }
  };
  std::visit(Taker{*this}, fact);
}

std::vector<AlarmEscalated> AlarmList::due(WallTime now) {
  std::vector<AlarmEscalated> out;
  for (const auto& [about, id] : open_) {
    Held& held = alarms_.at(id);
    if (held.alarm.acknowledged) continue;
    if (now > held.looked_at) held.waited_seconds += now.seconds - held.looked_at.seconds;
    held.looked_at = now;
    for (const std::uint32_t step : steps_) {
      const bool told = held.told_minutes && *held.told_minutes >= step;
      if (told || held.waited_seconds < std::uint64_t{step} * 60) continue;
      out.push_back({id, step});
      escalated(out.back());
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

std::vector<ListedAlarm> AlarmList::open() const {
  std::vector<ListedAlarm> out;
  for (const auto& [id, held] : alarms_)
    if (held.alarm.is_open()) out.push_back(held.alarm);
  return out;
}

std::vector<ListedAlarm> AlarmList::closed() const {
  std::vector<ListedAlarm> out;
  for (auto id = closed_.rbegin(); id != closed_.rend(); ++id) out.push_back(alarms_.at(*id).alarm);
  return out;
}

std::optional<ListedAlarm> AlarmList::find(AlarmId id) const {
  const auto found = alarms_.find(id);
  if (found == alarms_.end()) return std::nullopt;
  return found->second.alarm;
}

std::size_t AlarmList::unacknowledged() const {
  return static_cast<std::size_t>(std::count_if(
      open_.begin(), open_.end(),
      [this](const auto& one) { return !alarms_.at(one.second).alarm.acknowledged; }));
}

}  // namespace detente::watch
