// Session: the keys that one handshake gave, on all paths of a pair.
// spec/session.md sections 5 and 6, spec/packet.md.
//
// Does not decide when to send or which session is live; core does.
#pragma once

#include <map>
#include <vector>

#include "crypto/noise.h"
#include "link/pair.h"
#include "link/path_keys.h"
#include "wire/frame.h"

namespace detente::link {

class Session {
 public:
  // Ends a finished handshake. `first` is the counter of its first packet.
  Session(const PairConfig& pair, crypto::NoiseHandshake handshake, crypto::Role role,
          FirstCounter first, Instant now);

  wire::SessionTag tag() const { return tag_; }
  std::uint64_t id() const { return id_; }  // names its keys; for audits, never sent
  crypto::Role role() const { return role_; }
  FirstCounter first() const { return first_; }
  Instant made_at() const { return made_at_; }
  bool initiator_is_first() const { return initiator_is_first_; }

  // One packet. `counter` gets the number that confirm() wants later.
  Result<Bytes> seal(PathId path, ByteView payload, std::uint64_t& counter);
  PathReceiver::Opened open(Instant now, PathId path, const wire::ParsedPacket& packet);
  void confirm(PathId path, std::uint64_t counter);
  // Highest counter accepted on this path + 1; 0 for none.
  std::uint64_t received_on(PathId path) const;
  // Next generation on a path once the present one is old by packets or by time.
  void rekey_if_due(Instant now, PathId path, std::uint64_t packets_max, Duration age_max);

 private:
  struct Ends {
    PathSender sender;
    PathReceiver receiver;
  };
  wire::SessionTag tag_ = 0;
  std::uint64_t id_ = 0;
  crypto::Role role_;
  FirstCounter first_;
  Instant made_at_;
  bool initiator_is_first_;
  std::map<PathId, Ends> paths_;
};

}  // namespace detente::link
