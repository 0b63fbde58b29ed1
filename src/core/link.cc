// Link: sessions, and packets in and out. spec/session.md sections 5 and 6.
#include "core/link.h"

#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "core/audit.h"
#include "wire/text.h"

namespace detente::core {

namespace {

constexpr Duration kBriskPacket = std::chrono::milliseconds(250);
constexpr std::ptrdiff_t kUnconfirmedMax = 4;
constexpr std::ptrdiff_t kReplacedMax = 8;
constexpr std::size_t kPacketBytesLeast = 96;
// A packet of what waits keeps its bearer no longer, if it can be: a session's replies and greetings, and what is urgent,
// wait for one of them. Who wants a FLASH sooner configures smaller ones, and pays for it with their heads.
constexpr Duration kPacketMost = std::chrono::seconds(10);
constexpr Duration kGreetFirst = std::chrono::seconds(2);
constexpr std::size_t kKnownSessionsMax = 64;
constexpr std::size_t kFarewellBytesMax = 120;  // spec/packet.md section 4

// A part of a frame says not of which: of blob data, whose sender waits for nothing else, too.
bool is_acknowledged(const wire::Frame& frame) {
  if (frame.type == wire::FrameType::kFragment) return true;
  return frame.type == wire::FrameType::kBlobChunk && !frame.body.empty() &&
         (frame.body[0] == 1 || frame.body[0] == 2);
}

}  // namespace

Instant left_by(Instant now, const std::vector<SentPacket>& packets) {
  std::optional<Instant> out;
  for (auto it = packets.begin(); it != packets.end();) {
    const PathId path = it->path;
    Instant last = now;
    for (; it != packets.end() && it->path == path; ++it) last = std::max(last, it->left);
    out = std::min(out.value_or(last), last);
  }
  return out.value_or(now);
}

Link::Link(PeerId peer, LinkSetup setup)
    : peer_(peer), setup_(std::move(setup)), paths_(setup_.pair.paths, setup_.path_terms) {
  if (!setup_.lost) remote_.current = setup_.pair.remote_static;
  remote_.revoked = std::move(setup_.revoked);
  remote_.exposed = setup_.exposed;
}

// --- sessions --------------------------------------------------------------

Link::Live& Link::add_session(Context& context, crypto::NoiseHandshake handshake, crypto::Role role,
                              link::FirstCounter first) {
  // A counterpart that calls without end must not fill the memory: the oldest
  // answered call that was never used goes first.
  const auto unused = [](const auto& live) { return !live->confirmed; };
  if (std::count_if(sessions_.begin(), sessions_.end(), unused) >= kUnconfirmedMax)
    sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), unused));
  // Nor one that keeps its old sessions in use.
  const auto former = [](const auto& live) { return live->replaced; };
  if (std::count_if(sessions_.begin(), sessions_.end(), former) >= kReplacedMax)
    sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), former));
  known_sessions_.push_back({next_serial_, link::courier_mark(handshake.handshake_hash()), false});
  if (known_sessions_.size() > kKnownSessionsMax) known_sessions_.pop_front();
  sessions_.push_back(std::make_unique<Live>(
      Live{link::Session(setup_.pair, std::move(handshake), role, first, context.now.mono),
           next_serial_++, false, {}, false, false, false, context.now.mono, {}, {}, 0}));
  return *sessions_.back();
}

bool Link::cross(const Live& one, const Live& other) {
  const auto answered = [](const Live& a, const Live& called) {
    return a.session.role() == crypto::Role::kResponder &&
           called.session.role() == crypto::Role::kInitiator &&
           std::find(a.crossed.begin(), a.crossed.end(), called.session.first().c) != a.crossed.end();
  };
  return answered(one, other) || answered(other, one);
}

void Link::confirm_session(Context& context, Live& live) {
  const bool was_ready = ready();
  live.confirmed = true;
  former_accord_left_ = true;
  for (KnownSession& known : known_sessions_) known.confirmed |= known.serial == live.serial;
  for (auto& other : sessions_) {
    if (other.get() == &live || !other->confirmed || other->replaced) continue;
    const bool keep_other = cross(live, *other) && other->session.initiator_is_first() &&
                            !live.session.initiator_is_first();
    (keep_other ? live : *other).replaced = true;
  }
  farewell_.reset();
  ++arrivals_;
  if (!was_ready || !up_) {
    up_ = true;
    context.effects.notify(LinkChanged{peer_, true});
  }
}

void Link::leave_former_sessions(Instant now, std::uint64_t except) {
  ++far_lives_;
  std::erase_if(sessions_, [&](const auto& live) {
    return live->serial != except && now - live->session.made_at() > kFormerLife;
  });
  forget_left_sessions();
}

void Link::leave_sessions_except(const std::vector<wire::SessionTag>& tags, std::uint64_t serial) {
  ++far_lives_;
  std::erase_if(sessions_, [&](const auto& live) {
    return live->serial != serial &&
           std::find(tags.begin(), tags.end(), live->session.tag()) == tags.end();
  });
  // Of two that crossed the other side has only the one that had given way.
  if (current() == nullptr) {
    const auto last = std::find_if(sessions_.rbegin(), sessions_.rend(), [](const auto& live) { return live->confirmed; });
    if (last != sessions_.rend()) (*last)->replaced = false;
  }
  forget_left_sessions();
}

void Link::leave_all_sessions() {
  sessions_.clear();
  forget_left_sessions();
}

void Link::forget_left_sessions() {
  std::erase_if(known_sessions_, [this](const KnownSession& known) { return find(known.serial) == nullptr; });
}

bool Link::knows_session(const link::CourierMark& mark) const {
  return std::any_of(known_sessions_.begin(), known_sessions_.end(),
                     [&](const KnownSession& known) { return known.mark == mark; });
}

std::optional<link::CourierMark> Link::newest_session() const {
  const auto newest = std::find_if(known_sessions_.rbegin(), known_sessions_.rend(),
                                   [](const KnownSession& known) { return known.confirmed; });
  return newest == known_sessions_.rend() ? std::nullopt : std::optional(newest->mark);
}

void Link::close(Context& context, std::string_view why) {
  wire::Frame frame{wire::FrameType::kClose, wire::FrameClass::kLive, false, to_bytes(as_bytes(why))};
  static_cast<void>(send(context, {std::move(frame)}, {.all_paths = true}));
  sessions_.clear();
  next_try_.reset();
}

void Link::greet(Context& context) {
  Live* live = current();
  if (live == nullptr || live->used || live->session.role() != crypto::Role::kInitiator) return;
  if (live->owes_contact) {
    static_cast<void>(send(context, {}, {}));
  } else {
    send_probe(context, paths_.best());
  }
}

const Link::Live* Link::current() const {
  const Live* best = nullptr;
  for (const auto& live : sessions_)
    if (live->confirmed && !live->replaced) best = live.get();
  return best;
}

Link::Live* Link::current() { return const_cast<Live*>(std::as_const(*this).current()); }

Link::Live* Link::find(std::uint64_t serial) {
  for (auto& live : sessions_)
    if (live->serial == serial) return live.get();
  return nullptr;
}

bool Link::has_session(wire::SessionTag tag) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const auto& live) { return live->session.tag() == tag; });
}

bool Link::has_session_of(std::uint64_t id) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& live) { return live->session.id() == id; });
}

std::vector<wire::SessionTag> Link::session_tags() const {
  std::vector<wire::SessionTag> out;
  for (const auto& live : sessions_) out.push_back(live->session.tag());
  return out;
}

std::optional<Instant> Link::session_since() const {
  const Live* live = current();
  return live != nullptr ? std::optional(live->session.made_at()) : std::nullopt;
}

std::uint32_t Link::base_c() const {
  const Live* live = current();
  DETENTE_CHECK(live != nullptr);
  return live->session.first().c;
}

// --- in ----------------------------------------------------------------------

std::optional<Link::Received> Link::on_packet(Context& context, PathId path,
                                              const wire::ParsedPacket& packet) {
  for (auto& live : sessions_) {
    if (live->session.tag() != packet.header.session) continue;
    link::PathReceiver::Opened opened = live->session.open(context.now.mono, path, packet);
    if (opened.outcome == link::PathReceiver::Outcome::kNotOurs) continue;
    if (opened.outcome == link::PathReceiver::Outcome::kInnerBad) {
      context.effects.notify(Alarm{peer_, AlarmKind::kInnerSeal,
                                   "a packet whose outer seal was good and whose inner seal was not; "
                                   "one of the two ciphers or its keys is broken"});
      return std::nullopt;
    }
    // Another session of the same tag may find it new: no tag was verified yet.
    if (opened.outcome == link::PathReceiver::Outcome::kReplay) continue;
    if (context.audit != nullptr) context.audit->opened(live->session.id(), path, opened.counter);
    live->last_received = context.now.mono;
    heard(context, path);
    if (!live->confirmed) {
      adopt_psk(context, live->session.first().epoch);
      attempts_.clear();  // they called and we answered: our own call is moot
      next_try_.reset();
      tries_ = 0;
      confirm_session(context, *live);
    }
    Received out;
    out.base_c = live->session.first().c;
    out.session = live->serial;
    out.path = path;
    out.newest = opened.newest && live.get() == current();
    take_frames(context, *live, path, opened.counter, opened.payload, out);
    return out;
  }
  return std::nullopt;
}

void Link::take_frames(Context& context, Live& live, PathId path, std::uint64_t counter,
                       ByteView payload, Received& out) {
  wire::ParsedFrames parsed = wire::parse_frames(payload);
  if (parsed.fault)
    context.effects.notify(Alarm{peer_, AlarmKind::kBadEntry, parsed.fault->message});
  const bool wanted = std::any_of(parsed.frames.begin(), parsed.frames.end(), is_acknowledged);
  live.received[path].received(context.now.mono, counter, wanted);
  last_serial_ = live.serial;
  last_path_ = path;
  std::optional<Bytes> farewell;
  for (wire::Frame& frame : parsed.frames) {
    switch (frame.type) {
      case wire::FrameType::kProbe: answer_probe(context, live, path, frame.body); break;
      case wire::FrameType::kPathAck: take_ack(context, live, frame, out); break;
      case wire::FrameType::kClose: farewell = std::move(frame.body); break;
      case wire::FrameType::kFragment:
        if (auto whole = live.parcels.add(frame); !whole) {
          context.effects.notify(Alarm{peer_, AlarmKind::kBadEntry, whole.error().message});
        } else if (*whole) {
          out.frames.push_back(std::move(**whole));
        }
        break;
      default: out.frames.push_back(std::move(frame));
    }
  }
  if (farewell) left(context, live, *farewell);
}

void Link::left(Context& context, const Live& live, ByteView words) {
  std::erase_if(sessions_, [&](const auto& other) { return other.get() == &live; });
  if (current() != nullptr) return;
  words = words.first(std::min(words.size(), kFarewellBytesMax));
  farewell_ = {context.now.mono, wire::display_line(as_string(words))};
  if (!up_) return;
  up_ = false;
  context.effects.notify(LinkChanged{peer_, false});
}

void Link::acknowledge_last(Instant now) {
  Live* live = find(last_serial_);
  if (live == nullptr) return;
  if (const auto it = live->received.find(last_path_); it != live->received.end()) it->second.owe(now);
}

void Link::take_ack(Context& context, const Live& live, const wire::Frame& frame, Received& out) {
  const Result<link::PathAck> ack = link::decode_path_ack(frame.body);
  if (!ack || paths_.find(ack->path) == nullptr) {
    context.effects.notify(Alarm{peer_, AlarmKind::kBadEntry,
                                 ack ? "an acknowledgement of a path that the accord does not have"
                                     : ack.error().message});
    return;
  }
  if (live.serial != sending_serial_) return;
  PathState& path = paths_.at(ack->path);
  const Instant now = context.now.mono;
  std::uint64_t highest = 0;
  for (const link::CounterRange& range : ack->ranges)
    for (std::uint64_t counter :
         path.flow.acknowledged_range(now, range.first, range.last, ack->delay, &range == &ack->ranges.front())) {
      out.acknowledged.push_back({path.id, counter, live.serial});
      highest = std::max(highest, counter);
    }
  if (out.acknowledged.empty()) return;
  paths_.confirmed(now, path.id);
  if (Live* current = find(live.serial)) current->session.confirm(path.id, highest);
  for (std::uint64_t counter : path.flow.detect_lost(now, highest))
    out.lost.push_back({path.id, counter, live.serial});
}

void Link::heard(Context& context, PathId path) {
  last_heard_ = context.now.mono;
  paths_.heard(context.now.mono, path);
  if (!up_ && ready()) {
    up_ = true;
    ++arrivals_;
    context.effects.notify(LinkChanged{peer_, true});
  }
}

// --- out ---------------------------------------------------------------------

std::size_t Link::room_on(PathId id) const {
  const PathState* path = paths_.find(id);
  DETENTE_CHECK(path != nullptr);
  std::size_t bytes = path->packet_bytes;
  const link::PathTerms& terms = path->flow.terms();
  if (terms.packet_bytes > 0) {
    bytes = std::max(kPacketBytesLeast, std::min(bytes, terms.packet_bytes));
  } else if (terms.rate_bps > 0 && path->flow.bearer_time(bytes) > kPacketMost) {
    const auto carried = terms.rate_bps * static_cast<std::uint64_t>(kPacketMost.count()) / 8'000'000;
    bytes = std::clamp<std::size_t>(carried - std::min<std::size_t>(carried, terms.framing_bytes), kPacketBytesLeast, bytes);
  }
  return bytes - overhead();
}

bool Link::greets_first() const { return bearer_time() > kGreetFirst; }

std::size_t Link::room(const Paths::Allowed* allowed) {
  return room_on(paths_.best(allowed != nullptr ? *allowed : kEveryPath).id);
}

void Link::use(Instant now, const Live& live) {
  if (live.serial == sending_serial_) return;
  sending_serial_ = live.serial;
  paths_.new_session(now);
}

bool Link::seal_on(Context& context, Live& live, PathState& path,
                   const std::vector<wire::Frame>& frames, Tracked tracked,
                   std::vector<SentPacket>& sent) {
  const Instant now = context.now.mono;
  live.session.rekey_if_due(now, path.id, setup_.policy.rekey_packets, setup_.policy.rekey_age);
  SentPacket packet{path.id, 0, live.serial};
  Result<Bytes> datagram = live.session.seal(path.id, wire::encode_frames(frames), packet.counter);
  if (!datagram) {  // counter used up
    no_answer(context);
    return false;
  }
  if (context.audit != nullptr) context.audit->sealed(live.session.id(), path.id, packet.counter);
  packet.left = path.flow.occupied(now, datagram->size());
  if (tracked != Tracked::kNo) path.flow.sent(now, packet.counter, datagram->size(), tracked == Tracked::kDocument);
  context.effects.send(peer_, path.id, std::move(*datagram));
  sent.push_back(packet);
  live.used = true;
  return true;
}

void Link::send_on(Context& context, Live& live, PathState& path,
                   const std::vector<wire::Frame>& frames, Tracked tracked,
                   std::vector<SentPacket>& sent) {
  const std::size_t room = room_on(path.id);
  std::vector<wire::Frame> packet;
  std::size_t size = 0, all = 0;
  const auto flush = [&] {
    if (!packet.empty()) seal_on(context, live, path, packet, tracked, sent);
    packet.clear();
    size = 0;
  };
  if (live.owes_contact) {
    live.owes_contact = false;
    wire::Frame answer{wire::FrameType::kContact, wire::FrameClass::kLive, false, {2}};
    append(answer.body, contact_->digest());
    size = wire::frame_size(answer);
    packet.push_back(std::move(answer));
  }
  for (const wire::Frame& frame : frames) {
    const std::size_t bytes = wire::frame_size(frame);
    all += bytes;
    if (bytes > room && link::may_be_cut(frame.type)) {
      flush();
      for (wire::Frame& part : link::cut_into_fragments(frame, live.next_parcel++, room))
        seal_on(context, live, path, {std::move(part)}, tracked, sent);
      continue;
    }
    if (size + bytes > room) flush();
    packet.push_back(frame);
    size += bytes;
  }
  if (!packet.empty()) flush();
  if (all > room) try_larger_packets(context, path);
}

std::vector<SentPacket> Link::send(Context& context, const std::vector<wire::Frame>& frames,
                                   const SendTerms& terms) {
  std::vector<SentPacket> sent;
  Live* live = current();
  if (live == nullptr) return sent;
  use(context.now.mono, *live);
  const Paths::Allowed& allowed = terms.allowed != nullptr ? *terms.allowed : kEveryPath;
  if (!terms.all_paths && !terms.brisk_paths) {
    PathState* path = terms.answer_on ? &paths_.at(*terms.answer_on) : nullptr;
    if (path == nullptr || path->suspect) path = &paths_.best(allowed);
    send_on(context, *live, *path, frames, terms.tracked, sent);
    if (terms.more) try_larger_packets(context, *path);
    return sent;
  }
  const PathId best = paths_.best(allowed).id;
  for (PathState& path : paths_.all()) {
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), path.id) == allowed.end()) continue;
    if (!terms.all_paths && path.id != best && path.flow.bearer_time(room_on(path.id)) > kBriskPacket) continue;
    send_on(context, *live, path, frames, terms.tracked, sent);
  }
  return sent;
}

void Link::confirm(Context& context, const std::vector<SentPacket>& packets, Arrival arrival) {
  for (const SentPacket& packet : packets) {
    Live* live = find(packet.session);
    const bool counted = packet.session == sending_serial_;
    PathState& path = paths_.at(packet.path);
    if (arrival == Arrival::kUnknown) {
      if (counted) path.flow.release(packet.counter);
      continue;
    }
    if (live != nullptr) live->session.confirm(packet.path, packet.counter);
    // Those before the last waited for their turn on the way: only its age is a round trip.
    if (counted)
      path.flow.acknowledged(context.now.mono, packet.counter, {}, arrival == Arrival::kMeasured && &packet == &packets.back());
    paths_.confirmed(context.now.mono, packet.path);
  }
}

void Link::missed(Context& context, const std::vector<SentPacket>& packets, bool timed_out) {
  for (const SentPacket& packet : packets) {
    if (packet.session != sending_serial_) continue;
    paths_.at(packet.path).flow.lost(context.now.mono, packet.counter);
    if (timed_out) paths_.timed_out(context.now.mono, packet.path);
  }
}

bool Link::may_send(Instant now, const Paths::Allowed& allowed) const {
  return ready() && paths_.choose(allowed).flow.may_send(now);
}

bool Link::may_send_document(Instant now, const Paths::Allowed& allowed) const {
  return ready() && paths_.choose(allowed).flow.may_send_document(now);
}

bool Link::may_go_on(Instant now, const Paths::Allowed& allowed) const {
  return ready() && paths_.choose(allowed).flow.may_go_on(now);
}

std::optional<Instant> Link::may_send_at(const Paths::Allowed& allowed) const {
  return paths_.choose(allowed).flow.may_send_at();
}

Duration Link::timeout(unsigned tries) const {
  return paths_.find(paths_.best_id())->flow.round_trip().timeout(tries);
}

Duration Link::steady_timeout(unsigned tries) const {
  return paths_.find(paths_.best_id())->flow.round_trip().steady_timeout(tries);
}

Duration Link::bearer_time(const Paths::Allowed& allowed) const {
  const PathState& best = paths_.choose(allowed);
  return best.flow.bearer_time(room_on(best.id) + overhead());
}

Duration Link::round_trip() const {
  const link::RoundTrip& best = paths_.find(paths_.best_id())->flow.round_trip();
  return best.known() ? best.smoothed() : Duration(std::chrono::seconds(1));
}

}  // namespace detente::core
