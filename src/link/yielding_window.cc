#include "link/yielding_window.h"

#include <algorithm>
#include <utility>

namespace detente::link {

namespace {

constexpr Duration kTarget = std::chrono::milliseconds(60);
constexpr Duration kStale = std::chrono::minutes(10);  // RFC 6817 section 4.2: what a path was so long ago says nothing
constexpr int kSlowdownShare = 9;                      // a tenth of the time
constexpr Duration kFar = std::chrono::milliseconds(100);         // a round trip that may be a bearer's slowness
constexpr Duration kSlowPacket = std::chrono::milliseconds(250);  // what a packet takes on a slow one
constexpr unsigned kAloneLeast = 8, kAloneMost = 64;

}  // namespace

std::size_t YieldingWindow::first_packets(Duration round_trip) { return round_trip > kFar ? 1 : kFirstPackets; }

// A larger packet takes longer: its round trip is not to be compared with a smaller one's.
void YieldingWindow::begin_anew(const Acknowledged& news) {
  if (packet_ == 0) quick_ = news.round_trip <= kFar;
  packet_ = news.packet_bytes;
  window_ = std::max(window_, first_packets(news.round_trip) * packet_);
  base_ = base_before_ = Duration(INT64_MAX);
  sample_count_ = 0;
}

bool YieldingWindow::measure(const Acknowledged& news) {
  if (news.packet_bytes * 4 < packet_ * 3) return false;  // a small one: it would make the least too low
  base_ = std::min(base_, news.round_trip);
  samples_[sample_count_++ % samples_.size()] = news.round_trip;
  return true;
}

// What waited behind few packets, and long: no need to see it four times.
bool YieldingWindow::one_at_a_time(const Acknowledged& news, bool measured) {
  if (alone_left_ > 0) {
    if (--alone_left_ == 0) {
      slow_start_ = true;
      slow_start_until_ = kMost;
      sample_count_ = 0;
    }
    window_ = packet_;
    return true;
  }
  if (window_ > kFirstPackets * packet_) {
    quick_ = true;
    alone_last_ = 0;
    return false;
  }
  // Others may have left the bearer meanwhile: a packet takes at least as much.
  if (!measured || news.ahead == 0) return false;
  const auto before = std::max(news.ahead, packet_);
  if ((news.round_trip - base()) * static_cast<std::int64_t>(packet_) < kSlowPacket * static_cast<std::int64_t>(before)) return false;
  quick_ = false;
  alone_left_ = alone_last_ = std::clamp(alone_last_ * 2, kAloneLeast, kAloneMost);
  window_ = packet_;
  base_ = base_before_ = Duration(INT64_MAX);  // each of those is a fresh measurement
  slowdown_due_.reset();
  slowdown_since_.reset();
  return true;
}

Duration YieldingWindow::queueing() const {
  if (sample_count_ == 0) return Duration(0);
  const auto end = samples_.begin() + static_cast<std::ptrdiff_t>(std::min(sample_count_, samples_.size()));
  return std::max(Duration(0), *std::min_element(samples_.begin(), end) - base());
}

void YieldingWindow::slow_down(Instant now) {
  slow_start_until_ = window_;
  window_ = std::min(window_, kSlowdownPackets * packet_);
  slowdown_since_ = now;
  slowdown_due_.reset();
  frozen_until_ = now + 2 * (base() + queueing());
  if (base_ < Duration(INT64_MAX)) base_before_ = std::exchange(base_, Duration(INT64_MAX));
  slow_start_ = true;
}

void YieldingWindow::grow(Instant now, std::size_t bytes) {
  const Duration queue = queueing();
  if (slow_start_) {
    if (queue * 4 <= kTarget * 3 && window_ < slow_start_until_) window_ += bytes;
    if (queue * 4 <= kTarget * 3 && window_ < slow_start_until_) return;
    slow_start_ = false;
    const Duration took = slowdown_since_ ? now - *slowdown_since_ : Duration(0);
    slowdown_due_ = now + (slowdown_since_ ? kSlowdownShare * took : 2 * (base() + queue));
    slowdown_since_.reset();
    return;
  }
  if (queue <= kTarget) {
    const auto off = static_cast<std::size_t>((kTarget - queue).count());
    window_ += bytes * packet_ / window_ * off / static_cast<std::size_t>(kTarget.count());
    return;
  }
  const auto over = static_cast<std::size_t>((queue - kTarget).count());
  const std::size_t less = std::min(bytes / 2, bytes * over / static_cast<std::size_t>(kTarget.count()));
  window_ -= std::min(less, window_ - std::min(window_, packet_));
}

void YieldingWindow::acknowledged(Instant now, const Acknowledged& news) {
  if (now - last_ > kStale || news.packet_bytes > packet_ + packet_ / 4) {
    if (now - last_ > kStale) *this = YieldingWindow();
    begin_anew(news);
  }
  last_ = now;
  if (one_at_a_time(news, measure(news))) return;
  if (slowdown_due_ && now >= *slowdown_due_) return slow_down(now);
  if (now < frozen_until_ || sample_count_ == 0) return;
  // The queue that this window made is over when the samples of that time are.
  if (!news.limited && queueing() <= kTarget) return;
  // Until a packet behind another has shown what a packet takes, there is no third. A message before it may have left the bearer
  // long ago, and wait for its receipt.
  if (!quick_ && !news.paired && window_ >= 2 * packet_) return;
  grow(now, news.bytes);
  window_ = std::clamp(window_, packet_, kMost);
}

}  // namespace detente::link
