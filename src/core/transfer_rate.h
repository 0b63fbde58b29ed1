// Bytes a second over the last few seconds, for people who wait.
#pragma once

#include <deque>
#include <utility>

#include "base/time.h"

namespace detente::core {

class TransferRate {
 public:
  void add(Instant now, std::uint64_t bytes) {
    if (parts_.empty() || now - parts_.back().first > kPart) parts_.emplace_back(now, 0);
    parts_.back().second += bytes;
    while (now - parts_.front().first > kSpan) parts_.pop_front();
  }
  // 0 when nothing came for kSpan.
  std::uint64_t bytes_per_second(Instant now) const {
    std::uint64_t sum = 0;
    Instant since = now;
    for (const auto& [at, bytes] : parts_) {
      if (now - at > kSpan) continue;
      since = std::min(since, at);
      sum += bytes;
    }
    const Duration span = std::max(now - since, kPart);
    return sum * 1000000 / static_cast<std::uint64_t>(span.count());
  }

 private:
  static constexpr Duration kPart = std::chrono::milliseconds(250);
  static constexpr Duration kSpan = std::chrono::seconds(8);
  std::deque<std::pair<Instant, std::uint64_t>> parts_;
};

}  // namespace detente::core
