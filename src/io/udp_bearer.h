// UdpBearer: one address where datagrams come in and from which they leave.
//
// It judges nothing: who may speak is decided by the keys, not by the sender's
// address. A datagram that is longer than any of ours is dropped unread, one
// that cannot be sent now is dropped too (the core sends again). Each route has a
// queue of its own, tied to where that counterpart is (io/udp_queue.h).
// Heavy header (Asio): for src/io/*.cc alone.
#pragma once

#include <deque>
#include <optional>

#include "io/bearer.h"
#include "io/udp_queue.h"

namespace detente::io {

class UdpBearer final : public Bearer {
 public:
  // kConflict when the port is in use, kIo else.
  static Result<std::unique_ptr<UdpBearer>> listen(boost::asio::io_context& context,
                                                   const std::string& host, std::uint16_t port);

  BearerKind kind() const override { return BearerKind::kUdp; }
  std::uint16_t local_port() const override { return open_->local().port(); }
  Result<RouteId> add_route(const std::string& host, std::uint16_t port) override;
  void drop_route(RouteId route) override;
  void start(OnDatagram on_datagram) override;
  bool send(RouteId route, ByteView datagram) override;
  void close() override;
  std::uint64_t not_sent() const override { return not_sent_; }
  const PathTrouble& trouble(RouteId route) const override {
    return routes_[route.value].watch.trouble();
  }

 private:
  struct Route {
    SocketAddress to;                    // as configured
    std::optional<SocketAddress> moved;  // where the counterpart was heard from instead
    std::unique_ptr<UdpQueue> queue;     // of what comes from there
    RouteWatch watch;
    std::optional<Instant> tie_tried;
    bool dropped = false;
  };
  class Sender;

  explicit UdpBearer(std::unique_ptr<UdpQueue> open) : open_(std::move(open)) {}
  void hear(Route& route);
  void tie(Route& route, const SocketAddress& from);
  bool take(ByteView datagram, const SocketAddress& from);
  void follow(Route& route, const SocketAddress& from);
  bool send_to(Route& route, const SocketAddress& to, ByteView datagram);

  std::unique_ptr<UdpQueue> open_;
  std::deque<Route> routes_;  // their queues keep references
  OnDatagram on_datagram_;
  std::uint64_t not_sent_ = 0;
};

}  // namespace detente::io
