#include "core/link.h"

#include <algorithm>

#include "base/check.h"
#include "wire/reader.h"

namespace detente::core {

namespace {

constexpr std::uint32_t kCounterBlock = 64;      // counters reserved by one commit
constexpr std::size_t kAttemptsMax = 4;          // a reply may be slower than our patience
constexpr Duration kReplacedKept = std::chrono::seconds(30);
constexpr unsigned kTriesMax = 16;
constexpr std::ptrdiff_t kUnconfirmedMax = 4;

}  // namespace

Link::Link(PeerId peer, LinkSetup setup) : peer_(peer), setup_(std::move(setup)) {}

void Link::start(Context& context, record::Fence fence) {
  fence_ = fence;
  if (auto stored = context.store.link_state(setup_.lineage, setup_.counterpart)) {
    state_ = std::move(*stored);
    psk_.emplace(state_.psk_epoch, SecretBytes(std::exchange(state_.psk, {})));
  } else {
    psk_.emplace(std::uint16_t{0}, std::move(setup_.first_psk));
    state_.psk_since = context.now.wall;
  }
  next_c_ = state_.initiator_reserved;
  begin_handshake(context);
}

record::Batch Link::state_batch() const {
  record::LinkState state = state_;
  state.psk_epoch = psk_->epoch();
  state.psk = to_bytes(psk_->psk());
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutLinkState{setup_.lineage, setup_.counterpart, std::move(state)});
  return batch;
}

void Link::adopt_psk(Context& context, std::uint16_t epoch) {
  if (epoch <= psk_->epoch()) return;
  const Result<void> moved = psk_->advance_to(epoch);
  DETENTE_CHECK(moved.has_value());  // callers keep within the steps of one handshake
  state_.psk_since = context.now.wall;
  context.effects.persist({state_batch()}, {}, {});
}

// --- calling ---------------------------------------------------------------

void Link::begin_handshake(Context& context) {
  const std::uint32_t c = std::max(next_c_, context.now.wall.seconds);
  next_c_ = c + 1;
  const std::uint32_t wall = context.now.wall.seconds;
  const std::uint32_t since = state_.psk_since.seconds;
  const bool step = since > wall || wall - since >= setup_.policy.secret_step_seconds;
  std::uint16_t epoch = psk_->epoch();
  if (step && epoch < UINT16_MAX) ++epoch;
  const Result<SecretBytes> psk = psk_->at(epoch);
  DETENTE_CHECK(psk.has_value());
  attempts_.push_back(link::OutgoingHandshake::start(setup_.pair, setup_.keys.ours, {epoch, c},
                                                     psk->view(), context.keys));
  if (attempts_.size() > kAttemptsMax) attempts_.pop_front();

  const Duration patience = other_accord_ ? std::chrono::seconds(30) : round_trip_.timeout(std::min(tries_, 5u));
  const Duration jitter{static_cast<std::int64_t>(
      context.jitter.below(static_cast<std::uint64_t>(patience.count() / 4 + 1)))};
  next_try_ = context.now.mono + patience + jitter;
  tries_ = std::min(tries_ + 1, kTriesMax);

  if (c < state_.initiator_reserved) {
    send_first_packets(context);
    return;
  }
  state_.initiator_reserved = c + kCounterBlock;
  context.effects.persist({state_batch()}, [this](Context& then) { send_first_packets(then); }, {});
}

void Link::send_first_packets(Context& context) {
  if (attempts_.empty()) return;  // answered meanwhile, by their own call
  for (PathId path : setup_.pair.paths)
    context.effects.send(peer_, path, attempts_.back().first_packet());
}

void Link::on_reply(Context& context, const link::ReplyPacket& packet) {
  for (const link::OutgoingHandshake& attempt : attempts_) {
    if (attempt.counter().c != packet.counter.c || attempt.counter().epoch != packet.counter.epoch)
      continue;
    Result<crypto::NoiseHandshake> handshake = attempt.finish(packet.noise);
    if (!handshake) return;  // anybody can send such a thing
    const link::FirstCounter first = attempt.counter();
    const bool crossed = std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& live) {
      return live->crossed && !live->replaced;
    });
    attempts_.clear();
    next_try_.reset();
    tries_ = 0;
    other_accord_.reset();
    adopt_psk(context, first.epoch);
    Live& live = add_session(context, std::move(*handshake), crypto::Role::kInitiator, first, crossed);
    heard(context, setup_.pair.paths[preferred_path_]);
    confirm_session(context, live);
    return;
  }
}

void Link::on_notice(Context& context, ByteView datagram) {
  const auto notice = link::parse_notice(datagram, setup_.keys.theirs);
  if (!notice || attempts_.empty()) return;
  const bool outstanding = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& attempt) {
    return attempt.counter().c == notice->counter.c;
  });
  if (!outstanding) return;
  attempts_.clear();
  if (notice->code == link::NoticeCode::kEpochSpent) {
    const auto theirs = static_cast<std::uint16_t>(read_be(ByteView(notice->data).first(2)));
    if (theirs > psk_->epoch()) {
      const unsigned steps = std::min<unsigned>(theirs - psk_->epoch(), accord::PskChain::kStepsMax);
      adopt_psk(context, static_cast<std::uint16_t>(psk_->epoch() + steps));
      tries_ = 0;
    }
    begin_handshake(context);
    return;
  }
  if (other_accord_ != notice->data) {
    other_accord_ = notice->data;
    context.effects.notify(Alarm{peer_, AlarmKind::kOtherAccord,
                                 "the other station holds accord " + to_hex(notice->data) +
                                     ", this one holds " + to_hex(setup_.pair.accord) +
                                     "; compare the two texts and sign one of them together"});
  }
  next_try_ = context.now.mono + std::chrono::seconds(30);
}

// --- answering -------------------------------------------------------------

void Link::on_first_packet(Context& context, PathId path, const link::FirstPacket& packet) {
  if (packet.counter.c <= state_.responder_last) return;  // a replay, or older than one that was taken
  state_.responder_last = packet.counter.c;
  const std::uint16_t mine = psk_->epoch();
  const auto notice = [&](link::NoticeCode code, ByteArray<32> data) {
    Bytes datagram = link::encode_notice(
        {setup_.keys.ours.hint, packet.counter, code, data}, setup_.keys.ours);
    context.effects.persist({state_batch()},
                            [peer = peer_, path, datagram = std::move(datagram)](Context& then) {
                              then.effects.send(peer, path, datagram);
                            },
                            {});
  };
  if (packet.counter.epoch < mine) {
    ByteArray<32> data{};
    data[0] = static_cast<std::uint8_t>(mine >> 8);
    data[1] = static_cast<std::uint8_t>(mine);
    return notice(link::NoticeCode::kEpochSpent, data);
  }
  const Result<SecretBytes> psk = psk_->at(packet.counter.epoch);
  if (!psk) {  // too far ahead for one step: an old backup catches up call by call
    adopt_psk(context, static_cast<std::uint16_t>(mine + accord::PskChain::kStepsMax));
    return;
  }
  Result<link::Answer> answer = link::answer_first_packet(setup_.pair, setup_.keys.ours, packet,
                                                          psk->view(), context.keys);
  if (!answer) {
    ByteArray<32> digest = setup_.pair.accord;
    return notice(link::NoticeCode::kOtherAccord, digest);
  }
  other_accord_.reset();
  add_session(context, std::move(answer->handshake), crypto::Role::kResponder, packet.counter,
              !attempts_.empty());
  // The reply must not leave before the counter is on disk: else a crash here would
  // answer the same packet twice.
  context.effects.persist({state_batch()},
                          [peer = peer_, path, reply = std::move(answer->reply)](Context& then) {
                            then.effects.send(peer, path, reply);
                          },
                          {});
}

// --- sessions --------------------------------------------------------------

Link::Live& Link::add_session(Context& context, crypto::NoiseHandshake handshake, crypto::Role role,
                              link::FirstCounter first, bool crossed) {
  // A counterpart that calls without end must not fill the memory: the oldest
  // answered call that was never used goes first.
  const auto unused = [](const auto& live) { return !live->confirmed; };
  if (std::count_if(sessions_.begin(), sessions_.end(), unused) >= kUnconfirmedMax)
    sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), unused));
  sessions_.push_back(std::make_unique<Live>(
      Live{link::Session(setup_.pair, std::move(handshake), role, first, context.now.mono),
           next_serial_++, false, crossed, false, false, context.now.mono}));
  return *sessions_.back();
}

void Link::confirm_session(Context& context, Live& live) {
  const bool was_ready = ready();
  live.confirmed = true;
  for (auto& other : sessions_) {
    if (other.get() == &live || !other->confirmed || other->replaced) continue;
    const bool keep_other = live.crossed && other->crossed && other->session.initiator_is_first() &&
                            !live.session.initiator_is_first();
    (keep_other ? live : *other).replaced = true;
  }
  if (!was_ready || !up_) {
    up_ = true;
    context.effects.notify(LinkChanged{peer_, true});
  }
}

void Link::greet(Context& context) {
  const Live* live = current();
  if (live != nullptr && !live->used && live->session.role() == crypto::Role::kInitiator)
    send_probe(context);
}

const Link::Live* Link::current() const {
  const Live* best = nullptr;
  for (const auto& live : sessions_)
    if (live->confirmed && !live->replaced) best = live.get();
  return best;
}

Link::Live* Link::current() { return const_cast<Live*>(std::as_const(*this).current()); }

bool Link::has_session(wire::SessionTag tag) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const auto& live) { return live->session.tag() == tag; });
}

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
    if (opened.outcome == link::PathReceiver::Outcome::kReplay) return std::nullopt;
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
    wire::ParsedFrames parsed = wire::parse_frames(opened.payload);
    if (parsed.fault)
      context.effects.notify(Alarm{peer_, AlarmKind::kBadEntry, parsed.fault->message});
    for (wire::Frame& frame : parsed.frames) {
      if (frame.type == wire::FrameType::kProbe) {
        answer_probe(context, frame);
      } else {
        out.frames.push_back(std::move(frame));
      }
    }
    return out;
  }
  return std::nullopt;
}

std::uint32_t Link::base_c() const {
  const Live* live = current();
  DETENTE_CHECK(live != nullptr);
  return live->session.first().c;
}

std::vector<SentPacket> Link::send(Context& context, const std::vector<wire::Frame>& frames,
                                   bool all_paths) {
  std::vector<SentPacket> sent;
  Live* live = current();
  if (live == nullptr) return sent;
  const Bytes payload = wire::encode_frames(frames);
  for (std::size_t i = 0; i < setup_.pair.paths.size(); ++i) {
    if (!all_paths && i != preferred_path_) continue;
    const PathId path = setup_.pair.paths[i];
    live->session.rekey_if_due(context.now.mono, path, setup_.policy.rekey_packets,
                               setup_.policy.rekey_age);
    SentPacket packet{path, 0, live->serial};
    Result<Bytes> datagram = live->session.seal(path, payload, packet.counter);
    if (!datagram) {  // counter used up
      no_answer(context);
      continue;
    }
    context.effects.send(peer_, path, std::move(*datagram));
    sent.push_back(packet);
  }
  live->used = true;
  last_sent_ = context.now.mono;
  return sent;
}

void Link::confirm(const SentPacket& packet) {
  for (auto& live : sessions_)
    if (live->serial == packet.session) live->session.confirm(packet.path, packet.counter);
}

void Link::heard(Context& context, PathId path) {
  last_heard_ = context.now.mono;
  for (std::size_t i = 0; i < setup_.pair.paths.size(); ++i)
    if (setup_.pair.paths[i] == path) preferred_path_ = i;
  if (!up_ && ready()) {
    up_ = true;
    context.effects.notify(LinkChanged{peer_, true});
  }
}

void Link::send_probe(Context& context) {
  Live* live = current();
  if (live == nullptr) return;
  const PathId path = setup_.pair.paths[preferred_path_];
  wire::Frame frame{wire::FrameType::kProbe, wire::FrameClass::kLive, false, {1}};
  wire::append_varint(frame.body, live->session.received_on(path));
  wire::append_varint(frame.body, static_cast<std::uint64_t>(context.now.mono.micros / 1000));
  static_cast<void>(send(context, {frame}, false));
}

void Link::answer_probe(Context& context, const wire::Frame& frame) {
  wire::ByteReader reader(frame.body);
  const auto flag = reader.u8();
  const auto received = reader.varint();
  const auto stamp = reader.varint();
  Live* live = current();
  if (!flag || !received || !stamp || live == nullptr) return;
  const PathId path = setup_.pair.paths[preferred_path_];
  if (*received > 0) live->session.confirm(path, *received - 1);
  if (*flag != 1) return;
  wire::Frame answer{wire::FrameType::kProbe, wire::FrameClass::kLive, false, {0}};
  wire::append_varint(answer.body, live->session.received_on(path));
  wire::append_varint(answer.body, *stamp);
  static_cast<void>(send(context, {answer}, false));
}

void Link::no_answer(Context& context) {
  if (setup_.pair.paths.size() > 1) preferred_path_ = (preferred_path_ + 1) % setup_.pair.paths.size();
  if (up_) {
    up_ = false;
    context.effects.notify(LinkChanged{peer_, false});
  }
  if (!next_try_) begin_handshake(context);
}

void Link::drop_old_sessions(Instant now) {
  std::erase_if(sessions_, [&](const auto& live) {
    const bool stale = now - live->last_received > kReplacedKept;
    return stale && (live->replaced || !live->confirmed);
  });
}

void Link::on_deadline(Context& context) {
  const Instant now = context.now.mono;
  drop_old_sessions(now);
  if (next_try_) {
    if (now >= *next_try_) begin_handshake(context);
    return;
  }
  const Live* live = current();
  if (live == nullptr || now - live->session.made_at() >= setup_.policy.fresh_handshake) {
    begin_handshake(context);
    return;
  }
  const Duration beat = setup_.policy.heartbeat;
  if (last_heard_ && now - *last_heard_ >= beat * 3) {
    no_answer(context);
  } else if (last_sent_ && now - *last_sent_ >= beat) {
    send_probe(context);
  }
}

std::optional<Instant> Link::next_deadline() const {
  if (next_try_) return next_try_;
  const Live* live = current();
  if (live == nullptr) return std::nullopt;
  Instant due = live->session.made_at() + setup_.policy.fresh_handshake;
  if (last_sent_) due = std::min(due, *last_sent_ + setup_.policy.heartbeat);
  if (last_heard_) due = std::min(due, *last_heard_ + setup_.policy.heartbeat * 3);
  return due;
}

}  // namespace detente::core
