#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "lab.h"

namespace detente::cli {
namespace {

constexpr std::uint16_t kFirst = 20000, kEnd = 32768;  // below what a system gives out by itself

// One port of both kinds, bound for as long as it lives.
class BoundPort {
 public:
  explicit BoundPort(std::uint16_t port)
      : held_(bind(tcp_, SOCK_STREAM, port) && bind(udp_, SOCK_DGRAM, port)) {}
  ~BoundPort() {
    for (const int fd : {tcp_, udp_})
      if (fd >= 0) ::close(fd);
  }
  BoundPort(const BoundPort&) = delete;
  BoundPort& operator=(const BoundPort&) = delete;
  bool held() const { return held_; }

 private:
  static bool bind(int& fd, int type, std::uint16_t port) {
    fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  int tcp_ = -1, udp_ = -1;
  bool held_;
};

}  // namespace

Result<std::vector<std::uint16_t>> free_ports(std::size_t count, std::uint16_t first) {
  std::vector<std::uint16_t> out;
  for (std::uint32_t port = first; port < 65536 && out.size() < count; ++port)
    if (BoundPort(static_cast<std::uint16_t>(port)).held())
      out.push_back(static_cast<std::uint16_t>(port));
  if (out.size() < count)
    return fail(Fault::kIo, "no " + std::to_string(count) + " free ports on 127.0.0.1 from " +
                                std::to_string(first) +
                                " on; end what uses so many, or begin lower with --first-port");
  return out;
}

std::uint16_t any_first_port(KeyRandom& random) {
  const auto drawn = random.array<2>();
  const auto value = static_cast<std::uint32_t>(drawn[0] | drawn[1] << 8);
  return static_cast<std::uint16_t>(kFirst + value % (kEnd - kFirst - 1000));
}

}  // namespace detente::cli
