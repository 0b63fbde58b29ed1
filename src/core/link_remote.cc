// Link: another station at the other end, or none (spec/session.md section 9), and another accord there
// (spec/amendment.md section 4).
//
// Whoever took a station has the key under which calls of that pair are checked first. So where one was
// revoked, at either end, no call draws a notice that an accord differs, and one of an epoch that is spent draws its notice each time.
#include "core/link.h"

#include "crypto/hash.h"

namespace detente::core {

void Link::set_remote(Context& context, const RemoteKeys& keys) {
  const bool same = remote_.current == keys.current;
  remote_ = keys;
  if (same) return;
  if (keys.current) {
    setup_.pair.remote_static = *keys.current;
    if (psk_ && bind_last_c(*keys.current)) context.effects.persist({state_batch()}, {}, {});
  }
  unread_c_ = 0;
  sessions_.clear();
  attempts_.clear();
  next_try_.reset();
  tries_ = 0;
  other_accord_.reset();
  farewell_.reset();
  paths_.new_station();
  if (up_) {
    up_ = false;
    context.effects.notify(LinkChanged{peer_, false});
  }
  if (psk_) begin_handshake(context);  // else start() will
}

std::string Link::heard_key_name() const {
  return "heard-key/" + to_hex(setup_.lineage) + "/" + setup_.counterpart;
}

// What was recorded of a former station does not read under a new key, and the new one's clock counts alone. The key may
// have changed while this station stood.
bool Link::bind_last_c(const crypto::AgreePublic& key) {
  const Digest digest = crypto::sha256({ByteView(key)});
  if (heard_key_ == digest) return false;
  heard_key_ = digest;
  state_.responder_last = 0;
  return true;
}

bool Link::reads(Context& context, const link::FirstPacket& packet, ByteView psk) const {
  return link::answer_first_packet(setup_.pair, setup_.keys.ours, packet, psk, {}, context.keys).has_value();
}

bool Link::may_be_answered(Context& context, PathId path, const link::FirstPacket& packet) {
  const std::uint16_t mine = psk_->epoch();
  if (!lost() && packet.counter.epoch < mine) {  // the new station catches up by this
    context.effects.send(peer_, path, epoch_notice(packet));
    return false;
  }
  const Result<SecretBytes> psk = psk_->at(packet.counter.epoch);
  if (!psk) {
    if (!lost() && may_be_moved(context)) adopt_psk(context, static_cast<std::uint16_t>(mine + accord::PskChain::kStepsMax));
    return false;
  }
  if (!lost() && reads(context, packet, psk->view())) return true;
  note_revoked(context, packet, psk->view());
  return false;
}

Bytes Link::epoch_notice(const link::FirstPacket& packet) const {
  const std::uint16_t mine = psk_->epoch();
  ByteArray<32> data{};
  data[0] = static_cast<std::uint8_t>(mine >> 8);
  data[1] = static_cast<std::uint8_t>(mine);
  return link::encode_notice({setup_.keys.ours.hint, packet.counter, link::NoticeCode::kEpochSpent, data}, setup_.keys.ours);
}

void Link::note_revoked(Context& context, const link::FirstPacket& packet, ByteView psk) {
  link::PairConfig pair = setup_.pair;
  for (const crypto::AgreePublic& key : remote_.revoked) {
    pair.remote_static = key;
    if (!link::answer_first_packet(pair, setup_.keys.ours, packet, psk, {}, context.keys)) continue;
    ++revoked_calls_.count;
    revoked_calls_.last = context.now.mono;
    context.effects.notify(Alarm{peer_, AlarmKind::kRevoked,
                                 "a station calls whose keys " + setup_.counterpart +
                                     " has revoked: it gets no answer, and nothing of it is taken"});
    return;
  }
}

void Link::note_revoked_file(Context& context) {
  ++revoked_calls_.files;
  context.effects.notify(Alarm{peer_, AlarmKind::kRevoked,
                               "a courier file was brought that a station made whose keys " + setup_.counterpart +
                                   " has revoked: nothing of it is taken"});
}

// --- the accord that is held beside the one in force ---------------------------------

void Link::set_successor(const std::optional<Digest>& accord) {
  if (successor_ == accord) return;
  successor_ = accord;
  // What was heard under the digest before may have been this one.
  successor_in_use_ = accord && other_accord_ == accord;
}

bool Link::reads_as_successor(Context& context, const link::FirstPacket& packet, ByteView psk) const {
  if (!successor_) return false;
  link::PairConfig pair = setup_.pair;
  pair.accord = *successor_;
  return link::answer_first_packet(pair, setup_.keys.ours, packet, psk, {}, context.keys).has_value();
}

}  // namespace detente::core
