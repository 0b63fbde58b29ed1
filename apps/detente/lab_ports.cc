#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lab.h"

namespace detente::cli {
namespace {

// One port of both kinds, bound for as long as it lives, so that the next one gets another.
class BoundPort {
 public:
  BoundPort() {
    // The system's choice for one kind may be taken for the other.
    for (int tries = 0; tries < kTriesMax && port_ == 0; ++tries) {
      close();
      const std::uint16_t port = bind(SOCK_STREAM, 0);
      if (port != 0 && bind(SOCK_DGRAM, port) == port) port_ = port;
    }
  }
  ~BoundPort() { close(); }
  BoundPort(const BoundPort&) = delete;
  BoundPort& operator=(const BoundPort&) = delete;
  std::uint16_t port() const { return port_; }  // 0 when there was none

 private:
  static constexpr int kTriesMax = 100;

  // The port that it got; 0 when that is taken.
  std::uint16_t bind(int type, std::uint16_t port) {
    int& fd = type == SOCK_STREAM ? tcp_ : udp_;
    fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, raw, size) != 0 || ::getsockname(fd, raw, &size) != 0) return 0;
    return ntohs(address.sin_port);
  }
  void close() {
    for (int* fd : {&tcp_, &udp_})
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
  }

  int tcp_ = -1, udp_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::vector<std::uint16_t>> free_ports(std::size_t count) {
  std::vector<BoundPort> bound(count);
  std::vector<std::uint16_t> out;
  for (const BoundPort& port : bound) {
    if (port.port() == 0)
      return fail(Fault::kIo, std::string("no free port on 127.0.0.1: ") +
                                  std::strerror(errno) + "; end what uses so many");
    out.push_back(port.port());
  }
  return out;
}

}  // namespace detente::cli
