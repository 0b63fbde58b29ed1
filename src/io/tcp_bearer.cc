#include "io/tcp_bearer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "io/address.h"
#include "io/detached.h"
#include "io/os_clock.h"
#include "io/tcp_connection.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

using Tcp = asio::ip::tcp;
using ConnectionId = std::uint64_t;

constexpr int kBacklog = 64;
// When the system has no descriptor left; somebody may close one.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

// Segments that every path carries (RFC 9293: 536; RFC 8200: 1280 less the headers). Some paths drop
// larger ones without a word, and the kernel would send the same one until the connection is dead.
// Before connecting or listening: it is announced to the other end, too.
void limit_segments(int fd, int family) {
  const int bytes = family == AF_INET6 ? 1220 : 536;
  static_cast<void>(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, sizeof bytes));
}

SocketAddress to_address(const Tcp::endpoint& endpoint) {
  return SocketAddress::of(*endpoint.data(), static_cast<socklen_t>(endpoint.size()));
}

Tcp::endpoint to_endpoint(const SocketAddress& address) {
  Tcp::endpoint out;
  std::memcpy(out.data(), &address.storage, address.size);
  out.resize(address.size);
  return out;
}

class TcpBearer final : public Bearer {
 public:
  TcpBearer(asio::io_context& context, JitterRandom& jitter, const SocketAddress& listen,
            const TcpTerms& terms)
      : context_(context), jitter_(jitter), listen_(listen), terms_(terms), acceptor_(context) {}

  Result<void> bind(const std::string& host);

  BearerKind kind() const override { return BearerKind::kTcp; }
  std::uint16_t local_port() const override { return local_port_; }
  Result<RouteId> add_route(const std::string& host, std::uint16_t port) override;
  void drop_route(RouteId route) override;
  void start(OnDatagram on_datagram) override;
  bool send(RouteId route, ByteView datagram) override;
  void close() override;
  std::uint64_t not_sent() const override;
  const PathTrouble& trouble(RouteId route) const override {
    return routes_[route.value].watch.trouble();
  }

 private:
  struct Held {
    std::shared_ptr<TcpConnection> stream;
    bool dialled = false;
    SocketAddress from;  // where one that was accepted comes from
    std::optional<RouteId> route;   // from the beginning when dialled, else once heard
    std::optional<Instant> heard;   // when something last verified on it
    std::unique_ptr<asio::steady_timer> limit;  // while it is accepted and unverified
  };
  struct Route {
    SocketAddress to;
    Duration pause;  // before the next dial
    Instant brisk_since;
    std::unique_ptr<asio::steady_timer> wake;
    std::optional<ConnectionId> dialled;
    std::optional<ConnectionId> in_use;
    Duration settle{};
    Bytes waiting;  // the newest datagram, while there was no connection to send it on
    RouteWatch watch;
    bool gone = false;
    bool kept = true;  // dialled by somebody who keeps a reference, now or from the start on
  };
  class Sender;

  Duration draw(Duration below) {
    return Duration(static_cast<std::int64_t>(
        jitter_.below(static_cast<std::uint64_t>(below.count()) + 1)));
  }
  void back_off(Route& route) {
    const bool brisk = os_now().mono - route.brisk_since < terms_.redial_brisk_time;
    route.pause = std::min(route.pause * 2, brisk ? terms_.redial_brisk_max : terms_.redial_max);
  }
  Held* find(std::optional<ConnectionId> id);
  bool verified(const Held& held) const { return held.heard.has_value(); }

  asio::awaitable<void> accept();
  void take_in(Tcp::socket socket, const SocketAddress& from);
  void make_room(const SocketAddress& from);
  void drop_surplus(RouteId route);

  asio::awaitable<void> keep_dialled(RouteId route);
  asio::awaitable<std::optional<Tcp::socket>> dial(RouteId route);
  void hold(Held made);
  void closed(ConnectionId id);

  void heard(ConnectionId id, RouteId route, bool newest);
  Held* accepted_of(RouteId route);  // the one that was heard on last

  asio::io_context& context_;
  JitterRandom& jitter_;
  SocketAddress listen_;
  TcpTerms terms_;
  Tcp::acceptor acceptor_;
  std::uint16_t local_port_ = 0;
  bool closing_ = false;
  std::deque<Route> routes_;  // who keeps one dialled keeps a reference
  std::map<ConnectionId, Held> connections_;  // ids ascend with age
  ConnectionId next_id_ = 1;
  OnDatagram on_datagram_;
  std::uint64_t not_sent_ = 0;
};

class TcpBearer::Sender final : public Origin {
 public:
  Sender(TcpBearer& bearer, ConnectionId id) : bearer_(bearer), id_(id) {}
  void heard(RouteId route, bool newest) override { bearer_.heard(id_, route, newest); }
  std::string host() const override { return bearer_.find(id_)->from.host_text(); }
  bool is_from(RouteId route) const override {
    const Held& held = *bearer_.find(id_);
    return held.route ? *held.route == route : held.from.host_text() == bearer_.routes_[route.value].to.host_text();
  }

 private:
  TcpBearer& bearer_;
  ConnectionId id_;
};

// --- listening ---------------------------------------------------------------

Result<void> TcpBearer::bind(const std::string& host) {
  boost::system::error_code error;
  static_cast<void>(
      acceptor_.open(listen_.family() == AF_INET6 ? Tcp::v6() : Tcp::v4(), error));
  if (error)
    return fail(Fault::kIo,
                "no socket for " + address_text(host, listen_.port()) + ": " + error.message());
  // Connections of the life before may still be winding down.
  static_cast<void>(acceptor_.set_option(asio::socket_base::reuse_address(true), error));
  limit_segments(acceptor_.native_handle(), listen_.family());
  DETENTE_TRY_VOID(bind_socket(acceptor_.native_handle(), listen_, host));
  static_cast<void>(acceptor_.listen(kBacklog, error));
  if (error)
    return fail(error == asio::error::address_in_use ? Fault::kConflict : Fault::kIo,
                "cannot listen on " + address_text(host, listen_.port()) + ": " + error.message());
  local_port_ = acceptor_.local_endpoint(error).port();
  return {};
}

asio::awaitable<void> TcpBearer::accept() {
  asio::steady_timer pause(context_);
  while (acceptor_.is_open()) {
    boost::system::error_code error;
    Tcp::socket socket(context_);
    Tcp::endpoint from;
    co_await acceptor_.async_accept(socket, from,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (closing_) break;
    if (!error) {
      take_in(std::move(socket), to_address(from));
    } else if (error != asio::error::connection_aborted) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

// The oldest goes: who is no stranger verifies within a round trip, and only a flood is faster.
void TcpBearer::make_room(const SocketAddress& from) {
  std::size_t all = 0, here = 0;
  std::optional<ConnectionId> oldest, oldest_here;
  for (const auto& [id, held] : connections_) {
    if (held.dialled || verified(held)) continue;
    ++all;
    if (!oldest) oldest = id;
    if (held.from.household() != from.household()) continue;
    ++here;
    if (!oldest_here) oldest_here = id;
  }
  std::optional<ConnectionId> out;
  if (here >= terms_.unverified_a_household) {
    out = oldest_here;
  } else if (all >= terms_.unverified_max) {
    out = oldest;
  }
  if (Held* held = find(out)) held->stream->close();
}

void TcpBearer::take_in(Tcp::socket socket, const SocketAddress& from) {
  Held held;
  held.from = from;
  make_room(from);
  held.stream = std::make_shared<TcpConnection>(std::move(socket), terms_);
  held.limit = std::make_unique<asio::steady_timer>(context_, terms_.unverified_time);
  hold(std::move(held));
}

// --- connections -------------------------------------------------------------

TcpBearer::Held* TcpBearer::find(std::optional<ConnectionId> id) {
  const auto at = id ? connections_.find(*id) : connections_.end();
  return at == connections_.end() ? nullptr : &at->second;
}

// Everything is in its place before the stream begins: it may bring something, or end, at once.
void TcpBearer::hold(Held made) {
  const ConnectionId id = next_id_++;
  const std::shared_ptr<TcpConnection> stream = made.stream;
  const Held& held = connections_.emplace(id, std::move(made)).first->second;
  if (held.dialled) routes_[held.route->value].dialled = id;
  if (held.limit)
    held.limit->async_wait([this, id](const boost::system::error_code& error) {
      Held* late = error ? nullptr : find(id);
      if (late != nullptr && !verified(*late)) late->stream->close();
    });
  stream->start({[this, id](ByteView datagram) {
                   Sender sender(*this, id);
                   on_datagram_(datagram, sender);
                 },
                 [this, id] { closed(id); }});
}

void TcpBearer::closed(ConnectionId id) {
  const auto node = connections_.extract(id);
  if (!node.empty()) not_sent_ += node.mapped().stream->dropped_late();
  if (node.empty() || closing_ || !node.mapped().route) return;
  Route& route = routes_[node.mapped().route->value];
  if (route.dialled == id) {
    route.dialled.reset();
    if (!verified(node.mapped())) back_off(route);
  }
  if (route.in_use == id) route.in_use.reset();
  route.wake->cancel();
}

void TcpBearer::heard(ConnectionId id, RouteId route_id, bool newest) {
  Held* held = find(id);
  if (held == nullptr) return;
  if (held->route && *held->route != route_id) return;  // its counterpart's, not another's
  const bool first = !verified(*held);
  const Instant now = os_now().mono;
  held->route = route_id;
  held->heard = now;
  held->stream->answered();
  if (first) {
    held->limit.reset();
    drop_surplus(route_id);
  }
  Route& route = routes_[route_id.value];
  route.watch.heard();
  route.pause = terms_.redial_min;
  route.brisk_since = now;
  if (route.in_use == id || (!newest && find(route.in_use))) return;
  // Not at once: both would change at the same moment, and each meet the other's old choice. And
  // whoever repeats a datagram first keeps the counterpart's connection from us for a moment only.
  if (const Held* used = find(route.in_use); used && now - *used->heard < route.settle) return;
  route.in_use = id;
  route.settle = terms_.settle + draw(terms_.settle);
  route.waiting.clear();
}

void TcpBearer::drop_surplus(RouteId route) {
  std::size_t count = 0;
  Held* silent = nullptr;
  for (auto& [id, held] : connections_) {
    if (held.dialled || held.route != route) continue;
    ++count;
    if (!silent || *held.heard < *silent->heard) silent = &held;
  }
  if (count > terms_.verified_max) silent->stream->close();
}

TcpBearer::Held* TcpBearer::accepted_of(RouteId route) {
  Held* out = nullptr;
  for (auto& [id, held] : connections_)
    if (!held.dialled && held.route == route && (!out || *out->heard < *held.heard)) out = &held;
  return out;
}

// --- dialling ----------------------------------------------------------------

Result<RouteId> TcpBearer::add_route(const std::string& host, std::uint16_t port) {
  DETENTE_TRY(to, look_up(host, port, SOCK_STREAM, listen_.family()));
  const auto is_free = [](const Route& route) { return route.gone && !route.kept; };
  const auto place = std::find_if(routes_.begin(), routes_.end(), is_free);
  const RouteId id{static_cast<std::uint16_t>(place - routes_.begin())};
  Route made{to, terms_.redial_min, os_now().mono, std::make_unique<asio::steady_timer>(context_), {}, {}, {}, {},
             RouteWatch(listen_, to)};
  if (place == routes_.end()) {
    routes_.push_back(std::move(made));
  } else {
    *place = std::move(made);
  }
  if (on_datagram_) asio::co_spawn(context_, keep_dialled(id), ends_all);
  return id;
}

void TcpBearer::drop_route(RouteId id) {
  routes_[id.value].gone = true;
  std::vector<std::shared_ptr<TcpConnection>> streams;  // what is closed leaves connections_ at once
  for (const auto& [number, held] : connections_)
    if (held.route == id) streams.push_back(held.stream);
  for (const auto& stream : streams) stream->close();
  routes_[id.value].wake->cancel();
}

asio::awaitable<std::optional<Tcp::socket>> TcpBearer::dial(RouteId id) {
  const SocketAddress to = routes_[id.value].to;
  const auto socket = std::make_shared<Tcp::socket>(context_);
  boost::system::error_code error;
  static_cast<void>(socket->open(to.family() == AF_INET6 ? Tcp::v6() : Tcp::v4(), error));
  if (error) co_return std::nullopt;
  // From the address that this path has here, and without keeping a listener from its port.
  static_cast<void>(socket->set_option(asio::socket_base::reuse_address(true), error));
  const int fd = socket->native_handle();
  limit_segments(fd, to.family());
  if (!listen_.any_host()) {
    SocketAddress from = listen_;
    from.set_port(0);
    const int yes = 1;
    static_cast<void>(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes));
    if (::bind(fd, from.raw(), from.size) != 0) {
      routes_[id.value].watch.not_sent(errno);
      co_return std::nullopt;
    }
  }
  asio::steady_timer limit(context_, terms_.dial_time);
  limit.async_wait([socket](const boost::system::error_code& stopped) {
    boost::system::error_code ignored;
    if (!stopped) static_cast<void>(socket->close(ignored));
  });
  co_await socket->async_connect(to_endpoint(to),
                                 asio::redirect_error(asio::use_awaitable, error));
  if (closing_) co_return std::nullopt;
  if (error) {
    routes_[id.value].watch.not_reached(error.value());
    co_return std::nullopt;
  }
  if (!socket->is_open()) {  // its time was over just then
    routes_[id.value].watch.not_reached(ETIMEDOUT);
    co_return std::nullopt;
  }
  // A port of this machine where nobody listens can be met by itself.
  if (socket->local_endpoint(error) == socket->remote_endpoint(error)) {
    routes_[id.value].watch.refused();
    co_return std::nullopt;
  }
  routes_[id.value].watch.listened();
  co_return std::move(*socket);
}

asio::awaitable<void> TcpBearer::keep_dialled(RouteId id) {
  Duration pause{0};
  boost::system::error_code woken;
  Route& route = routes_[id.value];
  while (!closing_ && !route.gone) {
    if (route.in_use || route.dialled) {
      route.wake->expires_at(asio::steady_timer::time_point::max());
      co_await route.wake->async_wait(asio::redirect_error(asio::use_awaitable, woken));
      pause = route.pause;
      continue;
    }
    if (pause.count() > 0) {
      const Duration wait = pause * 3 / 4 + draw(pause / 2);
      asio::steady_timer timer(context_, wait);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (closing_) break;
      pause = Duration{0};
      continue;  // perhaps they dialled meanwhile
    }
    std::optional<Tcp::socket> socket = co_await dial(id);
    if (closing_ || route.gone) break;
    if (!socket) {
      pause = route.pause;
      back_off(route);
      continue;
    }
    Held held;
    held.stream = std::make_shared<TcpConnection>(std::move(*socket), terms_);
    held.dialled = true;
    held.route = id;
    const std::shared_ptr<TcpConnection> stream = held.stream;
    hold(std::move(held));
    if (!route.waiting.empty()) stream->send(os_now().mono, std::exchange(route.waiting, {}));
  }
  route.kept = false;
}

// --- the interface -----------------------------------------------------------

void TcpBearer::start(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  asio::co_spawn(context_, accept(), ends_all);
  for (std::size_t i = 0; i < routes_.size(); ++i)
    asio::co_spawn(context_, keep_dialled(RouteId{static_cast<std::uint16_t>(i)}), ends_all);
}

bool TcpBearer::send(RouteId id, ByteView datagram) {
  if (closing_) return false;
  Route& route = routes_[id.value];
  const Instant now = os_now().mono;
  Held* dialled = find(route.dialled);
  Held* best = find(route.in_use);
  if (best == nullptr) best = dialled;
  if (best == nullptr) best = accepted_of(id);
  bool sent = best != nullptr && best->stream->send(now, datagram);
  if (is_call(datagram)) {
    // Perhaps the other side is a new one, and hears on another connection than the old one did.
    Held* accepted = accepted_of(id);
    for (Held* other : {dialled, accepted})
      if (other != nullptr && other != best) sent |= other->stream->send(now, datagram);
  }
  if (sent) {
    route.watch.sent();
    return !route.watch.trouble().own;
  }
  ++not_sent_;
  if (best == nullptr) route.waiting.assign(datagram.begin(), datagram.end());
  return false;
}

std::uint64_t TcpBearer::not_sent() const {
  std::uint64_t sum = not_sent_;
  for (const auto& [id, held] : connections_) sum += held.stream->dropped_late();
  return sum;
}

void TcpBearer::close() {
  if (std::exchange(closing_, true)) return;
  boost::system::error_code ignored;
  static_cast<void>(acceptor_.close(ignored));
  for (const auto& [id, held] : std::exchange(connections_, {})) held.stream->close();
  for (Route& route : routes_) route.wake->cancel();
}

}  // namespace

Result<std::unique_ptr<Bearer>> listen_tcp(asio::io_context& context, JitterRandom& jitter,
                                           const std::string& host, std::uint16_t port,
                                           const TcpTerms& terms) {
  DETENTE_TRY(listen, look_up(host, port, SOCK_STREAM, AF_UNSPEC));
  auto bearer = std::make_unique<TcpBearer>(context, jitter, listen, terms);
  DETENTE_TRY_VOID(bearer->bind(host));
  return std::unique_ptr<Bearer>(std::move(bearer));
}

}  // namespace detente::io
