// Link: the sessions with one counterpart and the paths to it. Starts and answers
// handshakes, keeps the counters and the psk that must not be forgotten, chooses
// session and path to send on, seals and opens packets, probes. spec/session.md,
// spec/packet.md sections 5 to 7.
//
// It does not know what entries and documents mean and retransmits none.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "accord/secret.h"
#include "core/context.h"
#include "core/limits.h"
#include "core/paths.h"
#include "link/ack_ranges.h"
#include "link/courier_file.h"
#include "link/fragments.h"
#include "link/handshake.h"
#include "link/session.h"

namespace detente::core {

// A disk is not copied back in less: sessions that are younger are of the life that calls now.
inline constexpr Duration kFormerLife = std::chrono::seconds(30);

struct LinkPolicy {
  Duration fresh_handshake = std::chrono::minutes(120);
  Duration heartbeat = std::chrono::seconds(20);
  std::uint64_t rekey_packets = 1 << 20;
  Duration rekey_age = std::chrono::minutes(30);
  std::uint32_t secret_step_seconds = 24 * 3600;
};

// Whom the other side's bulletins leave as its station here.
struct RemoteKeys {
  std::optional<crypto::AgreePublic> current;  // nothing: there is none that may be heard
  std::vector<crypto::AgreePublic> revoked = {};  // their calls are told of, and get no answer
  bool exposed = false;  // the pair's own station before this one was revoked
  bool we_are = false;   // this very one was, while it runs: another may have its place
};

struct LinkSetup {
  std::string counterpart;  // the other side's name, also the key of the stored state
  Digest lineage{};
  link::PairConfig pair;
  link::PairKeys keys;
  SecretBytes first_psk;    // psk_0; used only while the store holds no state of this pair
  LinkPolicy policy;
  std::map<PathId, link::PathTerms> path_terms;
  bool lost = false;  // there is no station at the other end: pair.remote_static is not heard
  std::vector<crypto::AgreePublic> revoked = {};
  bool exposed = false;  // RemoteKeys
};

// One packet that wants to be acknowledged.
struct SentPacket {
  PathId path;
  std::uint64_t counter = 0;
  std::uint64_t session = 0;  // serial of the session, unique in this process
  Instant left{};             // when it has left its bearer, by a configured rate: no answer is late before
};
// What is known of such packets when what they carried is there.
enum class Arrival {
  kUnknown,   // it was sent more than once, or over several paths
  kKnown,     // they arrived
  kMeasured,  // and the last of them drew the answer at once: its age is a round trip
};
// Frames of one transmission that leave packet by packet, as their path has room: what is more urgent goes between two of
// them. Link::send_next.
class Departure {
 public:
  explicit Departure(std::vector<wire::Frame> frames) : frames_(std::move(frames)) {}
  bool gone() const { return frames_.empty(); }
  std::size_t frames_left() const { return frames_.size(); }  // the first of them perhaps in part
  bool begun() const { return cutter_.has_value(); }  // a part of a frame has left, and is nothing without the rest
  std::uint64_t session() const { return session_; }  // in which something left last

 private:
  friend class Link;
  std::vector<wire::Frame> frames_;  // what has not left, or not as a whole
  std::optional<link::FrameCutter> cutter_;  // of the first
  std::uint64_t session_ = 0;                // whose parts it makes
};

// When one transmission is on its way to the other side: on the first path that all its packets have left.
Instant left_by(Instant now, const std::vector<SentPacket>& packets);

// What the two sides tell each other about what they hold when one has just started.
// spec/session.md section 8.
class ContactSource {
 public:
  virtual ~ContactSource() = default;
  virtual bool made() const = 0;  // this life knows what the other side holds
  virtual ByteArray<4> digest() const = 0;
  // What the other side said that it holds.
  virtual void told(Context& context, const ByteArray<4>& digest) = 0;
  // It answered a call and said nothing of it.
  virtual void not_told(Context& context) = 0;
};

class Link {
 public:
  Link(PeerId peer, LinkSetup setup);

  // Takes up the stored counters and starts calling. `fence`: of the accord line. `contact` outlives the link.
  void start(Context& context, record::Fence fence, ContactSource& contact);

  // A bulletin came: sessions with a former station end without a word, and what it sends is not answered.
  // link_remote.cc.
  void set_remote(Context& context, const RemoteKeys& keys);
  bool lost() const { return !remote_.current; }
  const RemoteKeys& remote() const { return remote_; }
  // The accord that this station holds beside the one in force, and has not adopted. spec/amendment.md section 4.
  void set_successor(const std::optional<Digest>& accord);
  const std::optional<Digest>& successor() const { return successor_; }
  // The other station speaks under it already: what was verified said so.
  bool successor_in_use() const { return successor_in_use_; }
  void note_successor_in_use() { successor_in_use_ = true; }
  // Something of the other station's that it made under the accord in force was read here: it has left the former one.
  bool former_accord_left() const { return former_accord_left_; }
  void note_former_accord_left() { former_accord_left_ = true; }
  // In the dark nothing is sent, answered or read, and no session is kept. spec/cut.md section 5.
  void set_dark(Context& context, bool dark);
  bool dark() const { return dark_; }
  struct RevokedCalls {
    std::uint64_t count = 0;  // in this life of the process
    std::optional<Instant> last;
    std::uint64_t files = 0;  // that a courier brought
  };
  // A file that was made with revoked keys is told of like a call with them.
  void note_revoked_file(Context& context);
  const RevokedCalls& revoked_calls() const { return revoked_calls_; }

  const link::DirectionKeys& their_keys() const { return setup_.keys.theirs; }
  bool we_are_first() const { return setup_.pair.we_are_first; }  // in the accord's order of sides
  bool ready() const { return current() != nullptr; }
  bool up() const { return up_; }  // something valid came since the last three unanswered tries
  std::optional<Instant> last_heard() const { return last_heard_; }
  const Paths& paths() const { return paths_; }
  const std::optional<Digest>& other_accord() const { return other_accord_; }
  // It answers that it cannot read this station's calls, although the accord is the same.
  bool calls_not_read_there() const { return other_accord_ == setup_.pair.accord; }
  // When the session that is sent on was made.
  std::optional<Instant> session_since() const;
  // The other side left its last session and said why; nothing came since.
  struct Farewell {
    Instant at;
    std::string words;  // theirs, safe to show in one line
  };
  const std::optional<Farewell>& farewell() const { return farewell_; }
  std::uint16_t psk_epoch() const { return psk_->epoch(); }
  std::uint64_t session_count() const { return next_serial_ - 1; }
  std::uint64_t session_serial() const { return current() != nullptr ? current()->serial : 0; }  // of the one that is sent on
  // Grows when a session is new, and when the other side is heard again after silence.
  std::uint64_t arrivals() const { return arrivals_; }

  // False for a call that was taken before.
  bool on_first_packet(Context& context, PathId path, const link::FirstPacket& packet);
  void on_reply(Context& context, PathId path, const link::ReplyPacket& packet);
  void on_notice(Context& context, ByteView datagram);

  struct Received {
    std::vector<wire::Frame> frames;  // probes, acknowledgements and fragments are taken out
    std::uint32_t base_c = 0;
    std::uint64_t session = 0;  // its serial
    PathId path;
    bool newest = false;  // of that path, in the newest session
    std::vector<SentPacket> acknowledged;  // of what was sent, by path acknowledgements
    std::vector<SentPacket> lost;
  };
  // The first packet of a new session that we called for, unless one went out on it already: until
  // it arrives the other side keeps to the old session. spec/session.md section 6.
  void greet(Context& context);
  // Whether a packet of what waits would keep the best path's bearer busy for long: the greeting goes before it then.
  bool greets_first() const;
  bool has_session(wire::SessionTag tag) const;
  // By Session::id(), which no two share; for audits.
  bool has_session_of(std::uint64_t id) const;
  std::vector<wire::SessionTag> session_tags() const;
  // Leaves every session but these, and but the one of this serial.
  void leave_sessions_except(const std::vector<wire::SessionTag>& tags, std::uint64_t serial);
  // Leaves all of them and tells the other side.
  void close(Context& context, std::string_view why);
  // Nothing when no session of ours opens it.
  std::optional<Received> on_packet(Context& context, PathId path, const wire::ParsedPacket& packet);

  enum class Tracked { kNo, kYes, kDocument };  // an acknowledgement is expected; and the packet yields to all else
  struct SendTerms {
    bool all_paths = false;
    bool brisk_paths = false;                 // on every path that is not configured to be slow, and the best
    const Paths::Allowed* allowed = nullptr;  // nothing: every path
    Tracked tracked = Tracked::kNo;
    bool more = false;                        // what waits behind them would fill a larger packet, too
    std::optional<PathId> answer_on = {};     // where the other side spoke, unless our direction there is suspect
  };
  // Frames in as few packets as the path's size allows, on the best path or on every path. Nothing
  // when no session is there. `base_c` for encoding times: see base_c().
  std::vector<SentPacket> send(Context& context, const std::vector<wire::Frame>& frames, const SendTerms& terms);
  // One packet of them, on the best path. Empty when no session is there. One that was begun goes on in its session only.
  std::vector<SentPacket> send_next(Context& context, Departure& departure, const Paths::Allowed& allowed, Tracked tracked);
  // Bytes that frames may take in one packet of the best path.
  std::size_t room(const Paths::Allowed* allowed = nullptr);
  std::size_t room_on(PathId path) const;
  std::uint32_t base_c() const;  // of the session that send() would use

  // What was sent in `packets` (one transmission) is known to be at the other side.
  void confirm(Context& context, const std::vector<SentPacket>& packets, Arrival arrival);
  // It drew nothing in its time, or is known to be missing there.
  void missed(Context& context, const std::vector<SentPacket>& packets, bool timed_out);
  // The packet that came last is acknowledged, although its frames are not taken: it must not fill
  // the sender's window.
  void acknowledge_last(Instant now);
  // Whether what can wait may be sent now.
  bool may_send(Instant now, const Paths::Allowed& allowed) const;
  // Acknowledgements of paths wait while `hold`: what they cover has nowhere to go here.
  void hold_acks(bool hold) { acks_held_ = hold; }
  // The same of a document's packet, which yields to all else.
  bool may_send_document(Instant now, const Paths::Allowed& allowed) const;
  PathId path_for(const Paths::Allowed& allowed) const { return paths_.choose(allowed).id; }  // what is sent now goes there
  std::optional<Instant> may_send_document_at(const Paths::Allowed& allowed) const {
    return paths_.choose(allowed).flow.may_send_document_at();
  }
  bool may_go_on(Instant now, const Paths::Allowed& allowed) const;  // PathFlow::may_go_on
  Instant may_go_on_at(const Paths::Allowed& allowed) const { return paths_.choose(allowed).flow.may_go_on_at(); }
  // Every path is probed as soon as may be.
  void try_paths(Context& context);
  // When pacing alone holds it back: a moment that may be past already.
  std::optional<Instant> may_send_at(const Paths::Allowed& allowed) const;
  Duration timeout(unsigned tries) const;         // of the best path
  Duration timeout_on(PathId path, unsigned tries) const { return paths_.find(path)->flow.round_trip().timeout(tries); }
  Duration steady_timeout(unsigned tries) const;  // the same, of entries without a receipt, and questions for lost ones
  Duration round_trip() const;             // smoothed, of the best path; a second before it is known
  // Of the largest packet, on the best path; nothing where its rate is measured.
  Duration bearer_time(const Paths::Allowed& allowed = {}) const;

  // For files that are carried by hand (core/courier.h).
  const link::PairConfig& pair() const { return setup_.pair; }
  const accord::PskChain& psk() const { return *psk_; }
  // The other side is known to have moved there; at most PskChain::kStepsMax ahead.
  void follow_psk(Context& context, std::uint16_t epoch) { adopt_psk(context, epoch); }
  // Whether this session is one that both have had in their present lives; the newest such.
  bool knows_session(const link::CourierMark& mark) const;
  std::optional<link::CourierMark> newest_session() const;
  // Grows whenever the other side is found to have begun anew.
  std::uint64_t far_lives() const { return far_lives_; }
  // A file said that it has: whatever comes on a session that is there was sent before.
  void leave_all_sessions();

  // Three tries drew nothing: begin anew. What they repeat left at `unanswered_since`: where anything was heard after it, the
  // other station is there all the same.
  void no_answer(Context& context, std::optional<Instant> unanswered_since = {});
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;

 private:
  struct Live {
    link::Session session;
    std::uint64_t serial = 0;
    bool confirmed = false;
    std::vector<std::uint32_t> crossed;  // one that we answered: c of our own calls that were unanswered then
    bool replaced = false;
    bool used = false;          // something was sent on it
    bool owes_contact = false;  // its first packet says what is held here
    Instant last_received;
    std::map<PathId, link::AckRanges> received;
    link::Reassembly parcels;
    std::uint64_t next_parcel = 0;
  };

  record::Batch state_batch() const;
  // Of a call that does not read: whether it is newer than all such before it, and may draw a notice.
  bool note_unread(Context& context, PathId path, std::uint32_t c);
  void heard_call(Context& context, PathId path, std::uint32_t c);  // one that reads
  void take_last_c(Context& context, std::uint32_t last_c);         // of the other side, by its reply
  // Whether the reply says what is held here. spec/session.md section 8.
  bool may_tell(Instant now, const link::FirstPacket& packet) const;
  // True where c of the other end begins anew, since it is of another station's key.
  bool bind_last_c(const crypto::AgreePublic& key);
  std::string heard_key_name() const;
  // Whether a station of the pair that was revoked, at either end, may be.
  bool in_other_hands() const { return remote_.exposed || !remote_.revoked.empty(); }
  // While one is, or none is there.
  bool may_be_answered(Context& context, PathId path, const link::FirstPacket& packet);
  bool reads(Context& context, const link::FirstPacket& packet, ByteView psk) const;
  bool reads_as_successor(Context& context, const link::FirstPacket& packet, ByteView psk) const;
  void note_revoked(Context& context, const link::FirstPacket& packet, ByteView psk);
  Bytes epoch_notice(const link::FirstPacket& packet) const;
  void on_epoch_notice(Context& context, std::uint16_t theirs);
  bool may_be_moved(Context& context);  // by a call or a notice, without a session: once more
  void begin_handshake(Context& context);
  void send_first_packets(Context& context);
  void adopt_psk(Context& context, std::uint16_t epoch);
  Live& add_session(Context& context, crypto::NoiseHandshake handshake, crypto::Role role,
                    link::FirstCounter first);
  void confirm_session(Context& context, Live& live);
  static bool cross(const Live& one, const Live& other);
  void leave_former_sessions(Instant now, std::uint64_t except);
  void forget_left_sessions();  // for files, too
  const Live* current() const;
  Live* current();
  Live* find(std::uint64_t serial);
  void heard(Context& context, PathId path);
  void left(Context& context, const Live& live, ByteView words);

  void take_frames(Context& context, Live& live, PathId path, std::uint64_t counter, ByteView payload, Received& out);
  void take_ack(Context& context, const Live& live, const wire::Frame& frame, Received& out);
  void use(Instant now, const Live& live);  // the paths' flights are of this session from now on
  void send_on(Context& context, Live& live, PathState& path, const std::vector<wire::Frame>& frames, Tracked tracked,
               std::vector<SentPacket>& sent);
  bool seal_on(Context& context, Live& live, PathState& path, const std::vector<wire::Frame>& frames, Tracked tracked,
               std::vector<SentPacket>& sent);
  std::size_t overhead() const { return 7 + 16 * setup_.pair.send_layers.size(); }
  // More was to be sent at once than a packet holds here: does the path carry larger ones?
  void try_larger_packets(Context& context, PathState& path);
  void send_probe(Context& context, PathState& path);
  void answer_probe(Context& context, Live& on, PathId came_on, ByteView body);
  void send_acks(Context& context);
  void tend_paths(Context& context);
  Duration unused_kept() const;  // a session that is replaced or not confirmed, since something came on it
  void drop_old_sessions(Instant now);

  PeerId peer_;
  LinkSetup setup_;
  RemoteKeys remote_;
  RevokedCalls revoked_calls_;
  Paths paths_;
  record::Fence fence_;
  ContactSource* contact_ = nullptr;
  record::LinkState state_;
  std::optional<accord::PskChain> psk_;  // there from start() on
  std::uint32_t next_c_ = 0;
  std::uint32_t reserved_durably_ = 0;
  std::optional<Digest> heard_key_;  // of the static key under which state_.responder_last was heard
  std::uint32_t unread_c_ = 0;       // in this life: highest c of a call that did not read
  std::deque<link::OutgoingHandshake> attempts_;
  std::optional<Instant> called_at_;  // while there was one attempt alone
  unsigned tries_ = 0;
  std::optional<Instant> next_try_;
  std::optional<Instant> repeat_at_;  // the newest attempt's first packet goes again, before the next try
  std::vector<std::unique_ptr<Live>> sessions_;
  std::uint64_t next_serial_ = 1;
  std::uint64_t last_serial_ = 0;  // and path: what brought the newest packet
  PathId last_path_{};
  std::uint64_t sending_serial_ = 0;  // the session that the paths' flights are of
  std::uint64_t arrivals_ = 0;
  struct KnownSession {
    std::uint64_t serial = 0;
    link::CourierMark mark{};
    bool confirmed = false;
  };
  std::deque<KnownSession> known_sessions_;  // of this life, also when their keys are gone
  std::uint64_t far_lives_ = 0;
  std::optional<Instant> last_heard_;
  std::optional<Digest> other_accord_;
  std::optional<Digest> successor_;
  bool successor_in_use_ = false;
  bool former_accord_left_ = false;
  std::optional<Farewell> farewell_;
  bool up_ = false;
  bool dark_ = false;
  bool acks_held_ = false;
  Bucket calls_{64, 1, std::chrono::seconds(2)};  // that are answered: a commit and a key agreement each
  Bucket moves_{64, 1, std::chrono::seconds(2)};  // of the psk: a commit and up to 24 steps each, and the chain is finite
  Bucket looks_{128, 8, std::chrono::seconds(1)};  // calls that are looked into: a key agreement each, if that
  Bucket probes_{128, 128, std::chrono::seconds(1)};
};

}  // namespace detente::core
