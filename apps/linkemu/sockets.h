// File descriptors that close themselves, addresses, and errors of the system in words.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace detente::linkemu {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::string text() const;
};

// "192.0.2.1:7001" or "[2001:db8::1]:7001": numbers, so that no name server decides where bytes go.
Result<SocketAddress> parse_address(std::string_view text);
// Port 0 on every address of that family.
SocketAddress any_address(int family);

// "what: Permission denied", from errno.
tl::unexpected<Error> fail_errno(const std::string& what);

// Does not block and is not handed to child processes.
Result<Fd> open_socket(int family, int type);
Result<Fd> open_bound(const SocketAddress& address, int type);

}  // namespace detente::linkemu
