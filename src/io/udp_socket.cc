#include "io/udp_socket.h"

#include <netdb.h>
#include <netinet/in.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "wire/packet.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

// What the kernel keeps while a commit or a burst holds the thread up.
constexpr int kReceiveBuffer = 4 << 20;
// Datagrams taken before other work gets its turn.
constexpr int kBurst = 64;

std::string name_of(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

Result<UdpAddress> resolve(const std::string& host, std::uint16_t port, int family, bool passive) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Fault::kIo, "the address " + name_of(host, port) + " cannot be looked up (" +
                                gai_strerror(error) + "): correct it in station.toml" +
                                (family == AF_UNSPEC ? ""
                                                     : "; listen and peer address of a path "
                                                       "must be of one kind, IPv4 or IPv6"));
  UdpAddress out;
  std::memcpy(&out.storage, found->ai_addr, found->ai_addrlen);
  out.size = found->ai_addrlen;
  freeaddrinfo(found);
  return out;
}

}  // namespace

bool UdpAddress::operator==(const UdpAddress& other) const {
  if (storage.ss_family != other.storage.ss_family) return false;
  if (storage.ss_family == AF_INET) {
    const auto& a = reinterpret_cast<const sockaddr_in&>(storage);
    const auto& b = reinterpret_cast<const sockaddr_in&>(other.storage);
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
  }
  const auto& a = reinterpret_cast<const sockaddr_in6&>(storage);
  const auto& b = reinterpret_cast<const sockaddr_in6&>(other.storage);
  return a.sin6_port == b.sin6_port && a.sin6_scope_id == b.sin6_scope_id &&
         std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
}

UdpSocket::UdpSocket(asio::io_context& context, int family) : socket_(context), family_(family) {}

Result<std::unique_ptr<UdpSocket>> UdpSocket::bind(asio::io_context& context,
                                                   const std::string& host, std::uint16_t port) {
  DETENTE_TRY(address, resolve(host, port, AF_UNSPEC, true));
  std::unique_ptr<UdpSocket> out(new UdpSocket(context, address.storage.ss_family));
  boost::system::error_code error;
  const auto protocol = out->family_ == AF_INET6 ? asio::ip::udp::v6() : asio::ip::udp::v4();
  static_cast<void>(out->socket_.open(protocol, error));
  if (error)
    return fail(Fault::kIo, "no socket for " + name_of(host, port) + ": " + error.message());
  const int fd = out->socket_.native_handle();
  // As much as the system allows; less is no error.
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
    const int why = errno;
    if (why == EADDRINUSE)
      return fail(Fault::kConflict,
                  "the address " + name_of(host, port) +
                      " is in use by another program: stop it, or name another listen address in "
                      "station.toml and tell the other side");
    return fail(Fault::kIo, "cannot listen on " + name_of(host, port) + " (" + std::strerror(why) +
                                "): is it an address of this machine? Correct it in station.toml");
  }
  static_cast<void>(out->socket_.non_blocking(true, error));
  out->local_port_ = out->socket_.local_endpoint(error).port();
  return out;
}

Result<UdpAddress> UdpSocket::look_up(const std::string& host, std::uint16_t port) const {
  return resolve(host, port, family_, false);
}

void UdpSocket::start(OnDatagram on_datagram) {
  on_datagram_ = std::move(on_datagram);
  asio::co_spawn(socket_.get_executor(), receive(), asio::detached);
}

bool UdpSocket::receive_one() {
  std::uint8_t buffer[wire::kPacketBytesMax];
  UdpAddress from;
  from.size = sizeof from.storage;
  const ssize_t size = ::recvfrom(socket_.native_handle(), buffer, sizeof buffer, MSG_TRUNC,
                                  reinterpret_cast<sockaddr*>(&from.storage), &from.size);
  if (size < 0) return errno == EINTR || errno == ECONNREFUSED;  // else nothing is there now
  if (static_cast<std::size_t>(size) <= sizeof buffer)
    on_datagram_(ByteView(buffer, static_cast<std::size_t>(size)), from);
  return true;
}

asio::awaitable<void> UdpSocket::receive() {
  boost::system::error_code error;
  while (!error) {
    co_await socket_.async_wait(asio::socket_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    for (int i = 0; !error && socket_.is_open() && i < kBurst && receive_one(); ++i) {
    }
  }
}

void UdpSocket::send(const UdpAddress& to, ByteView datagram) {
  if (!socket_.is_open()) return;
  const ssize_t sent = ::sendto(socket_.native_handle(), datagram.data(), datagram.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&to.storage), to.size);
  if (sent < 0) ++not_sent_;
}

void UdpSocket::close() {
  boost::system::error_code ignored;
  static_cast<void>(socket_.close(ignored));
}

}  // namespace detente::io
