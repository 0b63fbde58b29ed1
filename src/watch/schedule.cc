#include "watch/schedule.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace detente::watch {
namespace {

WallTime plus_minutes(WallTime time, std::uint32_t minutes) {
  return {static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{time.seconds} + minutes * 60, kForEver))};
}

Result<SideIndex> side_index(const std::array<std::string, 2>& order, const std::string& name) {
  for (SideIndex i = 0; i < 2; ++i)
    if (order[i] == name) return i;
  return fail(Fault::kConflict, "check calls: the accord has no side \"" + name +
                                    "\"; its sides are " + order[0] + " and " + order[1]);
}

}  // namespace

Result<Schedule> Schedule::make(const accord::Annex& annex, const std::array<std::string, 2>& order,
                                const CivilDate& first, const ZoneBook& zones) {
  Schedule out;
  out.terms_ = annex.hours;
  const auto zone_of = [&](const std::string& name) {
    const auto found = zones.find(name);
    if (found != zones.end()) return found->second;
    out.unknown_zones_.push_back(name);
    return std::shared_ptr<const ZoneRules>();
  };
  for (const accord::CheckCall& call : annex.check_calls) {
    Entry entry{.dates = CallDates(call, annex.hours, first),
                .kind = call.kind,
                .caller = std::nullopt,
                .zone = zone_of(call.zone),
                .own = {}};
    if (!call.caller.empty()) {
      DETENTE_TRY(caller, side_index(order, call.caller));
      entry.caller = caller;
    }
    entry.known = entry.zone != nullptr;
    for (const accord::OwnHour& own : call.own_hours) {
      DETENTE_TRY(side, side_index(order, own.side));
      entry.own[side] = Hour{own.minute, zone_of(own.zone)};
      entry.known = entry.known && entry.own[side]->zone;
    }
    out.entries_.push_back(std::move(entry));
  }
  auto& unknown = out.unknown_zones_;
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  return out;
}

std::optional<PlannedCall> Schedule::plan(std::size_t index, Day day, std::uint32_t number) const {
  const Entry& entry = entries_[index];
  const auto hour = entry.dates.on(day);
  if (!hour || !entry.known) return std::nullopt;
  const CivilDate date = civil_from_days(day);
  std::array<WallTime, 2> at;  // by side
  for (std::size_t side = 0; side < 2; ++side) {
    const bool own = entry.own[side] && !hour->is_exception;
    const ZoneRules& zone = own ? *entry.own[side]->zone : *entry.zone;
    const auto instant =
        zone.to_utc(LocalTime::at(date, own ? entry.own[side]->minute : hour->minute));
    if (!instant) return std::nullopt;
    at[side] = *instant;
  }
  PlannedCall out;
  out.id = {day, static_cast<std::uint8_t>(index)};
  out.number = number;
  out.caller = entry.caller.value_or(static_cast<SideIndex>((number + index) % 2));
  out.kind = entry.kind;
  out.at = at[out.caller];
  out.called_hour = at[1 - out.caller];
  out.in_time_until = plus_minutes(out.at, terms_.late_minutes);
  out.late_from = plus_minutes(out.last_hour(), terms_.late_minutes);
  out.unanswered_from = plus_minutes(out.last_hour(), terms_.unanswered_minutes);
  return out;
}

std::vector<PlannedCall> Schedule::planned(WallTime from, WallTime until) const {
  std::vector<PlannedCall> out;
  if (from >= until) return out;
  // No offset is a day or more, so a local date is the UTC date or one beside it.
  const Day first = static_cast<Day>(from.seconds / kSecondsPerDay) - 1;
  const Day last = static_cast<Day>((until.seconds - 1) / kSecondsPerDay) + 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::uint32_t number = entries_[i].dates.number_of(first);
    for (Day day = first; day <= last; ++day) {
      if (!entries_[i].dates.on(day)) continue;
      const auto call = plan(i, day, number++);
      if (call && call->at >= from && call->at < until) out.push_back(*call);
    }
  }
  std::sort(out.begin(), out.end(), [](const PlannedCall& a, const PlannedCall& b) {
    return std::pair(a.at, a.id) < std::pair(b.at, b.id);
  });
  return out;
}

std::optional<PlannedCall> Schedule::find(const CallId& id) const {
  if (id.entry >= entries_.size()) return std::nullopt;
  return plan(id.entry, id.day, entries_[id.entry].dates.number_of(id.day));
}

std::optional<PlannedCall> Schedule::next(WallTime from) const {
  // Most schedules have one within a week; one of single dates may have it in years.
  for (std::uint64_t days = 8, begin = from.seconds; begin < kForEver; days *= 2) {
    const std::uint64_t end = std::min<std::uint64_t>(begin + days * kSecondsPerDay, kForEver);
    const auto calls =
        planned({static_cast<std::uint32_t>(begin)}, {static_cast<std::uint32_t>(end)});
    if (!calls.empty()) return calls.front();
    begin = end;
  }
  return std::nullopt;
}

std::string Schedule::words(const PlannedCall& call) const {
  const ZoneRules& zone = *entries_[call.id.entry].zone;
  const auto minute = entries_[call.id.entry].dates.on(call.id.day);
  return format_local(LocalTime::at(civil_from_days(call.id.day), minute ? minute->minute : 0)) +
         " " + zone.name();
}

}  // namespace detente::watch
