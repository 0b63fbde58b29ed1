#include "io/udp_bearer.h"

#include <algorithm>

#include "io/os_clock.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

constexpr Duration kTieAgain = std::chrono::seconds(1);

}  // namespace

class UdpBearer::Sender final : public Origin {
 public:
  Sender(UdpBearer& bearer, const SocketAddress& from) : bearer_(bearer), from_(from) {}
  void heard(RouteId route, bool newest) override {
    known_ = true;
    Route& its = bearer_.routes_[route.value];
    its.watch.heard();
    if (newest) bearer_.follow(its, from_);
  }
  std::string host() const override { return from_.host_text(); }
  bool is_from(RouteId route) const override { return bearer_.routes_[route.value].to.host_text() == host(); }
  bool known() const { return known_; }

 private:
  UdpBearer& bearer_;
  const SocketAddress& from_;
  bool known_ = false;
};

Result<std::unique_ptr<UdpBearer>> UdpBearer::listen(asio::io_context& context,
                                                     const std::string& host, std::uint16_t port) {
  DETENTE_TRY(address, look_up(host, port, SOCK_DGRAM, AF_UNSPEC));
  DETENTE_TRY(open, UdpQueue::open(context, address, host));
  return std::unique_ptr<UdpBearer>(new UdpBearer(std::move(open)));
}

Result<RouteId> UdpBearer::add_route(const std::string& host, std::uint16_t port) {
  DETENTE_TRY(to, look_up(host, port, SOCK_DGRAM, open_->local().family()));
  // A queue is large, and a name may lead elsewhere again and again.
  const auto free = std::find_if(routes_.begin(), routes_.end(), [](const Route& route) { return route.dropped; });
  if (free != routes_.end()) {
    free->to = to;
    free->moved.reset();
    free->watch = RouteWatch(open_->local(), to);
    free->tie_tried.reset();
    free->dropped = false;
    free->queue->tie(*open_, to);
    return RouteId{static_cast<std::uint16_t>(free - routes_.begin())};
  }
  routes_.push_back({to, std::nullopt, UdpQueue::tied(*open_, to), RouteWatch(open_->local(), to), std::nullopt});
  if (on_datagram_) hear(routes_.back());
  return RouteId{static_cast<std::uint16_t>(routes_.size() - 1)};
}

void UdpBearer::drop_route(RouteId id) {
  routes_[id.value].dropped = true;
  routes_[id.value].queue->close();
}

void UdpBearer::start(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  open_->start([this](ByteView datagram, const SocketAddress& from) { return take(datagram, from); });
  for (Route& route : routes_) hear(route);
}

void UdpBearer::hear(Route& route) {
  route.queue->start([this](ByteView datagram, const SocketAddress& from) { return take(datagram, from); },
                     [&route] { route.watch.refused(); });
}

bool UdpBearer::take(ByteView datagram, const SocketAddress& from) {
  Sender sender(*this, from);
  on_datagram_(datagram, sender);
  return sender.known();
}

// A counterpart that moved is answered where it was heard from last: by a datagram that verified
// and is the newest, so nobody else can move it for longer than until its next one.
void UdpBearer::follow(Route& route, const SocketAddress& from) {
  const bool moves = from != (route.moved ? *route.moved : route.to);
  if (!route.queue->is_open()) {
    tie(route, from);
  } else if (moves) {
    route.queue->tie(*open_, from);
  }
  if (!moves) return;
  route.watch.follows(from);
  if (from == route.to) {
    route.moved.reset();
  } else {
    route.moved = from;
  }
}

// No way led there when the station began, perhaps, or the system had no socket left. It costs some calls of the system.
void UdpBearer::tie(Route& route, const SocketAddress& from) {
  const Instant now = os_now().mono;
  const bool soon = route.tie_tried && now - *route.tie_tried < kTieAgain;
  if (route.dropped || soon || !open_->is_open()) return;
  route.tie_tried = now;
  route.queue->tie(*open_, from);
}

bool UdpBearer::send_to(Route& route, const SocketAddress& to, ByteView datagram) {
  if (const int error = open_->send(to, datagram); error != 0) {
    ++not_sent_;
    route.watch.not_sent(error);
    return false;
  }
  route.watch.sent();
  // It leads there now: what answers is heard behind a flood.
  if (!route.queue->is_open()) tie(route, route.moved ? *route.moved : route.to);
  return !route.watch.trouble().own;  // an interface without its cable takes datagrams too
}

bool UdpBearer::send(RouteId id, ByteView datagram) {
  if (!open_->is_open()) return false;
  Route& route = routes_[id.value];
  bool left = send_to(route, route.moved ? *route.moved : route.to, datagram);
  // A call goes to the configured address too: perhaps the other side is back there.
  if (route.moved && is_call(datagram)) left = send_to(route, route.to, datagram) || left;
  return left;
}

void UdpBearer::close() {
  open_->close();
  for (Route& route : routes_) route.queue->close();
}

}  // namespace detente::io
