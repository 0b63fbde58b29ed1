#include "io/udp_bearer.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace detente::io {

namespace asio = boost::asio;

namespace {

// What the kernel keeps while a commit or a burst holds the thread up.
constexpr int kReceiveBuffer = 4 << 20;
// Datagrams taken before other work gets its turn.
constexpr int kBurst = 64;

}  // namespace

class UdpBearer::Sender final : public Origin {
 public:
  Sender(UdpBearer& bearer, const SocketAddress& from) : bearer_(bearer), from_(from) {}
  void heard(RouteId route) override { bearer_.follow(bearer_.routes_[route.value], from_); }

 private:
  UdpBearer& bearer_;
  const SocketAddress& from_;
};

UdpBearer::UdpBearer(asio::io_context& context, int family) : socket_(context), family_(family) {}

Result<std::unique_ptr<UdpBearer>> UdpBearer::listen(asio::io_context& context,
                                                     const std::string& host, std::uint16_t port) {
  DETENTE_TRY(address, look_up(host, port, SOCK_DGRAM, AF_UNSPEC));
  std::unique_ptr<UdpBearer> out(new UdpBearer(context, address.family()));
  boost::system::error_code error;
  const auto protocol = out->family_ == AF_INET6 ? asio::ip::udp::v6() : asio::ip::udp::v4();
  static_cast<void>(out->socket_.open(protocol, error));
  if (error)
    return fail(Fault::kIo, "no socket for " + address_text(host, port) + ": " + error.message());
  const int fd = out->socket_.native_handle();
  // As much as the system allows; less is no error.
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer));
  DETENTE_TRY_VOID(bind_socket(fd, address, host));
  static_cast<void>(out->socket_.non_blocking(true, error));
  out->local_port_ = out->socket_.local_endpoint(error).port();
  return out;
}

Result<RouteId> UdpBearer::add_route(const std::string& host, std::uint16_t port) {
  DETENTE_TRY(to, look_up(host, port, SOCK_DGRAM, family_));
  routes_.push_back({to, std::nullopt});
  return RouteId{static_cast<std::uint16_t>(routes_.size() - 1)};
}

void UdpBearer::start(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  asio::co_spawn(socket_.get_executor(), receive(), asio::detached);
}

bool UdpBearer::receive_one() {
  std::uint8_t buffer[wire::kPacketBytesMax];
  SocketAddress from;
  from.size = sizeof from.storage;
  const ssize_t size = ::recvfrom(socket_.native_handle(), buffer, sizeof buffer, MSG_TRUNC,
                                  from.raw(), &from.size);
  if (size < 0) return errno == EINTR || errno == ECONNREFUSED;  // else nothing is there now
  if (static_cast<std::size_t>(size) <= sizeof buffer) {
    Sender sender(*this, from);
    on_datagram_(ByteView(buffer, static_cast<std::size_t>(size)), sender);
  }
  return true;
}

asio::awaitable<void> UdpBearer::receive() {
  boost::system::error_code error;
  while (!error) {
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    for (int i = 0; !error && socket_.is_open() && i < kBurst && receive_one(); ++i) {
    }
  }
}

// A counterpart that moved is answered where it was heard from last: by a datagram that verified and
// is new, so nobody else can move it for longer than until its next one.
void UdpBearer::follow(Route& route, const SocketAddress& from) {
  if (from == route.to) {
    route.moved.reset();
  } else if (!route.moved || !(*route.moved == from)) {
    route.moved = from;
  }
}

void UdpBearer::send_to(const SocketAddress& to, ByteView datagram) {
  const ssize_t sent = ::sendto(socket_.native_handle(), datagram.data(), datagram.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL, to.raw(), to.size);
  if (sent < 0) ++not_sent_;
}

void UdpBearer::send(RouteId id, ByteView datagram) {
  if (!socket_.is_open()) return;
  const Route& route = routes_[id.value];
  send_to(route.moved ? *route.moved : route.to, datagram);
  // A call goes to the configured address too: perhaps the other side is back there.
  if (route.moved && is_call(datagram)) send_to(route.to, datagram);
}

void UdpBearer::close() {
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
}

}  // namespace detente::io
