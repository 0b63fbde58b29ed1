// LineHours: whether a line is open at an instant, by the accord's opening and
// closing calls and by an extension that two officers signed for one night.
//
// Hours are an agreement on when people sit there. They bar nothing: what is
// sent to a closed line waits for the opening, and FLASH rings at any hour; that
// is decided where entries are shown, not here. Nor do they say whether the
// opening call was answered: the call book does.
//
// With two nine o'clocks a line opens at the earlier and closes at the later:
// "closed by both" is said only of hours that are closed at both.
// spec/hours.md section 3.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/result.h"
#include "watch/schedule.h"

namespace detente::watch {

// Made by both sides; [from, until).
struct HoursExtension {
  WallTime from, until;
  std::array<std::string, 2> officers;  // by side, as they are shown
  bool operator==(const HoursExtension&) const = default;
};

enum class OpenState {
  kAlways,    // the accord has no opening and closing calls
  kOpen,      // between an opening and a closing call
  kExtended,  // after the closing call, by an extension
  kClosed,
};

struct LineHours {
  OpenState state = OpenState::kAlways;
  std::optional<WallTime> since;  // nothing before the accord's first opening, or with kAlways
  std::optional<WallTime> until;  // nothing when no change is planned
  bool is_open() const { return state != OpenState::kClosed; }
  bool operator==(const LineHours&) const = default;
};

LineHours line_hours(const Schedule& schedule, WallTime time,
                     const std::optional<HoursExtension>& extension = std::nullopt);

// An extension agreed at `now`. It begins at once, or with the closing call when the line is open.
// kState when there is nothing to extend; kLimit when it is longer than a night (24 hours) or goes
// beyond the next opening; kDenied without an officer of each side.
Result<HoursExtension> extend_hours(const Schedule& schedule, WallTime now, WallTime until,
                                    std::array<std::string, 2> officers);

// "open at all hours", "open until 17:00", "open until 22:00, extended by Kim and Pak",
// "closed until 09:00 by both"; with the date when it is a day away or more. In the zone of the
// schedule's first opening call.
std::string words(const Schedule& schedule, const LineHours& hours, WallTime now,
                  const std::optional<HoursExtension>& extension = std::nullopt);

}  // namespace detente::watch
