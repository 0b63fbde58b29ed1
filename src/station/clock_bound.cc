#include "station/clock_bound.h"

#include <algorithm>
#include <cstdlib>

namespace detente::station {

namespace {
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDriftPerSecond = 100;  // microseconds, of both clocks together
constexpr std::int64_t kSetMost = 50'000;      // more than drift and the readings' own delay
constexpr std::int64_t kReadings = 5'000;      // an entry may leave before this station notes the time
constexpr std::int64_t kWayThere = 5'000;
}  // namespace

std::optional<ClockBound::Bounds> ClockBound::bounds(Instant now) const {
  if (!known_) return std::nullopt;
  const std::int64_t drift = (now - at_).count() / kSecond * kDriftPerSecond;
  return Bounds{known_->low_us - drift, known_->high_us + drift};
}

void ClockBound::add(const Receipt& receipt) {
  if (receipt.came_us < receipt.sent_us) return known_.reset();
  const std::int64_t step = receipt.came_us - receipt.came.micros;
  const auto before = bounds(receipt.came);
  const std::int64_t drift = (receipt.came - at_).count() / kSecond * kDriftPerSecond;
  const bool was_set = before && std::abs(step - step_us_) > kSetMost + drift;
  const std::int64_t there = std::int64_t{receipt.signed_there.seconds} * kSecond;
  Bounds now{there - receipt.came_us, there + kSecond - receipt.sent_us + kReadings};
  if (before && !was_set) {
    const Bounds both{std::max(now.low_us, before->low_us), std::min(now.high_us, before->high_us)};
    if (both.low_us <= both.high_us) now = both;
  }
  known_ = now;
  at_ = receipt.came;
  step_us_ = step;
}

Duration ClockBound::ask_in(Instant now, std::int64_t now_us) const {
  const auto known = bounds(now);
  if (!known) return Duration(0);
  const std::int64_t there = now_us + kWayThere + (known->low_us + known->high_us) / 2;
  return Duration((kSecond - there % kSecond) % kSecond);
}

}  // namespace detente::station
