// Station: one installation of a side as a state machine. Datagrams, completed
// commits, deadlines and what people write go in; effects come out. No clock, no
// socket, no global randomness. The same class runs in the daemon and in the
// simulator.
//
// The driver's duties, in this order: (1) carry out take_effects() in the order
// given after every call; (2) complete every Persist, in order, by on_persisted or
// on_persist_failed, and only when it is durable; (3) call on_deadline when
// next_deadline() has come. One thread.
#pragma once

#include <map>
#include <memory>

#include "core/peer.h"

namespace detente::core {

class Station {
 public:
  // All borrowed; they outlive the station. `store` is written by the driver alone, through Persist.
  Station(KeyRandom& keys, JitterRandom& jitter, record::Store& store);

  // For a simulator; borrowed.
  void set_audit(Audit* audit) { audit_ = audit; }
  // Before start(). The peer's id is its place.
  PeerId add_peer(PeerSetup setup);
  Result<void> start(Now now);

  // Who was heard, and on which path: a datagram of theirs that is new and verifies. Nothing for anything else.
  struct Heard {
    PeerId peer;
    PathId path;
    bool newest = true;  // of that path: a late one does not say where its sender is now
  };
  std::optional<Heard> on_datagram(Now now, SocketId socket, ByteView datagram);
  void on_persisted(Now now, std::uint64_t token);
  void on_persist_failed(Now now, std::uint64_t token, const Error& error);
  // Whether something is to be sent or told when that commit is durable; a hint for the driver's haste.
  bool waited_for(std::uint64_t token) const { return effects_.waited_for(token); }
  void on_deadline(Now now);
  // Tells the counterparts that the station stops; the driver carries the effects out and then ends.
  void close(Now now);
  std::optional<Instant> next_deadline() const;
  std::vector<Effect> take_effects() { return effects_.take(); }

  // What a desk wrote. The errors are for the person; the id comes back in EntryPlaced, EntryQueued or SubmissionFailed.
  // `if_cut`: what becomes of it when the line is cut while it waits.
  Result<SubmissionId> submit(Now now, PeerId peer, LineId line, record::Entry entry, IfCut if_cut = IfCut::kReturn);

  // What waits on that line without an index and `pick` wants is taken back (core/line.h). How many.
  std::size_t withdraw(Now now, PeerId peer, LineId line, const Line::Pick& pick, const std::string& why);

  // An officer's lift that is being tested goes back to him (core/lifts.h): kState where none of that line is.
  Result<void> take_back_lift(Now now, PeerId peer, LineId line);

  // The other side's bulletins name another station, or none (core/peer.h).
  void set_far(Now now, PeerId peer, const std::optional<FarKeys>& keys, FormerStations former);

  // Somebody was revoked, of that counterpart or of this side (core/peer.h).
  void judge_again(Now now, PeerId peer);

  // The accord that follows the one with that counterpart is held here now, or no more (core/amendment.h).
  void hold_successor(Now now, PeerId peer, std::optional<Successor> successor);
  // Beside where the setup says: who goes on to it first may call on another socket. Until replace_peer().
  void hear_also(PeerId peer, SocketId socket, PathId path);
  // From one accord to the next. leave_peer() says farewell and gives back what waits on lines that the next one does
  // not have; once no commit is under way (settled()) replace_peer() begins the counterpart anew from the store. The
  // error is that of a start: the station must not run on.
  void leave_peer(Now now, PeerId peer, const std::vector<LineId>& retired, const std::string& why);
  bool settled() const { return effects_.settled(); }
  Result<void> replace_peer(Now now, PeerSetup setup);

  // A person says that an agreed announcement is released; the text of one is out; or it could not be put out when it was
  // due, and is tried again now (core/announcements.h).
  // A person throws away what waits without an index (core/line.h).
  Result<void> discard(Now now, PeerId peer, LineId line, SubmissionId id, const std::string& why);
  Result<void> release_announcement(Now now, PeerId peer, const line::ActPlace& at);
  void announcement_released(Now now, PeerId peer, const line::ActPlace& at);
  void announcement_due_again(Now now, PeerId peer, const line::ActPlace& at);

  // A part of a document that an entry will name; the id comes back in DocumentStored or DocumentFailed.
  Result<SubmissionId> put_document(Now now, PeerId peer, const DocumentPart& part);

  // Files that are carried by hand (core/courier.h); the id comes back in CourierPacked, CourierTaken or CourierFailed.
  Result<CourierId> pack_courier(Now now, PeerId peer, const std::optional<CourierAct>& act = {});
  Result<CourierId> take_courier(Now now, PeerId peer, ByteView file);

  std::size_t peer_count() const { return peers_.size(); }
  const Peer& peer(PeerId id) const { return *peers_[id.value]; }
  std::uint64_t datagrams_dropped() const { return dropped_; }
  bool has_effects() const { return !effects_.empty(); }

 private:
  Context context(Now now) { return {now, effects_, *keys_, *jitter_, *store_, audit_}; }
  // Counterparts whose hint this is and who can be heard on this socket.
  template <typename Call>
  bool for_hint(SocketId socket, const link::Hint& hint, Call call);

  KeyRandom* keys_;
  JitterRandom* jitter_;
  record::Store* store_;
  Audit* audit_ = nullptr;
  EffectQueue effects_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::multimap<link::Hint, PeerId> hints_;
  std::uint64_t dropped_ = 0;
};

}  // namespace detente::core
