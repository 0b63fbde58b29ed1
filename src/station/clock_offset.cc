#include "station/clock_offset.h"

#include <cstdlib>

#include "station/watch.h"

namespace detente::station {

namespace {
// Clocks drift by a second in hours at worst: a better measurement stands for so long.
constexpr Duration kStands = std::chrono::minutes(30);
// Receipts come by the thousand.
constexpr Duration kPause = std::chrono::seconds(2);
// What a desk may be apart from its station (spec/api.md): beyond it times in the record mislead whoever reads them.
constexpr std::int64_t kApartMax = 86400;
constexpr const char* kAlarm = "clock";

// In whole hours, so that the same difference is told of once.
std::string hours_text(std::int64_t seconds) {
  const std::int64_t hours = (std::abs(seconds) + 1800) / 3600;
  return std::to_string(hours / 24) + " days" + (hours % 24 == 0 ? "" : " " + std::to_string(hours % 24) + " h");
}

// How far this machine's clock was set since the start of the station.
std::int64_t own_step(const Running& running, const Now& now) {
  const std::int64_t ran = (now.mono - running.started_mono).count() / 1'000'000;
  return std::int64_t{now.wall.seconds} - running.started.seconds - ran;
}

void look_at_difference(const Running& running, const Counterpart& counterpart, std::int64_t offset, const Now& now) {
  if (std::abs(offset) <= kApartMax) return running.watch->ask_no_more(counterpart.name(), kAlarm);
  const std::int64_t step = own_step(running, now);
  std::string words = "the clocks of the two stations differ by " + hours_text(offset) + ": theirs is " +
                      (offset > 0 ? "ahead of" : "behind") + " ours";
  if (std::abs(step) > kApartMax)
    words += ". Ours went " + std::string(step < 0 ? "back" : "ahead") + " by " + hours_text(step) + " since this station's start";
  running.watch->ask_person(counterpart.name(), kAlarm,
                            words + ". Look at the clock here (timedatectl), and ask them for theirs: times in the record "
                                    "mislead until both are right");
}

}  // namespace

std::optional<ClockOffset> clock_offset(WallTime signed_there, WallTime written_here,
                                        WallTime came_here) {
  if (came_here < written_here) return std::nullopt;
  const std::int64_t took = std::int64_t{came_here.seconds} - written_here.seconds;
  return ClockOffset{std::int64_t{signed_there.seconds} - written_here.seconds - took / 2,
                     (took + 1) / 2 + 1};
}

void measure_clocks(Running& running, const core::ReceiptVerified& event) {
  LinkView& view = running.links[event.peer.value];
  const Now now = running.driver->now();
  if (!event.signed_at || event.size == 0) return;
  if (view.offset_s && now.mono - view.offset_at < kPause) return;
  record::LogKey log = running.newest_log(event.peer, event.line, true);
  log.epoch = event.epoch;
  const auto entry = running.store->entries(log, event.size - 1, event.size, 1);
  if (entry.empty()) return;
  const auto measured = clock_offset(*event.signed_at, entry.front().stored_at, now.wall);
  if (!measured) return;
  // One that the new one contradicts is of before a clock was set.
  const bool agrees = view.offset_s && std::abs(measured->offset_s - *view.offset_s) <= measured->error_s + view.offset_error_s;
  if (agrees && measured->error_s > view.offset_error_s && now.mono - view.offset_at < kStands) return;
  view.offset_s = measured->offset_s;
  view.offset_error_s = measured->error_s;
  view.offset_at = now.mono;
  if (running.watch != nullptr) look_at_difference(running, *running.counterparts[event.peer.value], measured->offset_s, now);
}

void clock_was_set(Running& running, std::int64_t by) {
  // The step is seen up to a second after it, and what was measured in that second is of one clock or the other.
  constexpr Duration kSeenWithin = std::chrono::seconds(2);
  const Now now = running.driver->now();
  for (const auto& counterpart : running.counterparts) {
    LinkView& view = running.links[counterpart->peer.value];
    if (!view.offset_s) continue;
    if (now.mono - view.offset_at < kSeenWithin) {
      view.offset_s.reset();
      continue;
    }
    *view.offset_s -= by;
    if (running.watch != nullptr) look_at_difference(running, *counterpart, *view.offset_s, now);
  }
}

}  // namespace detente::station
