// YieldingWindow: how much of a document may be under way on a path whose rate nobody configured, so that
// what else goes there hardly waits for it: a queue in front of a slow bearer is what a FLASH would stand in.
//
// Published design: RFC 6817 (LEDBAT, congestion control by delay) with its gain of 1 and its filter of four samples, as
// LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus) has it for round trips instead of one-way delays: a target of 60 ms, a
// slow start that ends at three quarters of it, a multiplicative decrease, and periodic slowdowns, in which the queue
// empties and the least delay is measured anew. One packet may always be under way.
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
    bool limited = false;          // as much as the window allows was under way
  };
  void acknowledged(Instant now, const Acknowledged& news);
  std::size_t bytes() const { return packet_ > 0 ? window_ : kFirstPackets * packet_bytes(); }
  std::size_t packet_bytes() const { return packet_ > 0 ? packet_ : kSmallPacket; }

 private:
  static constexpr std::size_t kSmallPacket = 508;  // what a path's first ones have
  static constexpr std::size_t kFirstPackets = 4;
  static constexpr std::size_t kSlowdownPackets = 2;
  static constexpr std::size_t kMost = std::size_t{4} << 20;
  void measure(const Acknowledged& news);
  Duration queueing() const;  // above the least
  Duration base() const { return std::min(base_before_, base_); }
  void begin_anew(std::size_t packet_bytes);
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
  Instant frozen_until_{INT64_MIN / 2};
  Instant last_{INT64_MIN / 2};
};

}  // namespace detente::link
