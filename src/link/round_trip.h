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
  // The same where one packet goes at each try and its receipt is awaited: doubled to three seconds, or twice the first
  // where that is more, for forty tries, since where half of all packets are lost doubling makes minutes of a few
  // misses. A packet in three seconds is what RFC 8085 section 3.1.3 allows where nothing is known of a path.
  Duration steady_timeout(unsigned tries) const;
  bool known() const { return known_; }
  Duration smoothed() const { return smoothed_; }
  Duration newest() const { return newest_; }

 private:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kLeast = std::chrono::milliseconds(20);
  static constexpr Duration kMost = std::chrono::seconds(30);
  static constexpr Duration kSteady = std::chrono::seconds(3);
  static constexpr unsigned kSteadyTries = 40;
  static Duration doubled(Duration base, unsigned times);
  bool known_ = false;
  Duration smoothed_{0};
  Duration newest_{0};
  Duration deviation_{0};
};

}  // namespace detente::link
