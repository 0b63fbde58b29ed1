// What a counterpart inside the session may draw from this station: bytes on the
// disk, calls, answers. It is authenticated and may still be hostile, or a program of
// its that went wrong. docs/threat-model.md says what is bounded by what.
//
// What is refused here is only not done now: entries stay at their author's, calls
// and questions are repeated by their timers. So a limit delays and loses nothing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace detente::core {

// Of each line, so that one that runs over takes nothing from another.
struct Limits {
  std::uint64_t entry_bytes_at_once = std::uint64_t{256} << 20;
  std::uint64_t entry_bytes_a_day = std::uint64_t{1024} << 20;
  // Of the accord line: its acts and bulletins are verified again at every start, and are some KiB of an honest side's day.
  // So ten years of them still come at once to a disk that lost everything. Never more than the others.
  std::uint64_t accord_bytes_at_once = std::uint64_t{32} << 20;
  std::uint64_t accord_bytes_a_day = std::uint64_t{1} << 20;
};

// Bucket: full at first, gains by time, never above `most`.
class Bucket {
 public:
  // Gains `gain` in each `per`; gain * per in microseconds stays below 2^63.
  Bucket(std::uint64_t most, std::uint64_t gain, Duration per)
      : most_(most), gain_(gain), per_(per.count()), left_(most) {}

  // Takes `amount` if so much is there and `reserve` more.
  bool take(Instant now, std::uint64_t amount = 1, std::uint64_t reserve = 0);
  // For a cost that is known only afterwards: takes what is there of it, and says how much that was.
  std::uint64_t spend(Instant now, std::uint64_t amount);
  // What was spent on something that then did not happen.
  void give_back(std::uint64_t amount) { left_ += std::min(amount, most_ - left_); }
  // True for the first refusal since the bucket was half full: so often somebody is told.
  bool newly_refused();
  std::uint64_t left() const { return left_; }

 private:
  void fill(Instant now);

  std::uint64_t most_, gain_;
  std::int64_t per_;
  std::uint64_t left_;
  Instant filled_;
  bool told_ = false;
};

}  // namespace detente::core
