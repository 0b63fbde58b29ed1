// Which packets of one path arrived, as a receiver tells it and a sender reads
// it. spec/packet.md sections 4 (type 12) and 7; the shape is that of RFC 9000 section 19.3.
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/bytes.h"
#include "base/time.h"

namespace detente::link {

struct CounterRange {  // both ends included
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const CounterRange&) const = default;
};

struct PathAck {
  PathId path;
  Duration delay{0};                 // that the receiver waited after the highest came
  std::vector<CounterRange> ranges;  // descending, not adjacent; at least one
};
Bytes encode_path_ack(const PathAck& ack);
Result<PathAck> decode_path_ack(ByteView body);

// The newest counters of one path, and when the other side is to be told of them.
class AckRanges {
 public:
  static constexpr std::size_t kRangesMax = 32;

  // Every packet that verified; `wanted`: it asks to be acknowledged.
  void received(Instant now, std::uint64_t counter, bool wanted);
  // One of those that were received is to be acknowledged after all.
  void owe(Instant now, bool at_once = false);
  // When an acknowledgement must leave; nothing while none is owed.
  std::optional<Instant> due() const { return due_; }
  // What to tell. Nothing is owed afterwards. Only when something was received.
  PathAck take(Instant now, PathId path);

 private:
  static constexpr unsigned kPacketsMax = 8;
  static constexpr Duration kDelayMax = std::chrono::milliseconds(5);
  std::vector<CounterRange> ranges_;  // descending
  std::uint64_t forgotten_below_ = 0;
  Instant highest_at_;
  unsigned owed_ = 0;
  std::optional<Instant> due_;
};

}  // namespace detente::link
