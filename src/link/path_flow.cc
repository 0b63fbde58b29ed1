#include "link/path_flow.h"

namespace detente::link {

namespace {

constexpr std::uint64_t kPacketThreshold = 3;
// Below this, timers are coarser than the pauses: a burst is sent at once.
constexpr Duration kBurst = std::chrono::milliseconds(2);
constexpr Duration kQuickPacket = std::chrono::milliseconds(250);

}  // namespace

Duration PathFlow::bearer_time(std::size_t bytes) const {
  if (terms_.rate_bps == 0) return Duration(0);
  return Duration(static_cast<std::int64_t>((bytes + terms_.framing_bytes) * 8 * 1000000 / terms_.rate_bps));
}

bool PathFlow::quick(std::size_t bytes) const {
  return terms_.rate_bps > 0 ? bearer_time(bytes) <= kQuickPacket : yielding_.quick(round_trip_.smoothed());
}

Duration PathFlow::pause_for(std::size_t bytes) const {
  if (terms_.rate_bps > 0) return bearer_time(bytes);
  if (!round_trip_.known()) return Duration(0);
  // 4/5 of the time that the window's share of a round trip would take.
  return Duration(static_cast<std::int64_t>(
      static_cast<std::uint64_t>(pace().count()) * bytes * 4 / (window_ * 5)));
}

// What was sent before is paid for at the pace that is known now.
void PathFlow::measured(Instant now, Duration sample) {
  const Duration before = pace();
  round_trip_.measured(sample);
  if (next_paced_ > now && pace() < before) next_paced_ = now + (next_paced_ - now) * pace().count() / before.count();
}

Instant PathFlow::occupied(Instant now, std::size_t bytes) {
  if (terms_.rate_bps == 0) return now;
  bearer_free_ = std::max(bearer_free_, now) + bearer_time(bytes);
  return bearer_free_;
}

void PathFlow::sent(Instant now, std::uint64_t counter, std::size_t bytes, bool document) {
  const std::size_t like_it = document ? document_bytes_ : bytes_;
  if (flight_.emplace(counter, Sent{now, bytes, bytes_, document, like_it > 0}).second) {
    bytes_ += bytes;
    if (document) document_bytes_ += bytes;
  }
  if (terms_.rate_bps == 0) next_paced_ = std::max(next_paced_, now - kBurst) + pause_for(bytes);
  if (bytes_ * 2 < window_) limited_ = false;
  if (bytes_ + kPacket > window_) limited_ = true;
}

PathFlow::Sent PathFlow::landed(std::map<std::uint64_t, Sent>::iterator it) {
  const Sent sent = it->second;
  flight_.erase(it);
  bytes_ -= sent.bytes;
  if (sent.document) document_bytes_ -= sent.bytes;
  return sent;
}

void PathFlow::acknowledged(Instant now, std::uint64_t counter, Duration delay, bool clean) {
  const auto it = flight_.find(counter);
  if (it == flight_.end()) return;
  const Sent sent = landed(it);
  note(true);
  // What was sent before the newest loss may have waited at the other side for what was lost.
  if (clean && sent.at > recovery_since_) {
    const Duration age = now - sent.at;
    measured(now, age > delay ? age - delay : age);
  }
  if (sent.at <= recovery_since_ || !limited_) return;
  window_ += window_ < slow_start_until_ ? sent.bytes : kPacket * sent.bytes / window_;
  window_ = std::min(window_, kWindowMost);
}

std::vector<std::uint64_t> PathFlow::acknowledged_range(Instant now, std::uint64_t first,
                                                        std::uint64_t last, Duration delay, bool newest) {
  std::vector<std::uint64_t> out;
  YieldingWindow::Acknowledged news;
  // Whatever it was: with so much under way the delay was what it was.
  news.limited = bytes_ + yielding_.packet_bytes() > yielding_.bytes(round_trip_.smoothed());
  for (auto it = flight_.lower_bound(first); it != flight_.end() && it->first <= last; ++it) {
    out.push_back(it->first);
    news.bytes += it->second.bytes;
    const Duration age = now - it->second.at;
    news.round_trip = age > delay ? age - delay : age;
    news.packet_bytes = it->second.bytes;
    news.ahead = it->second.ahead;
    news.paired = it->second.paired;
  }
  // Only the newest is a fresh measurement: the others waited for it (RFC 9002 section 5.1).
  const bool fresh = newest && !out.empty() && out.back() == last;
  if (fresh) measured(now, news.round_trip);
  for (std::uint64_t counter : out) acknowledged(now, counter, delay, false);
  if (fresh) yielding_.acknowledged(now, news);
  came_late(now, first, last, delay, newest);
  return out;
}

void PathFlow::came_late(Instant now, std::uint64_t first, std::uint64_t last, Duration delay, bool newest) {
  const auto begin = late_.lower_bound(first), end = late_.upper_bound(last);
  if (const auto it = late_.find(last); newest && it != late_.end()) {
    const Duration age = now - it->second.at;
    measured(now, age > delay ? age - delay : age);
  }
  late_.erase(begin, end);
}

void PathFlow::reduce(Instant now, Instant sent_at) {
  if (sent_at <= recovery_since_) return;  // the loss belongs to the last reduction
  recovery_since_ = now;
  window_ = std::max(window_ / 2, kWindowLeast);
  slow_start_until_ = window_;
}

void PathFlow::lost(Instant now, std::uint64_t counter) {
  const auto it = flight_.find(counter);
  if (it == flight_.end()) return;
  const Sent sent = landed(it);
  late_.emplace(counter, sent);
  if (late_.size() > kLateMost) late_.erase(late_.begin());
  note(false);
  reduce(now, sent.at);
}

std::vector<std::uint64_t> PathFlow::detect_lost(Instant now, std::uint64_t highest) {
  const Duration smoothed = std::max(round_trip_.smoothed(), Duration(1000));
  const Duration patience = smoothed + smoothed / 8;
  std::vector<std::uint64_t> out;
  for (const auto& [counter, sent] : flight_) {
    if (counter >= highest) break;
    if (highest - counter >= kPacketThreshold || now - sent.at >= patience) out.push_back(counter);
  }
  for (std::uint64_t counter : out) lost(now, counter);
  return out;
}

void PathFlow::release(std::uint64_t counter) {
  const auto it = flight_.find(counter);
  if (it != flight_.end()) landed(it);
}

void PathFlow::forget() {
  flight_.clear();
  late_.clear();
  bytes_ = document_bytes_ = 0;
}

bool PathFlow::may_send(Instant now) const {
  if (terms_.rate_bps > 0) return bearer_free_ <= now;
  return bytes_ + kPacket <= window_ && next_paced_ <= now;
}

std::optional<Instant> PathFlow::may_send_at() const {
  if (terms_.rate_bps > 0) return bearer_free_;
  return bytes_ + kPacket > window_ ? std::nullopt : std::optional(next_paced_);
}

// Entries take nothing of that window: beside one message each round trip none would ever fit a window of one packet, which
// could not grow then. What they do to the bearer's queue the delay says.
bool PathFlow::leaves_room_for_document() const {
  return terms_.rate_bps > 0 || document_bytes_ == 0 ||
         document_bytes_ + yielding_.packet_bytes() <= yielding_.bytes(round_trip_.smoothed());
}

std::optional<Instant> PathFlow::may_send_document_at() const {
  return leaves_room_for_document() ? may_send_at() : std::nullopt;
}

void PathFlow::note(bool arrived) {
  const std::uint32_t sample = arrived ? 0 : 1000u << 10;
  loss_ = static_cast<std::uint32_t>((std::uint64_t{loss_} * 31 + sample) / 32);
}

}  // namespace detente::link
