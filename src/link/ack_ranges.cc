#include "link/ack_ranges.h"

#include <algorithm>

#include "base/check.h"
#include "wire/reader.h"

namespace detente::link {

namespace {
constexpr std::int64_t kDelayUnit = 8;  // microseconds
}

Bytes encode_path_ack(const PathAck& ack) {
  DETENTE_CHECK(!ack.ranges.empty() && ack.ranges.size() <= AckRanges::kRangesMax);
  Bytes out;
  out.push_back(ack.path.value);
  wire::append_varint(out, static_cast<std::uint64_t>(std::max<std::int64_t>(0, ack.delay.count()) / kDelayUnit));
  wire::append_varint(out, ack.ranges.front().last);
  wire::append_varint(out, ack.ranges.front().last - ack.ranges.front().first + 1);
  for (std::size_t i = 1; i < ack.ranges.size(); ++i) {
    wire::append_varint(out, ack.ranges[i - 1].first - ack.ranges[i].last - 2);
    wire::append_varint(out, ack.ranges[i].last - ack.ranges[i].first + 1);
  }
  return out;
}

Result<PathAck> decode_path_ack(ByteView body) {
  wire::ByteReader reader(body);
  PathAck out;
  DETENTE_TRY(path, reader.u8());
  DETENTE_TRY(delay, reader.varint());
  DETENTE_TRY(highest, reader.varint());
  DETENTE_TRY(length, reader.varint());
  const auto wrong = [] { return fail(Fault::kMalformed, "a path acknowledgement of impossible ranges"); };
  if (length == 0 || length > highest + 1) return wrong();
  out.path = PathId{path};
  out.delay = Duration(static_cast<std::int64_t>(std::min<std::uint64_t>(delay, 1 << 24)) * kDelayUnit);
  out.ranges.push_back({highest - length + 1, highest});
  while (!reader.empty()) {
    if (out.ranges.size() == AckRanges::kRangesMax) return wrong();
    DETENTE_TRY(gap, reader.varint());
    DETENTE_TRY(next, reader.varint());
    const std::uint64_t above = out.ranges.back().first;
    if (next == 0 || gap > wire::kVarintMax - 2 || above < gap + 2 || next > above - gap - 1) return wrong();
    const std::uint64_t last = above - gap - 2;
    out.ranges.push_back({last - next + 1, last});
  }
  return out;
}

void AckRanges::received(Instant now, std::uint64_t counter, bool wanted) {
  if (counter < forgotten_below_) return;
  const bool skipped = !ranges_.empty() && counter != ranges_.front().last + 1;
  if (ranges_.empty() || counter > ranges_.front().last) highest_at_ = now;
  // The first range that ends below or just at this counter.
  auto at = std::find_if(ranges_.begin(), ranges_.end(),
                         [&](const CounterRange& range) { return range.last <= counter; });
  if (at != ranges_.end() && at->last == counter) return;
  const bool joins_below = at != ranges_.end() && at->last + 1 == counter;
  const bool joins_above = at != ranges_.begin() && std::prev(at)->first <= counter + 1;
  if (joins_above && std::prev(at)->first <= counter) return;  // within it
  if (joins_below && joins_above) {
    std::prev(at)->first = at->first;
    ranges_.erase(at);
  } else if (joins_below) {
    at->last = counter;
  } else if (joins_above) {
    std::prev(at)->first = counter;
  } else {
    ranges_.insert(at, {counter, counter});
    if (ranges_.size() > kRangesMax) {
      forgotten_below_ = ranges_.back().last + 1;
      ranges_.pop_back();
    }
  }
  if (wanted) owe(now, skipped);
}

void AckRanges::owe(Instant now, bool at_once) {
  ++owed_;
  const Instant by = owed_ >= kPacketsMax || at_once ? now : now + kDelayMax;
  due_ = std::min(due_.value_or(by), by);
}

PathAck AckRanges::take(Instant now, PathId path) {
  DETENTE_CHECK(!ranges_.empty());
  owed_ = 0;
  due_.reset();
  return {path, now - highest_at_, ranges_};
}

}  // namespace detente::link
