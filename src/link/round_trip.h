// Retransmission timeout from measured round trips: RFC 6298, with this
// system's bounds (spec/packet.md section 5).
#pragma once

#include "base/time.h"

namespace detente::link {

class RoundTrip {
 public:
  void measured(Duration sample);
  // The timeout after `tries` transmissions drew nothing: doubled for each.
  Duration timeout(unsigned tries) const;
  bool known() const { return known_; }
  Duration smoothed() const { return smoothed_; }

 private:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLeast = std::chrono::milliseconds(20);
  static constexpr Duration kMost = std::chrono::seconds(30);
  bool known_ = false;
  Duration smoothed_{0};
  Duration deviation_{0};
};

}  // namespace detente::link
