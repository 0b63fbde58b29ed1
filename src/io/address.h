// An address that was looked up, for sockets of either kind.
#pragma once

#include <sys/socket.h>

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::io {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  static SocketAddress of(const sockaddr& address, socklen_t size);
  bool operator==(const SocketAddress& other) const;  // the same host and port

  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  bool any_host() const;  // 0.0.0.0 or ::
  std::string host_text() const;  // in numbers, with the interface where it belongs to one; "" of none
  std::string text() const;       // "10.0.0.2:7001", "[::1]:7001"
  // Who would be one stranger rather than many: an IPv4 address, or an IPv6 network of 64 bits.
  ByteArray<8> household() const;
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `host` is an address or a name, looked up now. `type`: SOCK_DGRAM or SOCK_STREAM. `family`:
// AF_UNSPEC for an address to listen on, else the one that the listening address has.
Result<SocketAddress> look_up(const std::string& host, std::uint16_t port, int type, int family);

// kConflict when the port is in use, kIo else.
Result<void> bind_socket(int fd, const SocketAddress& address, const std::string& host);

// "host:port", "[::1]:port".
std::string address_text(const std::string& host, std::uint16_t port);

}  // namespace detente::io
