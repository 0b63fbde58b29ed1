// Bearer: one listening address of this station and the routes that begin there.
// Datagrams come in and go out; it judges none of them and says nothing by itself.
//
// Addresses and connections stay below this interface. Who a datagram is from, only
// the core can tell, by its keys; the bearer is told (Origin::heard) and then knows
// where that counterpart is now. One thread: the io_context's.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/route_watch.h"
#include "wire/packet.h"

namespace detente::io {

// A counterpart on a path, as one bearer counts them.
using RouteId = Id<struct RouteTag, std::uint16_t>;

enum class BearerKind { kUdp, kTcp };

// Where one datagram came from. Not to be kept.
class Origin {
 public:
  // The datagram is new and verified, and of the counterpart of this route. Where it is the newest, what is sent goes where
  // it came from; a late one may have been held back by anybody (spec/packet.md section 7).
  virtual void heard(RouteId route, bool newest) = 0;
  virtual std::string host() const = 0;  // of the machine that sent it, in numbers
  virtual bool is_from(RouteId route) const = 0;  // the machine that this route was made to

 protected:
  ~Origin() = default;
};

class Bearer {
 public:
  using OnDatagram = std::function<void(ByteView, Origin&)>;

  virtual ~Bearer() = default;
  virtual BearerKind kind() const = 0;
  virtual std::uint16_t local_port() const = 0;
  // Before start() or later. The host is an address or a name, looked up now.
  virtual Result<RouteId> add_route(const std::string& host, std::uint16_t port) = 0;
  // Nothing of it goes on; another may get its id. Not from inside OnDatagram.
  virtual void drop_route(RouteId route) = 0;
  // From now on, until close().
  virtual void start(OnDatagram on_datagram) = 0;
  // What cannot be sent now is dropped: the core sends again. False when, as far as this machine can tell, nothing left.
  virtual bool send(RouteId route, ByteView datagram) = 0;
  virtual void close() = 0;
  virtual std::uint64_t not_sent() const = 0;
  // What was noticed of a route beside datagrams.
  virtual const PathTrouble& trouble(RouteId route) const = 0;
};

// A call goes to more places than other datagrams: perhaps the other side is there again.
inline bool is_call(ByteView datagram) {
  return !datagram.empty() &&
         (datagram[0] == wire::kFirstPacket || datagram[0] == wire::kFirstPacketOfLife);
}

}  // namespace detente::io
