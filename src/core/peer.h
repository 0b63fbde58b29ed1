// Peer: everything with one counterpart: the link, and the lines on it.
#pragma once

#include <map>
#include <memory>

#include "core/amendment.h"
#include "core/announcements.h"
#include "core/contact.h"
#include "core/courier.h"
#include "core/documents.h"
#include "core/lifts.h"
#include "core/line.h"
#include "core/restorations.h"
#include "core/link.h"

namespace detente::core {

// A place where datagrams come in. Several counterparts may share one.
using SocketId = Id<struct SocketTag, std::uint16_t>;

// Of the other side's station, as its credential names them.
struct FarKeys {
  crypto::AgreePublic noise{};
  crypto::VerifyKey log, cosign;
};

struct FormerStations {
  std::vector<crypto::AgreePublic> theirs = {};  // revoked
  bool ours = false;  // this station has the place of one that was revoked
  bool this_one = false;  // while it ran
};

struct PeerSetup {
  PairIdentity identity;
  LinkSetup link;
  std::vector<LineSetup> lines;  // the accord line among them
  std::map<SocketId, PathId> sockets;
  bool new_epoch = false;  // the disk has a new life: begin new epochs at start
  DocumentTerms documents = {};  // their paths are taken from the lines
  std::optional<Successor> successor = {};  // held beside the accord in force
  Announcements::ClockKnown clock_known = {};  // nothing: it is
  Agreements::Counts counts = {};  // whether an act on a register, or on a proposal, counts; nothing: every one does
  Vouched vouched = {};
};

class Peer {
 public:
  explicit Peer(PeerSetup setup);
  Peer(const Peer&) = delete;

  // Before start(), of one that goes on where `former` ended: no number that this run gave to what was submitted, handed
  // over or packed is given again. Somebody may still wait for what was called by it.
  void count_on_from(const Peer& former);
  // Claims every line and takes up what the store holds.
  Result<void> start(Context& context, record::Store& store);

  const PairIdentity& identity() const { return identity_; }
  const Link& link() const { return link_; }
  Documents& documents() { return documents_; }
  const Documents& documents() const { return documents_; }
  std::optional<PathId> path_on(SocketId socket) const;
  void hear_also(SocketId socket, PathId path) { sockets_[socket] = path; }
  const link::Hint& their_hint() const { return link_.their_keys().hint; }
  bool has_session(wire::SessionTag tag) const { return link_.has_session(tag); }
  Line* line(LineId id);
  const Line* line(LineId id) const;
  const std::map<LineId, std::unique_ptr<Line>>& lines() const { return lines_; }

  // Whether it is new: its MAC was verified by the caller.
  bool on_first_packet(Context& context, PathId path, const link::FirstPacket& packet);
  void on_reply(Context& context, PathId path, const link::ReplyPacket& packet);
  void on_notice(Context& context, ByteView datagram);
  // Whether it is the newest of its path; nothing when no session of this counterpart opens it.
  std::optional<bool> on_packet(Context& context, PathId path, const wire::ParsedPacket& packet);

  // A file for the other station, with all that it is not known to hold or with one entry: CourierPacked or CourierFailed.
  Result<CourierId> pack_courier(Context& context, const std::optional<CourierAct>& act) {
    return courier_.pack(context, act);
  }
  // One of the other station's: CourierTaken or CourierFailed.
  Result<CourierId> take_courier(Context& context, ByteView file);

  // First lines, then documents. Lines place what waits as far as the paths allow, the most urgent line first.
  void pump(Context& context);
  void tend_dark(Context& context);
  // Another station speaks for the other side from now on, or none does.
  void set_far(Context& context, const std::optional<FarKeys>& keys, FormerStations former);
  // Somebody was revoked, at either side: what is in force is read again from the record, without what stands beyond his
  // last valid position (spec/acts.md section 4). Once no commit of the accord line is under way.
  void judge_again(Context& context);
  // Says farewell, for a station that stops.
  void close(Context& context, std::string_view why = "this station stops") { link_.close(context, why); }
  // Everything that waits on that line without an index goes back to its author.
  std::size_t give_back(Context& context, LineId line, const std::string& why);
  bool contact_made() const { return contact_.made(); }
  const Registers& registers() const { return registers_; }
  const Agreements& agreements() const { return agreements_; }
  const Restorations& restorations() const { return restorations_; }
  const Lifts& lifts() const { return lifts_; }
  // An officer's lift of that line that is being tested goes back to him: kState where none is.
  Result<void> take_back_lift(Context& context, LineId line);
  Announcements& announcements() { return announcements_; }
  const Announcements& announcements() const { return announcements_; }
  Amendment& amendment() { return amendment_; }
  const Amendment& amendment() const { return amendment_; }

  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;

 private:
  void on_frame(Context& context, const wire::Frame& frame, const Link::Received& packet);
  // Of a frame that begins with its number; nothing where the accord has none of it.
  Line* line_of(const wire::Frame& frame);
  void order_log_states(std::vector<wire::Frame>& frames);  // those of lines with the more urgent entries go first
  void on_register(Context& context, LineId line);
  std::vector<Registers::KnownAct> register_acts(const Context& context) const;
  // Lines speak up when a session is there that was not there before, or the other side is heard again.
  void watch_link(Context& context);

  PairIdentity identity_;
  std::map<SocketId, PathId> sockets_;
  bool new_epoch_;
  Link link_;
  Documents documents_;
  Registers registers_;
  Agreements agreements_;
  Vouched vouched_;
  SignaturesUnderWay signatures_;
  std::vector<LineSetup> line_setups_;
  std::map<LineId, SubmissionId> count_from_;  // of lines that a former one had
  std::map<LineId, std::unique_ptr<Line>> lines_;
  Contact contact_;
  Restorations restorations_;
  Lifts lifts_;
  Announcements announcements_;
  Amendment amendment_;
  std::optional<Successor> successor_at_start_;
  Courier courier_;
  std::uint64_t announced_session_ = 0;
  std::uint64_t announced_arrival_ = 0;
};

}  // namespace detente::core
