// The two ends of one path and direction: keys by generation, counter, replay
// window. spec/packet.md sections 1 to 3.
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "link/replay_window.h"
#include "wire/packet.h"

namespace detente::link {

// The AEADs of one direction, innermost first; one or two.
using Layers = std::vector<crypto::AeadAlgorithm>;

// The keys of one generation.
class Generation {
 public:
  Generation(ByteView path_secret, const Layers& layers);
  Bytes seal(std::uint64_t counter, ByteView header, ByteView payload) const;
  enum class Opened { kOk, kNotOurs, kInnerBad };
  // kNotOurs when the outermost tag does not fit; kInnerBad when it does and an inner one does not.
  Opened open(std::uint64_t counter, ByteView header, ByteView sealed, Bytes& payload) const;

 private:
  std::vector<crypto::AeadKey> keys_;  // innermost first
};

// Seals packets of one path. Never uses a (key, counter) twice: the counter only grows.
class PathSender {
 public:
  PathSender(Instant now, ByteView direction_secret, PathId path, const Layers& layers);
  // kLimit when the counter is used up (the session is over). `counter` gets this packet's.
  Result<Bytes> seal(wire::SessionTag session, ByteView payload, std::uint64_t& counter);
  // The far side is known to have accepted this counter on this path.
  void confirm(std::uint64_t counter);
  // Moves to the next generation when this one is old by count or time and a packet of it is known
  // to have arrived.
  void rekey_if_due(Instant now, std::uint64_t packets_max, Duration age_max);

 private:
  Layers layers_;
  SecretBytes secret_;
  Generation keys_;
  bool phase_ = false;
  std::uint64_t next_ = 0;
  std::uint64_t confirmed_next_ = 0;  // highest counter known to have arrived + 1
  std::uint64_t generation_start_ = 0;  // its first counter
  Instant generation_since_;
};

// Opens packets of one path.
class PathReceiver {
 public:
  PathReceiver(ByteView direction_secret, PathId path, const Layers& layers);
  // kReplay: a packet of that counter was opened before, or it is too old to tell; nothing was verified,
  // so it may be a forgery as well.
  enum class Outcome { kOk, kNotOurs, kReplay, kInnerBad };
  struct Opened {
    Outcome outcome = Outcome::kNotOurs;
    std::uint64_t counter = 0;
    bool newest = false;  // none that was opened before has a higher counter
    Bytes payload;
  };
  Opened open(Instant now, const wire::ParsedPacket& packet);
  std::uint64_t next_expected() const { return window_.next(); }

 private:
  Layers layers_;
  SecretBytes secret_;
  Generation keys_;
  std::optional<Generation> previous_;
  Instant previous_until_;
  bool phase_ = false;
  ReplayWindow window_;
};

}  // namespace detente::link
