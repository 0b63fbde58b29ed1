// RouteWatch: what a bearer noticed of one route beside datagrams: that this machine
// cannot send there, and that somebody answers that nobody listens there.
//
// Evidence for people; it decides nothing. What verified and came by this route ends both.
// A cable that is pulled out makes no error where the system keeps the route, so the
// interface is looked at, too, but only while nothing is heard.
#pragma once

#include <optional>

#include "io/address.h"
#include "watch/trouble.h"

namespace detente::io {

struct PathTrouble {
  std::optional<watch::Trouble> own;      // this machine cannot send there
  std::optional<watch::Trouble> refused;  // a hint that anybody on the way can forge
  std::optional<watch::Trouble> moved;    // its words: the address where it is heard and answered, not the configured one
};

class RouteWatch {
 public:
  // `from`: where this side listens; its host may be any.
  RouteWatch(const SocketAddress& from, const SocketAddress& to) : from_(from), to_(to) {}

  void sent();               // the system took it
  void not_sent(int error);  // the system did not
  // A try to connect failed; by the word of another machine perhaps.
  void not_reached(int error);
  void listened();  // somebody listens there
  void refused();
  void heard();
  void follows(const SocketAddress& from);  // what is sent goes there from now on
  const PathTrouble& trouble() const { return trouble_; }

 private:
  void look(Instant now);

  SocketAddress from_, to_;
  std::optional<SocketAddress> moved_;
  PathTrouble trouble_;
  bool heard_ = false;    // since the last datagram was sent
  bool by_send_ = false;  // what `own` says the system said when asked to send
  std::optional<Instant> quiet_since_, looked_;
};

}  // namespace detente::io
