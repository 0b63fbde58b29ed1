// Between which bounds the other station's clock less ours lies, from the times in its receipts.
//
// Such a time is a whole second, so one receipt leaves a second open, and the way there and back. Receipts that were
// signed in other parts of a second leave less: what all of them allow is narrower than what each does. The next one
// tells most if it is signed where the second may or may not have turned: ask_in() says when to send what draws it.
#pragma once

#include <optional>

#include "base/time.h"

namespace detente::station {

class ClockBound {
 public:
  struct Receipt {
    WallTime signed_there;
    std::int64_t sent_us = 0;  // by our clock, since 1970: what was receipted left after it
    std::int64_t came_us = 0;  // and the receipt was here
    Instant came;
  };
  // A clock that was set makes all that was known void, and so does what contradicts it.
  void add(const Receipt& receipt);

  struct Bounds {
    std::int64_t low_us = 0, high_us = 0;
    std::int64_t farthest_us() const { return std::max(-low_us, high_us); }
  };
  // Wider with time: clocks drift.
  std::optional<Bounds> bounds(Instant now) const;
  Duration ask_in(Instant now, std::int64_t now_us) const;

 private:
  std::optional<Bounds> known_;
  Instant at_;
  std::int64_t step_us_ = 0;  // our wall clock less the monotonic one
};

}  // namespace detente::station
