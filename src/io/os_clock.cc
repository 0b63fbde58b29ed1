#include "io/os_clock.h"

#include <sys/timex.h>

#include <algorithm>
#include <ctime>
#include <limits>

#include "base/check.h"

namespace detente::io {
namespace {

timespec read_clock(clockid_t clock) {
  timespec time{};
  DETENTE_CHECK(::clock_gettime(clock, &time) == 0);
  return time;
}

Instant instant_of(const timespec& time) { return {std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000}; }

}  // namespace

WallTime os_wall_time() {
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t seconds = read_clock(CLOCK_REALTIME).tv_sec;
  return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kMax))};
}

std::int64_t os_wall_micros() {
  const timespec wall = read_clock(CLOCK_REALTIME);
  return std::int64_t{wall.tv_sec} * 1'000'000 + wall.tv_nsec / 1'000;
}

// adjtimex(2): asking changes nothing and needs no right.
std::optional<bool> os_clock_synchronised() {
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

Now os_now() {
  return {instant_of(read_clock(CLOCK_MONOTONIC)), os_wall_time()};
}

Instant os_elapsed() { return instant_of(read_clock(CLOCK_BOOTTIME)); }

}  // namespace detente::io
