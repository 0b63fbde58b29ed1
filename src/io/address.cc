#include "io/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace detente::io {

namespace {

const sockaddr_in& v4(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in&>(address.storage);
}
const sockaddr_in6& v6(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_in6&>(address.storage);
}

}  // namespace

bool SocketAddress::operator==(const SocketAddress& other) const {
  if (family() != other.family()) return false;
  if (family() == AF_INET)
    return v4(*this).sin_port == v4(other).sin_port &&
           v4(*this).sin_addr.s_addr == v4(other).sin_addr.s_addr;
  return v6(*this).sin6_port == v6(other).sin6_port &&
         v6(*this).sin6_scope_id == v6(other).sin6_scope_id &&
         std::memcmp(&v6(*this).sin6_addr, &v6(other).sin6_addr, sizeof(in6_addr)) == 0;
}

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET ? v4(*this).sin_port : v6(*this).sin6_port);
}

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  }
}

bool SocketAddress::any_host() const {
  if (family() == AF_INET) return v4(*this).sin_addr.s_addr == htonl(INADDR_ANY);
  return IN6_IS_ADDR_UNSPECIFIED(&v6(*this).sin6_addr);
}

std::string SocketAddress::host_text() const {
  char out[NI_MAXHOST]{};
  return getnameinfo(raw(), size, out, sizeof out, nullptr, 0, NI_NUMERICHOST) == 0 ? out : "";
}

SocketAddress SocketAddress::of(const sockaddr& address, socklen_t size) {
  SocketAddress out;
  std::memcpy(&out.storage, &address, size);
  out.size = size;
  return out;
}

std::string SocketAddress::text() const { return address_text(host_text(), port()); }

ByteArray<8> SocketAddress::household() const {
  ByteArray<8> out{};
  if (family() == AF_INET) {
    std::memcpy(out.data() + 4, &v4(*this).sin_addr.s_addr, 4);
  } else if (IN6_IS_ADDR_V4MAPPED(&v6(*this).sin6_addr)) {
    std::memcpy(out.data() + 4, v6(*this).sin6_addr.s6_addr + 12, 4);
  } else {
    std::memcpy(out.data(), v6(*this).sin6_addr.s6_addr, 8);
  }
  return out;
}

std::string address_text(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

Result<SocketAddress> look_up(const std::string& host, std::uint16_t port, int type, int family) {
  const bool to_listen = family == AF_UNSPEC;
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = type;
  hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0)
    return fail(Fault::kIo, "the address " + address_text(host, port) + " cannot be looked up (" +
                                gai_strerror(error) + "): correct it in station.toml" +
                                (to_listen ? ""
                                           : "; listen and peer address of a path must be of one "
                                             "kind, IPv4 or IPv6"));
  const SocketAddress out = SocketAddress::of(*found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return out;
}

// One that this machine has not now, because its network card died or comes up later, is taken all the same: the station's other
// paths must not wait for it, and what is missing is shown with the path (io/own_side.h).
Result<void> bind_socket(int fd, const SocketAddress& address, const std::string& host) {
  const int yes = 1;
  if (address.family() == AF_INET6)
    static_cast<void>(setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes));
  else
    static_cast<void>(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes));
  if (::bind(fd, address.raw(), address.size) == 0) return {};
  const int why = errno;
  const std::string name = address_text(host, address.port());
  if (why == EADDRINUSE)
    return fail(Fault::kConflict,
                "the address " + name +
                    " is in use by another program: stop it, or name another listen address in "
                    "station.toml and tell the other side");
  return fail(Fault::kIo, "cannot listen on " + name + " (" + std::strerror(why) +
                              "): correct it in station.toml");
}

}  // namespace detente::io
