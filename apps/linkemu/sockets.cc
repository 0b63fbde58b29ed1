#include "sockets.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace detente::linkemu {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

tl::unexpected<Error> fail_errno(const std::string& what) {
  const int error = errno;
  const bool rights = error == EPERM || error == EACCES;
  return fail(rights ? Fault::kDenied : Fault::kIo, what + ": " + std::strerror(error));
}

Result<SocketAddress> parse_address(std::string_view text) {
  const auto wrong = [&] {
    return fail(Fault::kMalformed, "\"" + std::string(text) +
                                       "\" is no address; write 192.0.2.1:7001 or "
                                       "[2001:db8::1]:7001");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string host(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return wrong();
  SocketAddress out;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    host = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return wrong();
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.size = sizeof(sockaddr_in6);
    return out;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return wrong();
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  out.size = sizeof(sockaddr_in);
  return out;
}

SocketAddress any_address(int family) {
  SocketAddress out;
  out.storage.ss_family = static_cast<sa_family_t>(family);
  out.size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return out;
}

std::string SocketAddress::text() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
  ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
}

Result<Fd> open_socket(int family, int type) {
  Fd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("a socket cannot be opened");
  return fd;
}

Result<Fd> open_bound(const SocketAddress& address, int type) {
  DETENTE_TRY(fd, open_socket(address.family(), type));
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return fail_errno("cannot listen at " + address.text());
  return fd;
}

}  // namespace detente::linkemu
