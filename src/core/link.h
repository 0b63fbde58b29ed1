// Link: the sessions with one counterpart. Starts and answers handshakes, keeps
// the counters and the psk that must not be forgotten, chooses the session to
// send on, seals and opens packets. spec/session.md.
//
// It does not know what frames mean and retransmits none.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "accord/secret.h"
#include "core/context.h"
#include "link/handshake.h"
#include "link/round_trip.h"
#include "link/session.h"

namespace detente::core {

struct LinkPolicy {
  Duration fresh_handshake = std::chrono::minutes(120);
  Duration heartbeat = std::chrono::seconds(20);
  std::uint64_t rekey_packets = 1 << 20;
  Duration rekey_age = std::chrono::minutes(30);
  std::uint32_t secret_step_seconds = 24 * 3600;
};

struct LinkSetup {
  std::string counterpart;  // the other side's name, also the key of the stored state
  Digest lineage{};
  link::PairConfig pair;
  link::PairKeys keys;
  SecretBytes first_psk;    // psk_0; used only while the store holds no state of this pair
  LinkPolicy policy;
};

// Where a frame went: what a receipt confirms.
struct SentPacket {
  PathId path;
  std::uint64_t counter = 0;
  std::uint64_t session = 0;  // serial of the session, unique in this process
};

class Link {
 public:
  Link(PeerId peer, LinkSetup setup);

  // Takes up the stored counters and starts calling. `fence`: of the accord line.
  void start(Context& context, record::Fence fence);

  const link::DirectionKeys& their_keys() const { return setup_.keys.theirs; }
  bool ready() const { return current() != nullptr; }
  bool up() const { return up_; }  // something valid came since the last three unanswered tries
  std::optional<Instant> last_heard() const { return last_heard_; }
  const link::RoundTrip& round_trip() const { return round_trip_; }
  link::RoundTrip& round_trip() { return round_trip_; }
  const std::optional<Digest>& other_accord() const { return other_accord_; }
  std::uint16_t psk_epoch() const { return psk_->epoch(); }
  std::uint64_t session_count() const { return next_serial_ - 1; }

  void on_first_packet(Context& context, PathId path, const link::FirstPacket& packet);
  void on_reply(Context& context, const link::ReplyPacket& packet);
  void on_notice(Context& context, ByteView datagram);

  struct Received {
    std::vector<wire::Frame> frames;
    std::uint32_t base_c = 0;
    std::uint64_t session = 0;  // its serial
  };
  // The first packet of a new session that we called for, unless one went out on it already: until
  // it arrives the other side keeps to the old session. spec/session.md section 6.
  void greet(Context& context);
  bool has_session(wire::SessionTag tag) const;
  // Nothing when no session of ours opens it.
  std::optional<Received> on_packet(Context& context, PathId path, const wire::ParsedPacket& packet);

  // Frames as one packet on the best path, or on every path at once. Nothing when no session is there.
  // `base_c` for encoding times: see base_c().
  std::vector<SentPacket> send(Context& context, const std::vector<wire::Frame>& frames,
                               bool all_paths);
  std::uint32_t base_c() const;  // of the session that send() would use
  void confirm(const SentPacket& packet);

  // Three tries drew nothing: begin anew, perhaps on another path.
  void no_answer(Context& context);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;

 private:
  struct Live {
    link::Session session;
    std::uint64_t serial = 0;
    bool confirmed = false;
    bool crossed = false;
    bool replaced = false;
    bool used = false;  // something was sent on it
    Instant last_received;
  };

  record::Batch state_batch() const;
  void begin_handshake(Context& context);
  void send_first_packets(Context& context);
  void adopt_psk(Context& context, std::uint16_t epoch);
  Live& add_session(Context& context, crypto::NoiseHandshake handshake, crypto::Role role,
                    link::FirstCounter first, bool crossed);
  void confirm_session(Context& context, Live& live);
  const Live* current() const;
  Live* current();
  void heard(Context& context, PathId path);
  void answer_probe(Context& context, const wire::Frame& frame);
  void send_probe(Context& context);
  void drop_old_sessions(Instant now);

  PeerId peer_;
  LinkSetup setup_;
  record::Fence fence_;
  record::LinkState state_;
  std::optional<accord::PskChain> psk_;  // there from start() on
  std::uint32_t next_c_ = 0;
  std::deque<link::OutgoingHandshake> attempts_;
  unsigned tries_ = 0;
  std::optional<Instant> next_try_;
  std::vector<std::unique_ptr<Live>> sessions_;
  std::uint64_t next_serial_ = 1;
  std::size_t preferred_path_ = 0;
  link::RoundTrip round_trip_;
  std::optional<Instant> last_heard_;
  std::optional<Instant> last_sent_;
  std::optional<Digest> other_accord_;
  bool up_ = false;
};

}  // namespace detente::core
