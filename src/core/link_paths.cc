// Link: probes, acknowledgements of paths, and what is due. spec/packet.md section 7.
#include <algorithm>

#include "core/link.h"
#include "wire/reader.h"

namespace detente::core {

namespace {

constexpr std::uint8_t kAnswerWanted = 0x01;
constexpr std::uint8_t kByAnyPath = 0x02;
constexpr Duration kShortSuspicion = std::chrono::seconds(3);
constexpr Duration kUnusedKept = std::chrono::seconds(30);

}  // namespace

void Link::send_probe(Context& context, PathState& path) {
  Live* live = current();
  if (live == nullptr) return;
  use(context.now.mono, *live);
  // Where the last answer came by another path, the next one will not come by this one either.
  const bool by_any = path.unanswered > 0 || path.elsewhere_since;
  const std::uint8_t flags = kAnswerWanted | (by_any ? kByAnyPath : 0);
  wire::Frame frame{wire::FrameType::kProbe, wire::FrameClass::kLive, false, {flags, path.id.value}};
  wire::append_varint(frame.body, live->session.received_on(path.id));
  wire::append_varint(frame.body, ++path.number);
  std::vector<wire::Frame> frames{std::move(frame)};
  if (path.size_wanted) {
    const std::size_t used = wire::frame_size(frames.front()) + overhead() + 3;
    frames.push_back({wire::FrameType::kCover, wire::FrameClass::kLive, false,
                      Bytes(wire::kPacketBytesMax - used)});
  }
  path.size_open = std::exchange(path.size_wanted, false);
  path.wanted = false;
  path.open = true;
  path.sent = context.now.mono;
  std::vector<SentPacket> sent;
  if (!seal_on(context, *live, path, frames, Tracked::kNo, sent)) return;
  if (!path.size_open) paths_.probed(context.now.mono, path);
  path.newest_probe = {sent.front().session, sent.front().counter};
  path.left = sent.front().left;
}

// `on`: the session that brought it; its counters are the ones that it speaks of.
void Link::answer_probe(Context& context, Live& on, PathId came_on, ByteView body) {
  wire::ByteReader reader(body);
  const auto flags = reader.u8();
  const auto number = reader.u8();
  const auto received = reader.varint();
  const auto stamp = reader.varint();
  Live* live = current();
  if (!flags || !number || !received || !stamp || !reader.empty() || live == nullptr) return;
  if (paths_.find(PathId{*number}) == nullptr) return;
  use(context.now.mono, *live);
  PathState& path = paths_.at(PathId{*number});
  const Instant now = context.now.mono;
  if (*received > 0) on.session.confirm(path.id, *received - 1);
  if ((*flags & kAnswerWanted) != 0) paths_.told(now, path, on.serial, *received);
  if ((*flags & kAnswerWanted) == 0) {
    if (!path.open || *stamp != path.number) {
      static_cast<void>(paths_.answered_late(now, path, *stamp, came_on == path.id));
      return;
    }
    path.open = false;
    // By another path it proves that ours works, and nothing about its round trip.
    if (came_on == path.id) {
      path.flow.probed(now, now - *path.sent);
      path.asked.clear();
    } else {
      paths_.answered_elsewhere(now, path);
    }
    if (std::exchange(path.size_open, false)) path.packet_bytes = wire::kPacketBytesMax;
    // What waited for a path may go. After a short suspicion its own timer is soon enough: the path
    // may be good and the other station slow.
    if (path.suspect_since && now - *path.suspect_since > kShortSuspicion) ++arrivals_;
    paths_.confirmed(now, path.id);
    return;
  }
  if (!probes_.take(now)) return;
  wire::Frame answer{wire::FrameType::kProbe, wire::FrameClass::kLive, false, {0, path.id.value}};
  wire::append_varint(answer.body, live->session.received_on(path.id));
  wire::append_varint(answer.body, *stamp);
  std::vector<SentPacket> sent;
  const bool by_any = (*flags & kByAnyPath) != 0;
  if (by_any) paths_.doubted(now, path);
  // By every path, not by the best alone: two paths of which each carries one direction look like the best one to the
  // side that hears there, and neither would ever be answered.
  for (PathState& one : paths_.all())
    if (one.id == path.id || by_any) seal_on(context, *live, one, {answer}, Tracked::kNo, sent);
}

// Each on the session that brought it, since its counters are that session's: after crossed calls the other side may
// keep to another one for long. And on its own path: what came there is likely to get an answer back there,
// whatever is best.
void Link::send_acks(Context& context) {
  if (current() == nullptr || acks_held_) return;
  std::vector<SentPacket> sent;
  for (const auto& live : sessions_) {
    if (!live->confirmed) continue;
    for (auto& [id, ranges] : live->received) {
      if (!ranges.due() || *ranges.due() > context.now.mono) continue;
      wire::Frame frame{wire::FrameType::kPathAck, wire::FrameClass::kLive, false,
                        link::encode_path_ack(ranges.take(context.now.mono, id))};
      PathState& own = paths_.at(id);
      send_on(context, *live, own.suspect ? paths_.best() : own, {std::move(frame)}, Tracked::kNo, sent);
    }
  }
}

void Link::tend_paths(Context& context) {
  if (current() == nullptr) return;
  for (PathState& path : paths_.all()) {
    if (context.now.mono < paths_.probe_due(path, setup_.policy.heartbeat)) continue;
    if (path.open) paths_.probe_lost(context.now.mono, path);
    send_probe(context, path);
  }
}

void Link::try_paths(Context& context) {
  for (PathState& path : paths_.all()) path.wanted = !path.open;
  tend_paths(context);
}

void Link::no_answer(Context& context, std::optional<Instant> unanswered_since) {
  const bool heard = unanswered_since && last_heard_ && *last_heard_ > *unanswered_since;
  if (up_ && !heard) {
    up_ = false;
    context.effects.notify(LinkChanged{peer_, false});
  }
  if (!next_try_) begin_handshake(context);
}

void Link::set_dark(Context& context, bool dark) {
  if (std::exchange(dark_, dark) == dark) return;
  if (!dark) return begin_handshake(context);
  sessions_.clear();  // a file may still name one of them as of these two lives
  attempts_.clear();
  next_try_.reset();
  tries_ = 0;
  if (!std::exchange(up_, false)) return;
  context.effects.notify(LinkChanged{peer_, false});
}

// On a slow bearer a reply, the greeting and a packet before each of them take longer than that.
Duration Link::unused_kept() const {
  Duration out = kUnusedKept;
  for (const PathState& path : paths_.all())
    out = std::max(out, path.flow.bearer_time(room_on(path.id) + overhead()) * 8);
  return out;
}

void Link::drop_old_sessions(Instant now) {
  std::erase_if(sessions_, [&, kept = unused_kept()](const auto& live) {
    const bool stale = now - live->last_received >= kept;
    return stale && (live->replaced || !live->confirmed);
  });
}

void Link::on_deadline(Context& context) {
  const Instant now = context.now.mono;
  drop_old_sessions(now);
  if (dark_) return;
  send_acks(context);
  tend_paths(context);
  if (next_try_) {
    if (now >= *next_try_) {
      begin_handshake(context);
    } else if (repeat_at_ && now >= *repeat_at_) {
      send_first_packets(context);
    }
    return;
  }
  const Live* live = current();
  if (live == nullptr || now - live->session.made_at() >= setup_.policy.fresh_handshake) {
    begin_handshake(context);
  } else if (last_heard_ && now - *last_heard_ >= setup_.policy.heartbeat * 3) {
    no_answer(context);
  }
}

std::optional<Instant> Link::next_deadline() const {
  const Live* live = current();
  if (live == nullptr && (lost() || dark_)) return std::nullopt;
  std::optional<Instant> due = next_try_;
  const auto by = [&](Instant at) { due = std::min(due.value_or(at), at); };
  for (const auto& one : sessions_)
    if (one->replaced || !one->confirmed) by(one->last_received + unused_kept());
  if (live == nullptr && !next_try_) return Instant{};
  if (live == nullptr && repeat_at_) by(*repeat_at_);
  if (live == nullptr) return due;
  if (next_try_ && repeat_at_) by(*repeat_at_);
  if (!next_try_) {
    by(live->session.made_at() + setup_.policy.fresh_handshake);
    if (last_heard_) by(*last_heard_ + setup_.policy.heartbeat * 3);
  }
  for (const auto& one : sessions_)
    for (const auto& [id, ranges] : one->received)
      if (ranges.due() && one->confirmed && !acks_held_) by(*ranges.due());
  for (const PathState& path : paths_.all()) by(paths_.probe_due(path, setup_.policy.heartbeat));
  return due;
}

}  // namespace detente::core
