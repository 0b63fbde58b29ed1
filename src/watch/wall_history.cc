#include "watch/wall_history.h"

#include <algorithm>
#include <limits>

namespace detente::watch {
namespace {

constexpr std::int64_t kStepMicros = 2 * kMicrosPerSecond;  // whole seconds are read: less is no step
constexpr std::size_t kStepsMax = 64;

}  // namespace

void WallHistory::look(const Now& now) {
  const std::int64_t offset = std::int64_t{now.wall.seconds} * kMicrosPerSecond - now.mono.micros;
  if (!steps_.empty() && std::abs(offset - steps_.back().offset_micros) < kStepMicros) return;
  steps_.push_back({now.mono, offset});
  if (steps_.size() > kStepsMax) steps_.pop_front();
}

WallTime WallHistory::at(Instant then) const {
  if (steps_.empty()) return {};
  const auto after = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) { return step.from > then; });
  const Step& step = after == steps_.begin() ? *after : *(after - 1);
  const std::int64_t seconds = (then.micros + step.offset_micros) / kMicrosPerSecond;
  return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, std::numeric_limits<std::uint32_t>::max()))};
}

}  // namespace detente::watch
