#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lab.h"

namespace detente::cli {
namespace {

// Bound for as long as it lives, so that the next one gets another port.
class BoundPort {
 public:
  BoundPort() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (fd_ >= 0 && ::bind(fd_, raw, size) == 0 && ::getsockname(fd_, raw, &size) == 0)
      port_ = ntohs(address.sin_port);
  }
  ~BoundPort() {
    if (fd_ >= 0) ::close(fd_);
  }
  BoundPort(const BoundPort&) = delete;
  BoundPort& operator=(const BoundPort&) = delete;
  std::uint16_t port() const { return port_; }  // 0 when there was none

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::vector<std::uint16_t>> free_udp_ports(std::size_t count) {
  std::vector<BoundPort> bound(count);
  std::vector<std::uint16_t> out;
  for (const BoundPort& port : bound) {
    if (port.port() == 0)
      return fail(Fault::kIo, std::string("no free UDP port on 127.0.0.1: ") +
                                  std::strerror(errno) + "; end what uses so many");
    out.push_back(port.port());
  }
  return out;
}

}  // namespace detente::cli
