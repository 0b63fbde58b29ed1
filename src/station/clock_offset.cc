#include "station/clock_offset.h"

namespace detente::station {

namespace {
// Clocks drift by a second in hours at worst: a better measurement stands for so long.
constexpr Duration kStands = std::chrono::minutes(30);
// Receipts come by the thousand.
constexpr Duration kPause = std::chrono::seconds(2);
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
  if (!measured || (view.offset_s && measured->error_s > view.offset_error_s &&
                    now.mono - view.offset_at < kStands))
    return;
  view.offset_s = measured->offset_s;
  view.offset_error_s = measured->error_s;
  view.offset_at = now.mono;
}

}  // namespace detente::station
