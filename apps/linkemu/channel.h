// Channel: one direction of an emulated link, without sockets and without a clock.
//
// A packet first waits in a queue for the rate, then is under way for its delay:
//
//   push -> [queue, bounded in bytes] -> one at a time at the rate -> [wire] -> pop_due
//
// Loss happens on the wire: a lost packet takes its time on the link, as on a
// radio. A duplicate arises at the far end and costs no time. Jitter keeps the
// order; only `reorder` lets a packet come behind later ones.
//
// Invariants: (1) The fate of packet number n follows from the seed, n and the
// settings at its push: every packet takes the same number of draws, whatever
// becomes of it. (2) Over any busy stretch the bits that went through are the
// rate times the time, to one microsecond and without drift. (3) Memory is
// bounded by kHeldMax, whatever the rate and delay are. (4) On a stream nothing
// is ever dropped, doubled or moved: ask has_room() before push().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "settings.h"

namespace detente::linkemu {

inline constexpr std::uint64_t kHeldMax = 64 * 1024 * 1024;

struct Packet {
  // On a stream: a connection's beginning and end travel as its bytes do.
  enum class Mark : std::uint8_t { kData, kOpen, kClose };

  Bytes bytes;
  std::uint64_t connection = 0;
  Mark mark = Mark::kData;
};

// Bytes are as the link counts them: with what Shape adds to each packet.
struct Counters {
  std::uint64_t packets_in = 0, bytes_in = 0;
  std::uint64_t packets_out = 0, bytes_out = 0;
  std::uint64_t lost = 0, queue_full = 0, too_large = 0, blackholed = 0;
  std::uint64_t no_receiver = 0;  // arrived, and the end could not take it
  std::uint64_t duplicated = 0, reordered = 0, flipped = 0;
};

struct Shape {
  Carried carried = Carried::kDatagrams;
  std::uint32_t overhead_bytes = 0;  // headers below what is pushed: counted, not carried
};

class Channel {
 public:
  Channel(const Settings& settings, Shape shape, std::uint64_t seed);

  void push(Instant now, Packet packet);
  // The next packet that has arrived by `now`; nothing when there is none.
  std::optional<Packet> pop_due(Instant now);
  // When to ask again; nothing when only a push or set() can change something.
  std::optional<Instant> next_deadline() const;

  // For what is pushed from now on; rate and delay also for what waits in the queue. A datagram
  // may overtake those that left under another delay, as when a route changes.
  void set(Instant now, const Settings& settings);
  const Settings& settings() const { return settings_; }

  bool has_room() const;
  void count_no_receiver() { ++counters_.no_receiver; }
  const Counters& counters() const { return counters_; }
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }
  std::uint64_t under_way() const { return wire_.size(); }

 private:
  struct Fate {
    bool lost, duplicated, late, flipped;
    Duration jitter;
    std::uint64_t bit;
  };
  struct Waiting {
    Packet packet;
    Fate fate;
  };

  Fate draw();
  bool admitted(std::uint64_t size);
  std::uint64_t counted(const Packet& packet) const;
  void begin_service(Instant start);
  void advance(Instant now);
  void put_on_wire(Instant sent, Waiting waiting);
  void flip(Packet& packet, std::uint64_t bit);

  Settings settings_;
  Shape shape_;
  SeededRandom random_;
  std::deque<Waiting> queue_;  // the front one is being sent until served_at_
  Instant served_at_;
  std::uint64_t service_rest_ = 0;       // of the division bits / rate, carried over
  std::multimap<Instant, Packet> wire_;  // by arrival; equal ones in the order of entering
  Instant last_arrival_;
  std::uint64_t waiting_bytes_ = 0;  // in queue_
  std::uint64_t wire_bytes_ = 0;
  Counters counters_;
};

}  // namespace detente::linkemu
