#include "watch/clock_gap.h"

#include <algorithm>
#include <limits>

#include "base/civil.h"

namespace detente::watch {
namespace {

constexpr std::int64_t kStepSeconds = 5;    // less is a correction that changes no hour
constexpr std::int64_t kHaltSeconds = 30;   // less is a busy machine

}  // namespace

const char* to_string(GapKind kind) {
  switch (kind) {
    case GapKind::kSetAhead: return "ahead";
    case GapKind::kSetBack: return "back";
    case GapKind::kHostSuspended: return "suspended";
    case GapKind::kHalted: return "halted";
  }
  return "";
}

std::optional<GapKind> gap_kind_from(std::string_view text) {
  for (const GapKind kind : {GapKind::kSetAhead, GapKind::kSetBack, GapKind::kHostSuspended, GapKind::kHalted})
    if (text == to_string(kind)) return kind;
  return std::nullopt;
}

std::string words_of(const ClockGap& gap) {
  const std::string span = " from " + format_utc(gap.from) + " to " + format_utc(gap.until);
  switch (gap.kind) {
    case GapKind::kSetAhead: return "this machine's clock jumped ahead" + span;
    case GapKind::kSetBack: return "this machine's clock was set back" + span;
    case GapKind::kHostSuspended: return "this host was suspended" + span;
    case GapKind::kHalted: return "this station was halted" + span;
  }
  return "";
}

std::optional<ClockGap> ClockGaps::look(const ClockReading& reading) {
  if (!last_) {
    last_ = reading;
    return std::nullopt;
  }
  const ClockReading before = *last_;
  last_ = reading;
  const std::int64_t elapsed = (reading.elapsed - before.elapsed).count(), ran = (reading.running - before.running).count();
  const std::int64_t expected = std::int64_t{before.wall.seconds} + elapsed / kMicrosPerSecond;
  const std::int64_t step = std::int64_t{reading.wall.seconds} - expected;
  if (reading.wall < before.wall || step <= -kStepSeconds) {
    constexpr std::int64_t kLast = std::numeric_limits<std::uint32_t>::max();
    return ClockGap{GapKind::kSetBack, {static_cast<std::uint32_t>(std::min(expected, kLast))}, reading.wall};
  }
  if (step >= kStepSeconds) return ClockGap{GapKind::kSetAhead, before.wall, reading.wall};
  if (elapsed - ran >= kStepSeconds * kMicrosPerSecond) return ClockGap{GapKind::kHostSuspended, before.wall, reading.wall};
  if (ran >= kHaltSeconds * kMicrosPerSecond) return ClockGap{GapKind::kHalted, before.wall, reading.wall};
  return std::nullopt;
}

}  // namespace detente::watch
