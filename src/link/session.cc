#include "link/session.h"

#include "base/check.h"
#include "crypto/hash.h"

namespace detente::link {

Session::Session(const PairConfig& pair, crypto::NoiseHandshake handshake, crypto::Role role,
                 FirstCounter first, Instant now)
    : role_(role),
      first_(first),
      made_at_(now),
      initiator_is_first_(pair.we_are_first == (role == crypto::Role::kInitiator)) {
  DETENTE_CHECK(handshake.finished());
  const Digest tag =
      crypto::sha256({as_bytes("detente/1 session"), ByteView(handshake.handshake_hash())});
  id_ = read_be(ByteView(tag).first(8));
  tag_ = static_cast<wire::SessionTag>(read_be(ByteView(tag).first(2)));
  auto [initiator, responder] = handshake.split();
  const bool we_initiate = role == crypto::Role::kInitiator;
  const ByteView send = we_initiate ? initiator->key() : responder->key();
  const ByteView receive = we_initiate ? responder->key() : initiator->key();
  for (PathId path : pair.paths)
    paths_.emplace(path, Ends{PathSender(now, send, path, pair.send_layers),
                              PathReceiver(receive, path, pair.receive_layers)});
}

Result<Bytes> Session::seal(PathId path, ByteView payload, std::uint64_t& counter) {
  const auto ends = paths_.find(path);
  DETENTE_CHECK(ends != paths_.end());
  return ends->second.sender.seal(tag_, payload, counter);
}

PathReceiver::Opened Session::open(Instant now, PathId path, const wire::ParsedPacket& packet) {
  const auto ends = paths_.find(path);
  if (ends == paths_.end()) return {};
  return ends->second.receiver.open(now, packet);
}

void Session::confirm(PathId path, std::uint64_t counter) {
  if (const auto ends = paths_.find(path); ends != paths_.end()) ends->second.sender.confirm(counter);
}

std::uint64_t Session::received_on(PathId path) const {
  const auto ends = paths_.find(path);
  return ends == paths_.end() ? 0 : ends->second.receiver.next_expected();
}

void Session::rekey_if_due(Instant now, PathId path, std::uint64_t packets_max, Duration age_max) {
  if (const auto ends = paths_.find(path); ends != paths_.end())
    ends->second.sender.rekey_if_due(now, packets_max, age_max);
}

}  // namespace detente::link
