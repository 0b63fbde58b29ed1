// YieldingWindow: how much of a document may be under way on a path whose rate nobody configured, so that
// what else goes there hardly waits for it: a queue in front of a slow bearer is what a FLASH would stand in.
//
// Published design: RFC 6817 (LEDBAT, congestion control by delay) with its gain of 1 and its filter of four samples, as
// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus) has it for round trips instead of one-way delays: a target of 60 ms, a
// slow start that ends at three quarters of it, a multiplicative decrease, and periodic slowdowns, in which the queue
// empties and the least delay is measured anew. One packet may always be under way. Entries
// take no part of the window: what they do to the queue the delay says.
//
// On a bearer of a few thousand bits a second a single packet takes seconds, and a slow start is a queue of many before its
// delay is seen. So it begins with one packet where the round trip is long, and the packet pair (Keshav, SIGCOMM 1991) says
// what a packet takes there: where that is a quarter of a second or more, one is under way at a time, and another is tried
// beside it after 8 of them, then 16, 32, and every 64.
//
// Losses are the other window's matter (PathFlow), which bounds a document, too. It counts bytes and samples and knows no
// packets. spec/packet.md section 7.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "base/time.h"

namespace detente::link {

class YieldingWindow {
 public:
  struct Acknowledged {
    std::size_t bytes = 0;         // of all packets that this news is about
    Duration round_trip{};         // of the newest of them, without the time that the other side held the news back
    std::size_t packet_bytes = 0;  // that one's size: the time that it took is part of the delay
    std::size_t ahead = 0;         // bytes that were under way when that one went
    bool paired = false;           // a packet like it was among them
    bool limited = false;          // as much as the window allows was under way
  };
  void acknowledged(Instant now, const Acknowledged& news);
  // `round_trip`: of anything on the path, before a packet of a document was measured there; 0 = not known.
  std::size_t bytes(Duration round_trip) const { return packet_ > 0 ? window_ : first_packets(round_trip) * packet_bytes(); }
  std::size_t packet_bytes() const { return packet_ > 0 ? packet_ : kSmallPacket; }
  // Whether it is known to carry a packet in less than a quarter of a second, however long the way is.
  bool quick(Duration round_trip) const { return packet_ > 0 ? quick_ : first_packets(round_trip) > 1; }

 private:
  static constexpr std::size_t kSmallPacket = 508;  // what a path's first ones have
  static constexpr std::size_t kFirstPackets = 4;
  static constexpr std::size_t kSlowdownPackets = 2;
  static constexpr std::size_t kMost = std::size_t{4} << 20;
  static std::size_t first_packets(Duration round_trip);
  bool measure(const Acknowledged& news);
  bool one_at_a_time(const Acknowledged& news, bool measured);
  Duration queueing() const;  // above the least
  Duration base() const { return std::min(base_before_, base_); }
  void begin_anew(const Acknowledged& news);
  void slow_down(Instant now);
  void grow(Instant now, std::size_t bytes);

  std::size_t window_ = 0;
  std::size_t packet_ = 0;               // the largest that was measured
  Duration base_{INT64_MAX}, base_before_{INT64_MAX};  // since the last slowdown, and in the time before it
  std::array<Duration, 4> samples_{};
  std::size_t sample_count_ = 0;
  bool slow_start_ = true;
  std::size_t slow_start_until_ = kMost;
  std::optional<Instant> slowdown_due_;
  std::optional<Instant> slowdown_since_;  // until the window is back
  bool quick_ = false;
  unsigned alone_left_ = 0;   // so many more packets go one at a time
  unsigned alone_last_ = 0;   // how many it were the last time
  Instant frozen_until_{INT64_MIN / 2};
  Instant last_{INT64_MIN / 2};
};

}  // namespace detente::link
