#include "core/station.h"

#include "base/check.h"

namespace detente::core {

Station::Station(KeyRandom& keys, JitterRandom& jitter, record::Store& store)
    : keys_(&keys), jitter_(&jitter), store_(&store) {}

PeerId Station::add_peer(PeerSetup setup) {
  const PeerId id{static_cast<std::uint16_t>(peers_.size())};
  DETENTE_CHECK(setup.identity.peer == id);
  peers_.push_back(std::make_unique<Peer>(std::move(setup)));
  hints_.emplace(peers_.back()->their_hint(), id);
  return id;
}

Result<void> Station::start(Now now) {
  Context context = this->context(now);
  for (auto& peer : peers_) DETENTE_TRY_VOID(peer->start(context, *store_));
  return {};
}

template <typename Call>
bool Station::for_hint(SocketId socket, const link::Hint& hint, Call call) {
  const auto [begin, end] = hints_.equal_range(hint);
  for (auto it = begin; it != end; ++it) {
    Peer& peer = *peers_[it->second.value];
    const auto path = peer.path_on(socket);
    if (path && call(peer, *path)) return true;
  }
  return false;
}

std::optional<Station::Heard> Station::on_datagram(Now now, SocketId socket, ByteView datagram) {
  Context context = this->context(now);
  bool taken = false;
  std::optional<Heard> heard;
  if (const auto first = link::parse_first_packet(datagram)) {
    taken = for_hint(socket, first->hint, [&](Peer& peer, PathId path) {
      if (!link::check_mac(*first, peer.link().their_keys())) return false;
      if (!peer.on_first_packet(context, path, *first)) return false;
      heard = {peer.identity().peer, path};
      return true;
    });
  } else if (const auto reply = link::parse_reply_packet(datagram)) {
    taken = for_hint(socket, reply->hint, [&](Peer& peer, PathId path) {
      const std::uint64_t sessions = peer.link().session_count();
      peer.on_reply(context, path, *reply);
      return peer.link().session_count() != sessions;
    });
  } else if (datagram.size() == link::kNoticePacketSize && datagram[0] == wire::kNoticePacket) {
    taken = for_hint(socket, *to_array<4>(datagram.subspan(1, 4)), [&](Peer& peer, PathId) {
      peer.on_notice(context, datagram);
      return true;
    });
  } else if (const auto packet = wire::parse_packet(datagram)) {
    for (auto& peer : peers_) {
      const auto path = peer->path_on(socket);
      if (!path || !peer->has_session(packet->header.session)) continue;
      const auto newest = peer->on_packet(context, *path, *packet);
      taken = newest.has_value();
      if (!newest) continue;
      heard = {peer->identity().peer, *path, *newest};
      break;
    }
  }
  if (!taken) ++dropped_;  // strangers, noise, replays: not one byte is answered
  return heard;
}

void Station::close(Now now) {
  Context context = this->context(now);
  for (auto& peer : peers_) peer->close(context);
}

void Station::on_persisted(Now now, std::uint64_t token) {
  Context context = this->context(now);
  effects_.persisted(context, token);
}

void Station::on_persist_failed(Now now, std::uint64_t token, const Error& error) {
  Context context = this->context(now);
  effects_.persist_failed(context, token, error);
}

void Station::on_deadline(Now now) {
  Context context = this->context(now);
  for (auto& peer : peers_) peer->on_deadline(context);
}

std::optional<Instant> Station::next_deadline() const {
  std::optional<Instant> earliest;
  for (const auto& peer : peers_)
    if (const auto at = peer->next_deadline()) earliest = std::min(earliest.value_or(*at), *at);
  return earliest;
}

Result<SubmissionId> Station::submit(Now now, PeerId peer, LineId line, record::Entry entry, IfCut if_cut) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  Line* target = peers_[peer.value]->line(line);
  if (target == nullptr)
    return fail(Fault::kNotFound, "there is no line of number " + std::to_string(line.value) +
                                      " under this accord");
  return target->submit(context, std::move(entry), if_cut);
}

std::size_t Station::withdraw(Now now, PeerId peer, LineId line, const Line::Pick& pick, const std::string& why) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  Line* target = peers_[peer.value]->line(line);
  return target == nullptr ? 0 : target->withdraw(context, pick, why);
}

Result<void> Station::take_back_lift(Now now, PeerId peer, LineId line) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  return peers_[peer.value]->take_back_lift(context, line);
}

void Station::set_far(Now now, PeerId peer, const std::optional<FarKeys>& keys,
                      FormerStations former) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  peers_[peer.value]->set_far(context, keys, std::move(former));
}

void Station::judge_again(Now now, PeerId peer) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  peers_[peer.value]->judge_again(context);
}

void Station::hold_successor(Now now, PeerId peer, std::optional<Successor> successor) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  peers_[peer.value]->amendment().hold(context, std::move(successor));
}

void Station::hear_also(PeerId peer, SocketId socket, PathId path) {
  DETENTE_CHECK(peer.value < peers_.size());
  peers_[peer.value]->hear_also(socket, path);
}

void Station::leave_peer(Now now, PeerId peer, const std::vector<LineId>& retired, const std::string& why) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  for (const LineId line : retired) static_cast<void>(peers_[peer.value]->give_back(context, line, why));
  peers_[peer.value]->close(context, why);
}

Result<void> Station::replace_peer(Now now, PeerSetup setup) {
  const PeerId peer = setup.identity.peer;
  DETENTE_CHECK(peer.value < peers_.size() && settled());
  Context context = this->context(now);
  std::erase_if(hints_, [peer](const auto& hint) { return hint.second == peer; });
  const std::unique_ptr<Peer> former = std::exchange(peers_[peer.value], std::make_unique<Peer>(std::move(setup)));
  peers_[peer.value]->count_on_from(*former);
  hints_.emplace(peers_[peer.value]->their_hint(), peer);
  effects_.notify(LinkChanged{peer, false});
  return peers_[peer.value]->start(context, *store_);
}

Result<void> Station::discard(Now now, PeerId peer, LineId line, SubmissionId id, const std::string& why) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  Line* found = peers_[peer.value]->line(line);
  if (found == nullptr) return fail(Fault::kNotFound, "this station does not carry that line");
  return found->discard(context, id, why);
}

Result<void> Station::release_announcement(Now now, PeerId peer, const line::ActPlace& at) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  return peers_[peer.value]->announcements().go(context, at);
}

void Station::announcement_released(Now now, PeerId peer, const line::ActPlace& at) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  peers_[peer.value]->announcements().released(context, at);
}

void Station::announcement_due_again(Now now, PeerId peer, const line::ActPlace& at) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  peers_[peer.value]->announcements().due_again(context, at);
}

Result<SubmissionId> Station::put_document(Now now, PeerId peer, const DocumentPart& part) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  return peers_[peer.value]->documents().put(context, part);
}

Result<CourierId> Station::pack_courier(Now now, PeerId peer, const std::optional<CourierAct>& act) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  return peers_[peer.value]->pack_courier(context, act);
}

Result<CourierId> Station::take_courier(Now now, PeerId peer, ByteView file) {
  DETENTE_CHECK(peer.value < peers_.size());
  Context context = this->context(now);
  return peers_[peer.value]->take_courier(context, file);
}

}  // namespace detente::core
