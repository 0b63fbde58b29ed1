#include "watch/line_hours.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace detente::watch {
namespace {

// Both hours of a call lie within this of each other: one date in two zones.
constexpr std::uint32_t kBothHours = 3 * kSecondsPerDay;

struct Turn {
  WallTime at;
  bool opens = false;
  auto operator<=>(const Turn&) const = default;  // a closing and an opening at once: open
};

bool has_hours(const Schedule& schedule) {
  for (std::size_t i = 0; i < schedule.entries(); ++i)
    if (schedule.kind(i) != accord::CallKind::kOrdinary) return true;
  return false;
}

WallTime minus(WallTime time, std::uint64_t seconds) {
  return {
      static_cast<std::uint32_t>(time.seconds - std::min<std::uint64_t>(time.seconds, seconds))};
}

WallTime plus(WallTime time, std::uint64_t seconds) {
  return {static_cast<std::uint32_t>(std::min<std::uint64_t>(time.seconds + seconds, kForEver))};
}

// Openings and closings in [from, until), ascending.
std::vector<Turn> turns(const Schedule& schedule, WallTime from, WallTime until) {
  std::vector<Turn> out;
  for (const PlannedCall& call :
       schedule.planned(minus(from, kBothHours), plus(until, kBothHours))) {
    if (call.kind == accord::CallKind::kOrdinary) continue;
    const bool opens = call.kind == accord::CallKind::kOpening;
    const WallTime at = opens ? call.begin() : call.last_hour();
    if (at >= from && at < until) out.push_back({at, opens});
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The newest at or before `time`, and the first after it that changes the state it left.
struct Around {
  std::optional<Turn> last, next;
};

// Looks 8, 16, 32 ... days to one side: a line's hours come every week unless holidays or single
// dates say otherwise.
Around around(const Schedule& schedule, WallTime time) {
  Around out;
  for (std::uint64_t days = 8; !out.last; days *= 2) {
    const WallTime from = minus(time, days * kSecondsPerDay);
    const auto found = turns(schedule, from, plus(time, 1));
    if (!found.empty()) out.last = found.back();
    if (from.seconds == 0) break;
  }
  const bool is_open = out.last && out.last->opens;
  for (std::uint64_t days = 8; !out.next; days *= 2) {
    const WallTime until = plus(time, days * kSecondsPerDay);
    for (const Turn& turn : turns(schedule, plus(time, 1), until))
      if (turn.opens != is_open && !out.next) out.next = turn;
    if (until.seconds == kForEver) break;
  }
  return out;
}

std::string clock_text(const Schedule& schedule, WallTime time, WallTime now) {
  for (std::size_t i = 0; i < schedule.entries(); ++i) {
    const ZoneRules* zone = schedule.zone(i);
    if (schedule.kind(i) != accord::CallKind::kOpening || !zone) continue;
    const auto local = zone->to_local(time);
    if (!local) break;
    const std::string text = format_local(*local);
    return time >= now && time < plus(now, kSecondsPerDay) ? text.substr(11) : text;
  }
  return format_utc(time);
}

}  // namespace

LineHours line_hours(const Schedule& schedule, WallTime time,
                     const std::optional<HoursExtension>& extension) {
  LineHours out;
  if (!has_hours(schedule)) return out;
  const Around found = around(schedule, time);
  if (found.last) out.since = found.last->at;
  if (found.next) out.until = found.next->at;
  out.state = found.last && found.last->opens ? OpenState::kOpen : OpenState::kClosed;
  if (out.is_open() || !extension) return out;
  if (time >= extension->from && time < extension->until)
    return {OpenState::kExtended, extension->from,
            out.until ? std::min(*out.until, extension->until) : extension->until};
  if (time >= extension->until && (!out.since || extension->until > *out.since))
    out.since = extension->until;
  return out;
}

Result<HoursExtension> extend_hours(const Schedule& schedule, WallTime now, WallTime until,
                                    std::array<std::string, 2> officers) {
  if (officers[0].empty() || officers[1].empty())
    return fail(
        Fault::kDenied,
        "extending the hours takes an officer of each side; ask the other side to sign too");
  if (!has_hours(schedule))
    return fail(Fault::kState, "this line has no hours to extend: it is open at all of them");
  const LineHours at_now = line_hours(schedule, now);
  HoursExtension out{now, until, std::move(officers)};
  std::optional<WallTime> next_opening = at_now.until;
  if (at_now.is_open()) {
    if (!at_now.until) return fail(Fault::kState, "this line has no closing call to extend beyond");
    out.from = *at_now.until;
    next_opening = line_hours(schedule, out.from).until;
  }
  if (until <= now)
    return fail(Fault::kState, "that hour has passed: it is " + clock_text(schedule, now, now) + "; name a later hour");
  if (until <= out.from)
    return fail(Fault::kState, "the line is open until " + clock_text(schedule, out.from, now) +
                                   " anyway; name a later hour");
  if (next_opening && until > *next_opening)
    return fail(Fault::kLimit, "the line opens at " + clock_text(schedule, *next_opening, now) +
                                   " anyway; name an hour before it");
  if (until.seconds - out.from.seconds > kSecondsPerDay)
    return fail(Fault::kLimit,
                "hours are extended by at most 24; for more, change the accord or extend again");
  return out;
}

std::string words(const Schedule& schedule, const LineHours& hours, WallTime now,
                  const std::optional<HoursExtension>& extension) {
  if (hours.state == OpenState::kAlways) return "open at all hours";
  const std::string until = hours.until ? " until " + clock_text(schedule, *hours.until, now) : "";
  if (hours.state == OpenState::kClosed) return "closed" + until + " by both";
  if (hours.state == OpenState::kExtended && extension)
    return "open" + until + ", extended by " + extension->officers[0] + " and " +
           extension->officers[1];
  return "open" + until;
}

}  // namespace detente::watch
