// PathFlow: what a sender knows of one path in its own direction, and how much it
// may put there: round trip, loss, congestion window and pacing.
//
// Published design: RFC 9002 (QUIC loss detection and congestion control), with
// RFC 6298's timeout for the estimator: NewReno with slow start (7.3), one
// reduction a round trip (7.3.2), packet threshold 3 and time threshold 9/8 (6.1),
// pacing at 5/4 of window by round trip (7.7). A path of a configured rate is
// paced at that rate instead, and one packet waits in the bearer at most. Documents yield to all else: YieldingWindow.
//
// It sends nothing and holds no bytes; it counts packets by their counter. The
// counters are a session's: forget() when another session is used. spec/packet.md section 7.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "link/round_trip.h"
#include "link/yielding_window.h"

namespace detente::link {

// What is configured of a path; 0 = not, it is measured.
struct PathTerms {
  std::uint64_t rate_bps = 0;
  std::size_t packet_bytes = 0;  // the largest packet, before the bearer's framing
  std::size_t framing_bytes = 0;  // the bearer's, of each packet: they take their part of the rate
};

class PathFlow {
 public:
  explicit PathFlow(PathTerms terms = {}) : terms_(terms) {}

  // A packet that will be acknowledged, one way or another. `document`: one that yields.
  void sent(Instant now, std::uint64_t counter, std::size_t bytes, bool document = false);
  // Any packet takes its time in a bearer of a known rate. When it will have left it.
  Instant occupied(Instant now, std::size_t bytes);
  // How long that is for a packet alone; nothing where the rate is measured.
  Duration bearer_time(std::size_t bytes) const;
  // It arrived. `delay`: that the other side held the news back; `clean`: sent once, so that its age is a round trip.
  void acknowledged(Instant now, std::uint64_t counter, Duration delay = {}, bool clean = true);
  // All that are in flight of these counters, as acknowledged(); returns them. `newest`: the range ends with the newest packet
  // that came there, which drew this; of another range it is not known when that was told first.
  std::vector<std::uint64_t> acknowledged_range(Instant now, std::uint64_t first, std::uint64_t last, Duration delay, bool newest);
  // By its time or because later ones arrived, it is taken for lost.
  void lost(Instant now, std::uint64_t counter);
  // A probe's round trip, or that it drew nothing.
  void probed(Instant now, Duration round_trip) { measured(now, round_trip); note(true); }
  void probe_lost() { note(false); }
  // Those in flight that RFC 9002 section 6.1 takes for lost after `highest` was acknowledged; they are
  // dropped from flight and counted. Counters ascending.
  std::vector<std::uint64_t> detect_lost(Instant now, std::uint64_t highest);
  // It is not known whether it arrived, and it does not matter any more.
  void release(std::uint64_t counter);
  // Nothing that was in flight will be heard of again.
  void forget();

  // Whether a packet that can wait may go now.
  bool may_send(Instant now) const;
  // The same of what cannot be acknowledged before the rest of it has gone: its pace holds it back, the window does not.
  bool may_go_on(Instant now) const { return may_go_on_at() <= now; }
  Instant may_go_on_at() const { return terms_.rate_bps > 0 ? bearer_free_ : next_paced_; }
  // The same of a document's packet.
  bool may_send_document(Instant now) const { return may_send(now) && leaves_room_for_document(); }
  std::optional<Instant> may_send_document_at() const;
  // When it may by its pace (perhaps that is past); nothing while the window is full.
  std::optional<Instant> may_send_at() const;

  // Whether the path may well carry a packet of this size in a quarter of a second.
  bool quick(std::size_t bytes) const;
  const RoundTrip& round_trip() const { return round_trip_; }
  std::uint32_t loss_per_mille() const { return loss_ >> 10; }  // smoothed over about 32 packets
  std::size_t window() const { return window_; }
  std::size_t in_flight() const { return bytes_; }
  const PathTerms& terms() const { return terms_; }

 private:
  static constexpr std::size_t kPacket = 1200;
  static constexpr std::size_t kWindowFirst = 10 * kPacket;  // RFC 9002 section 7.2
  static constexpr std::size_t kWindowLeast = 2 * kPacket;
  static constexpr std::size_t kLateMost = 64;
  static constexpr std::size_t kWindowMost = std::size_t{4} << 20;
  struct Sent {
    Instant at;
    std::size_t bytes = 0;
    std::size_t ahead = 0;  // in flight then
    bool document = false;
    bool paired = false;  // a document's packet: another one was among those
  };
  Sent landed(std::map<std::uint64_t, Sent>::iterator it);  // it is in flight no more
  void note(bool arrived);
  void reduce(Instant now, Instant sent_at);
  void came_late(Instant now, std::uint64_t first, std::uint64_t last, Duration delay, bool newest);
  void measured(Instant now, Duration sample);
  // What a window's bytes are spread over: the smoothed round trip, or the newest where that is less. One that stood still
  // for seconds and goes again would be held to them for as many packets as smoothing takes, each paced by the last.
  Duration pace() const { return std::min(round_trip_.smoothed(), round_trip_.newest()); }
  Duration pause_for(std::size_t bytes) const;
  bool leaves_room_for_document() const;

  PathTerms terms_;
  RoundTrip round_trip_;
  YieldingWindow yielding_;
  std::map<std::uint64_t, Sent> flight_;
  // Taken for lost, and perhaps only late: their acknowledgement says how long the way is now, else a timeout that is too
  // short stays so.
  std::map<std::uint64_t, Sent> late_;
  std::size_t bytes_ = 0;
  std::size_t document_bytes_ = 0;  // among them
  std::size_t window_ = kWindowFirst;
  std::size_t slow_start_until_ = kWindowMost;
  Instant recovery_since_{INT64_MIN / 2};
  Instant bearer_free_;   // of a configured rate
  Instant next_paced_;
  bool limited_ = false;  // the window is what holds the sender back (RFC 9002 section 7.8)
  std::uint32_t loss_ = 0;  // per mille, times 1024
};

}  // namespace detente::link
