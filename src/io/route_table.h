// RouteTable: which route of which bearer each path of each counterpart has now.
//
// A name keeps nothing else waiting, and no station from ending: it is looked up beside (io/name_lookup.h), again and again until
// there is an answer. Until then its path has no route, which is shown with the path, or one to where the counterpart was heard.
// No answer is final: it may have been an old one, and the counterpart may move. While nothing is heard the name is looked up
// again, and where it leads elsewhere by then calls go to both places, until one of the two is where the counterpart is heard.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "core/effects.h"
#include "core/station.h"
#include "io/bearer.h"
#include "io/name_lookup.h"

namespace boost::asio {
class io_context;
}

namespace detente::io {

// Where datagrams on one path go at first, and from which socket.
struct RouteTo {
  PathId path;
  core::SocketId socket;
  std::string host;  // an address or a name
  std::uint16_t port = 0;
};

// Datagrams of one path since the table was made.
struct PathTraffic {
  std::uint64_t sent = 0;      // left this machine, as far as it can tell
  std::uint64_t heard = 0;     // that verified
  std::uint64_t not_sent = 0;  // were to be sent, and did not leave
};

class RouteTable {
 public:
  using Bearers = std::vector<std::unique_ptr<Bearer>>;  // by SocketId
  struct Terms {
    Duration look_up_again = std::chrono::seconds(10);
    Duration silent = std::chrono::seconds(60);  // nothing heard for so long: perhaps the counterpart is elsewhere by now
    AddressesOf addresses_of = addresses_by_system;
  };
  // Both outlive it.
  RouteTable(boost::asio::io_context& context, const Bearers& bearers) : RouteTable(context, bearers, Terms()) {}
  RouteTable(boost::asio::io_context& context, const Bearers& bearers, const Terms& terms)
      : context_(&context), bearers_(&bearers), terms_(terms) {}

  // All of this counterpart's. One that is there already goes on as it is, also under another path's number; one that is
  // not named any more ends. Where one is refused all stay as they were.
  Result<void> set(PeerId peer, const std::vector<RouteTo>& routes);
  void send(const core::SendDatagram& datagram);
  // That came by this bearer, new and verified.
  void heard(const core::Station::Heard& heard, const Bearer& on, Origin& origin);
  PathTraffic traffic(PeerId peer, PathId path) const;  // counts on, whatever route the path has
  std::uint64_t nowhere() const { return nowhere_; }  // datagrams that had no route
  PathTrouble trouble(PeerId peer, PathId path) const;  // nothing of a path without a route

 private:
  struct Way;
  struct Path {
    std::shared_ptr<Way> way;  // none: no route is asked for
    PathTraffic traffic;
  };
  using Key = std::pair<PeerId, PathId>;
  Path* find(const Key& key);  // that has a way

  boost::asio::io_context* context_;
  const Bearers* bearers_;
  Terms terms_;
  std::map<Key, Path> paths_;
  std::uint64_t nowhere_ = 0;
};

}  // namespace detente::io
