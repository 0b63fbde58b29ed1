// Driver: runs one core::Station on this machine: sockets, one timer, one commit
// thread, and everything else on one thread that owns the station.
//
// Order: make the driver, add the sockets, the counterparts and their routes,
// observe(), start(), run(). After each call into the core its effects are carried
// out in the order given (core/station.h); what an observer submits meanwhile has
// its effects carried out after those.
//
// Only post() and stop() may be called from other threads once run() runs.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/station.h"
#include "io/route_table.h"
#include "watch/wall_history.h"

namespace boost::asio {
class io_context;
}

namespace detente::io {

struct DriverParts {  // all borrowed; they outlive the driver
  KeyRandom& keys;
  JitterRandom& jitter;
  record::Store& store;
  // When nothing was written for a moment, on the commit thread; may be empty.
  std::function<void()> when_idle;
};

class Driver {
 public:
  explicit Driver(DriverParts parts);
  ~Driver();
  Driver(const Driver&) = delete;

  // Begins to listen (datagrams are taken from start() on). Port 0 takes a free one, for tests.
  // kConflict when the port is in use.
  Result<core::SocketId> add_socket(BearerKind kind, const std::string& host, std::uint16_t port);
  std::uint16_t port_of(core::SocketId socket) const;
  PeerId add_peer(core::PeerSetup setup);
  // io/route_table.h
  Result<void> set_routes(PeerId peer, const std::vector<RouteTo>& routes);

  using Observer = std::function<void(const core::DeskEvent&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  Result<void> start();
  // Until stop(). What was asked to be written is written before it returns.
  void run();
  void stop();
  // SIGTERM and SIGINT call `on_signal` on the driver's thread.
  void on_stop_signals(std::function<void()> on_signal);
  void post(std::function<void()> work);
  // Once, on the driver's thread; not when run() has ended before.
  void after(Duration delay, std::function<void()> work);
  // Every so often, on the driver's thread, until run() ends.
  void every(Duration period, std::function<void()> work);

  // `accepted` gets the id before any event names it. `if_cut`: core/outbox.h.
  Result<core::SubmissionId> submit(PeerId peer, LineId line, record::Entry entry,
                                    const std::function<void(core::SubmissionId)>& accepted = {},
                                    core::IfCut if_cut = core::IfCut::kReturn);
  std::size_t withdraw(PeerId peer, LineId line, const core::Line::Pick& pick, const std::string& why);
  Result<void> take_back_lift(PeerId peer, LineId line);
  void set_far(PeerId peer, const std::optional<core::FarKeys>& keys, core::FormerStations former);
  void judge_again(PeerId peer);
  void hold_successor(PeerId peer, std::optional<core::Successor> successor);
  // From one accord to the next (core/station.h): what is under way is written, then the counterpart begins anew. On the
  // driver's thread, and not from an observer.
  void leave_peer(PeerId peer, const std::vector<LineId>& retired, const std::string& why);
  Result<void> replace_peer(core::PeerSetup setup);
  void hear_also(PeerId peer, core::SocketId socket, PathId path);
  Result<void> discard(PeerId peer, LineId line, core::SubmissionId id, const std::string& why);
  Result<void> release_announcement(PeerId peer, const line::ActPlace& at);
  void announcement_released(PeerId peer, const line::ActPlace& at);
  void announcement_due_again(PeerId peer, const line::ActPlace& at);
  Result<core::SubmissionId> put_document(PeerId peer, const core::DocumentPart& part,
                                          const std::function<void(core::SubmissionId)>& accepted = {});
  // Files that are carried by hand. `accepted` gets the id before any event names it.
  using CourierAccepted = std::function<void(core::CourierId)>;
  Result<core::CourierId> pack_courier(PeerId peer, const std::optional<core::CourierAct>& act,
                                       const CourierAccepted& accepted);
  Result<core::CourierId> take_courier(PeerId peer, ByteView file, const CourierAccepted& accepted);
  const core::Station& station() const { return station_; }
  Now now() const;
  // What now() said of the wall clock, then.
  const watch::WallHistory& walls() const;
  std::uint64_t datagrams_not_sent() const;
  PathTraffic traffic(PeerId peer, PathId path) const;
  // What was noticed of a path beside datagrams; nothing of a path without a route.
  PathTrouble path_trouble(PeerId peer, PathId path) const;
  boost::asio::io_context& context();

 private:
  struct Runtime;
  void take_finished();
  void settle();
  void listen(std::size_t socket);
  void persisted(std::uint64_t token, const std::optional<Error>& error);
  void carry_out();
  std::exception_ptr carry_all();
  // One commit alone that something waits for is made at once on this thread; several, one behind
  // others, and one that nothing waits for, by the commit thread, while this thread goes on.
  void ask_commit(core::Persist persist);
  void give_commits();
  void arm_timer();

  DriverParts parts_;
  core::Station station_;
  Observer observer_;
  bool carrying_ = false;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace detente::io
