// Link: calling and answering. spec/session.md sections 3, 4, 7 and 8.
#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "core/link.h"
#include "crypto/hash.h"

namespace detente::core {

namespace {

constexpr std::uint32_t kCounterBlock = 64;  // counters reserved by one commit
constexpr std::size_t kAttemptsMax = 4;      // a reply may be slower than our patience
constexpr unsigned kTriesMax = 32;
// So far a clock lifts c (the year 2097). One that once showed the last second that there is leaves more calls than a station makes.
constexpr std::uint32_t kLiftedMost = UINT32_MAX - (std::uint32_t{1} << 28);
constexpr Duration kUsedUpPause = std::chrono::seconds(30);
// Two minutes of calls, as of a suspect path's probes: a minute's hole must not cost half of one more when it heals.
constexpr unsigned kBriskTries = 24;
constexpr Duration kBriskPause = std::chrono::seconds(5);
// What was called without an answer for so long (seven seconds) is called into a hole, not over a slow path that its queue of
// calls would fill: the same first packet goes again until the next one, as often as a suspect path is probed. To its
// receiver every copy but the first is a replay, which costs it neither a commit nor a key agreement.
constexpr unsigned kTriesBeforeRepeats = 4;
constexpr Duration kRepeatPause = std::chrono::milliseconds(700);
constexpr std::size_t kFirstPacketBytes = 83;
constexpr Duration kOtherAccordPatience = std::chrono::seconds(30);

// The pause between first packets, at least `least`. They go over all paths, and must not fill the slowest.
Duration pause_between(const Paths& paths, Duration least) {
  Duration out = std::max(least, paths.find(paths.best_id())->flow.round_trip().smoothed() * 4);
  for (const PathState& path : paths.all()) out = std::max(out, path.flow.bearer_time(kFirstPacketBytes) * 3);
  return out;
}

// Nor is a call answered before it has left the fastest, and the answer has come.
Duration first_pause(const Paths& paths) {
  std::optional<Duration> out;
  for (const PathState& path : paths.all()) {
    const Duration call = path.flow.bearer_time(kFirstPacketBytes);
    out = std::min(out.value_or(call), call);
  }
  return out.value_or(Duration(0)) * 3;
}

}  // namespace

void Link::start(Context& context, record::Fence fence, ContactSource& contact) {
  fence_ = fence;
  contact_ = &contact;
  if (auto stored = context.store.link_state(setup_.lineage, setup_.counterpart)) {
    state_ = std::move(*stored);
    psk_.emplace(state_.psk_epoch, SecretBytes(std::exchange(state_.psk, {})));
  } else {
    psk_.emplace(std::uint16_t{0}, std::move(setup_.first_psk));
    state_.psk_since = context.now.wall;
  }
  if (mutant(Mutant::kCounterReused)) state_.initiator_reserved = 0;
  if (mutant(Mutant::kFirstPacketReplayed)) state_.responder_last = 0;
  next_c_ = reserved_durably_ = state_.initiator_reserved;
  if (const auto key = context.store.value(heard_key_name())) heard_key_ = to_array<32>(*key).value_or(Digest{});
  if (!heard_key_) heard_key_ = crypto::sha256({ByteView(setup_.pair.remote_static)});  // a store of before, or a new one
  if (remote_.current) bind_last_c(*remote_.current);
  begin_handshake(context);
}

record::Batch Link::state_batch() const {
  record::LinkState state = state_;
  state.psk_epoch = psk_->epoch();
  state.psk = to_bytes(psk_->psk());
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutLinkState{setup_.lineage, setup_.counterpart, std::move(state)});
  if (heard_key_) batch.writes.push_back(record::PutValue{heard_key_name(), to_bytes(*heard_key_)});
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
  if (lost() || dark_) return;
  const std::uint32_t c = std::max(next_c_, std::min(context.now.wall.seconds, kLiftedMost));
  if (c == UINT32_MAX) {  // used up: the other station calls
    next_try_ = context.now.mono + kUsedUpPause;
    repeat_at_.reset();
    return;
  }
  next_c_ = c + 1;
  const std::uint32_t wall = context.now.wall.seconds;
  const std::uint32_t since = state_.psk_since.seconds;
  const bool step = since > wall || wall - since >= setup_.policy.secret_step_seconds;
  std::uint16_t epoch = psk_->epoch();
  if (step && epoch < UINT16_MAX) ++epoch;
  const Result<SecretBytes> psk = psk_->at(epoch);
  DETENTE_CHECK(psk.has_value());
  attempts_.push_back(link::OutgoingHandshake::start(setup_.pair, setup_.keys.ours, {epoch, c},
                                                     !contact_->made(), psk->view(), context.keys));
  if (attempts_.size() > kAttemptsMax) attempts_.pop_front();

  const Duration doubled = tries_ < kBriskTries ? std::min(timeout(tries_), pause_between(paths_, kBriskPause)) : timeout(tries_);
  const Duration patience = std::max(other_accord_ ? kOtherAccordPatience : doubled, first_pause(paths_));
  const Duration jitter{static_cast<std::int64_t>(
      context.jitter.below(static_cast<std::uint64_t>(patience.count() / 4 + 1)))};
  next_try_ = context.now.mono + patience + jitter;
  repeat_at_.reset();
  tries_ = std::min(tries_ + 1, kTriesMax);

  if (c < reserved_durably_) {
    send_first_packets(context);
    return;
  }
  // While the reservation is under way nothing may be called with: a crash would forget it.
  const std::uint32_t bound = c < UINT32_MAX - kCounterBlock ? c + kCounterBlock : UINT32_MAX;
  state_.initiator_reserved = std::max(state_.initiator_reserved, bound);
  context.effects.persist({state_batch()},
                          [this, reserved = state_.initiator_reserved](Context& then) {
                            reserved_durably_ = std::max(reserved_durably_, reserved);
                            state_.initiator_reserved = std::max(state_.initiator_reserved, reserved);  // one before it failed
                            send_first_packets(then);
                          },
                          [this](Context&, const Error&) {
                            state_.initiator_reserved = reserved_durably_;
                            attempts_.clear();
                          });
}

void Link::send_first_packets(Context& context) {
  repeat_at_.reset();
  if (attempts_.empty()) return;  // answered meanwhile, by their own call
  // The newest may be of a later bound, whose commit comes: what is on the disk is that of one before it.
  if (attempts_.back().counter().c >= reserved_durably_) return;
  called_at_ = attempts_.size() == 1 && tries_ < kTriesBeforeRepeats ? std::optional(context.now.mono) : std::nullopt;
  if (tries_ >= kTriesBeforeRepeats && tries_ <= kBriskTries && !ready())
    repeat_at_ = context.now.mono + pause_between(paths_, kRepeatPause);
  for (PathId path : setup_.pair.paths)
    context.effects.send(peer_, path, attempts_.back().first_packet());
}

void Link::on_reply(Context& context, PathId path, const link::ReplyPacket& packet) {
  for (const link::OutgoingHandshake& attempt : attempts_) {
    if (attempt.counter().c != packet.counter.c || attempt.counter().epoch != packet.counter.epoch)
      continue;
    Result<link::OutgoingHandshake::Finished> finished = attempt.finish(packet.noise);
    if (!finished) return;  // anybody can send such a thing
    const link::FirstCounter first = attempt.counter();
    attempts_.clear();
    next_try_.reset();
    tries_ = 0;
    other_accord_.reset();
    take_last_c(context, finished->payload.last_c);
    adopt_psk(context, first.epoch);
    Live& live = add_session(context, std::move(finished->handshake), crypto::Role::kInitiator, first);
    const std::optional<link::ContactPayload>& contact = finished->payload.contact;
    if (contact && contact->answer_wanted) {
      leave_former_sessions(context.now.mono, live.serial);
      live.owes_contact = true;
    }
    heard(context, path);
    // The other side's commit is in it, as in a receipt.
    if (called_at_ && !paths_.at(path).flow.round_trip().known())
      paths_.at(path).flow.probed(context.now.mono, context.now.mono - *called_at_);
    confirm_session(context, live);
    if (contact) {
      contact_->told(context, contact->digest);
    } else {
      contact_->not_told(context);
    }
    return;
  }
}

// The other side has called with these, and they are answered by the session that there is now: who recorded one that did
// not arrive draws nothing with it. Where this is lost in a crash, the next reply says it again.
void Link::take_last_c(Context& context, std::uint32_t last_c) {
  if (last_c <= state_.responder_last) return;
  state_.responder_last = last_c;
  context.effects.persist({state_batch()}, {}, {});
}

void Link::on_notice(Context& context, ByteView datagram) {
  const auto notice = link::parse_notice(datagram, setup_.keys.theirs);
  if (!notice || attempts_.empty()) return;
  const bool outstanding = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& attempt) {
    return attempt.counter().c == notice->counter.c;
  });
  if (!outstanding) return;
  if (notice->code == link::NoticeCode::kEpochSpent) return on_epoch_notice(context, static_cast<std::uint16_t>(read_be(ByteView(notice->data).first(2))));
  // Who has a revoked station can answer calls by notices, too: they take away no call, and the
  // digest that one names says nothing.
  if (in_other_hands()) return;
  attempts_.clear();
  if (successor_ && *successor_ == notice->data) successor_in_use_ = true;
  if (other_accord_ != notice->data && !successor_in_use_) {
    other_accord_ = notice->data;
    const std::string words =
        notice->data == setup_.pair.accord
            ? "the other station holds the same accord and cannot read this one's calls: the programs are of versions that do not "
              "fit, or the keys of one of the two are not those that the accord and its credentials name. Compare `detente --version` "
              "and the credentials of both stations"
            : "the other station holds accord " + to_hex(notice->data) + ", this one holds " + to_hex(setup_.pair.accord) +
                  "; compare the two texts and sign one of them together";
    context.effects.notify(Alarm{peer_, AlarmKind::kOtherAccord, words});
  }
  next_try_ = context.now.mono + kOtherAccordPatience;
}

// One that names nothing later changes nothing: were it answered by a call, the two would call and answer without a pause.
void Link::on_epoch_notice(Context& context, std::uint16_t theirs) {
  if (theirs <= psk_->epoch() || !may_be_moved(context)) return;
  const unsigned steps = std::min<unsigned>(theirs - psk_->epoch(), accord::PskChain::kStepsMax);
  adopt_psk(context, static_cast<std::uint16_t>(psk_->epoch() + steps));
  attempts_.clear();
  tries_ = 0;
  begin_handshake(context);
}

bool Link::may_be_moved(Context& context) {
  if (moves_.take(context.now.mono)) return true;
  if (moves_.newly_refused())
    context.effects.notify(Alarm{peer_, AlarmKind::kRate, "the other station moves the secret forward more often than is followed here"});
  return false;
}

// --- answering -------------------------------------------------------------

bool Link::on_first_packet(Context& context, PathId path, const link::FirstPacket& packet) {
  if ((dark_ && !mutant(Mutant::kDarkAnswered)) || packet.counter.c <= state_.responder_last)
    return false;  // a replay, or older than one that was taken
  if (!looks_.take(context.now.mono)) return false;
  if ((lost() || in_other_hands()) && !may_be_answered(context, path, packet)) return false;
  const std::uint16_t mine = psk_->epoch();
  if (packet.counter.epoch < mine) {
    if (!note_unread(context, path, packet.counter.c)) return false;
    paths_.call_answered(context.now.mono, path);
    context.effects.send(peer_, path, epoch_notice(packet));
    return true;
  }
  const Result<SecretBytes> psk = psk_->at(packet.counter.epoch);
  if (!psk) {  // too far ahead for one step: an old backup catches up call by call
    if (!may_be_moved(context)) return false;
    adopt_psk(context, static_cast<std::uint16_t>(mine + accord::PskChain::kStepsMax));
    return note_unread(context, path, packet.counter.c);
  }
  const bool tell = may_tell(context.now.mono, packet);
  link::ReplyPayload payload{next_c_ == 0 ? 0 : next_c_ - 1, {}};
  if (tell) payload.contact = link::ContactPayload{!contact_->made(), contact_->digest()};
  Result<link::Answer> answer = link::answer_first_packet(setup_.pair, setup_.keys.ours, packet,
                                                          psk->view(), payload, context.keys);
  if (!answer && reads_as_successor(context, packet, psk->view())) {
    successor_in_use_ = true;
    heard_call(context, path, packet.counter.c);
    context.effects.persist({state_batch()}, {}, {});  // it calls again, and is answered under that accord then
    return true;
  }
  if (!answer) {
    paths_.call_unread(path);
    if (!note_unread(context, path, packet.counter.c)) return false;
    context.effects.send(peer_, path,
                         link::encode_notice({setup_.keys.ours.hint, packet.counter, link::NoticeCode::kOtherAccord,
                                              setup_.pair.accord},
                                             setup_.keys.ours));
    return true;
  }
  heard_call(context, path, packet.counter.c);  // also of one that is refused now: a recording of it is stale
  if (!calls_.take(context.now.mono)) {
    if (calls_.newly_refused())
      context.effects.notify(Alarm{peer_, AlarmKind::kRate,
                                   "the other station calls more often than is answered here"});
    return false;
  }
  other_accord_.reset();
  paths_.call_answered(context.now.mono, path);
  Live& live = add_session(context, std::move(answer->handshake), crypto::Role::kResponder, packet.counter);
  for (const link::OutgoingHandshake& attempt : attempts_) live.crossed.push_back(attempt.counter().c);
  // What comes on an older session now is from the caller's life before, and could be told after what
  // this reply says is held.
  if (packet.first_of_life && tell) leave_former_sessions(context.now.mono, live.serial);
  // The reply must not leave before the counter is on disk: else a crash here would
  // answer the same packet twice.
  context.effects.persist({state_batch()},
                          [this, reply = std::move(answer->reply)](Context& then) {
                            if (dark_ && !mutant(Mutant::kDarkAnswered)) return;
                            for (PathId on : setup_.pair.paths) then.effects.send(peer_, on, reply);
                          },
                          {});
  return true;
}

void Link::heard_call(Context& context, PathId path, std::uint32_t c) {
  farewell_.reset();
  paths_.called(context.now.mono, path);
  state_.responder_last = c;
}

// Whoever has K_mac alone makes such calls with any c: they close the way to none that reads. A copy draws nothing, though.
bool Link::note_unread(Context& context, PathId path, std::uint32_t c) {
  if (c <= unread_c_) return false;
  unread_c_ = c;
  farewell_.reset();
  paths_.called(context.now.mono, path);
  return true;
}

// Nothing is told where it would cost a session, or the courier files of one: the call may be an old one that was held
// back on the way, which nobody goes on with. Who made it asks on the new session what is held here.
bool Link::may_tell(Instant now, const link::FirstPacket& packet) const {
  if (!packet.first_of_life) return !contact_->made();
  const auto young = [&](const Live& live) { return now - live.session.made_at() <= kFormerLife; };
  if (std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& live) { return live->confirmed && !young(*live); })) return false;
  return std::all_of(known_sessions_.begin(), known_sessions_.end(), [&](const KnownSession& known) {
    const auto live = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& one) { return one->serial == known.serial; });
    return !known.confirmed || (live != sessions_.end() && young(**live));
  });
}

}  // namespace detente::core
