// A TUN device in each of two network namespaces. The devices belong to this
// process: they go when it ends, however it ends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "ends.h"

namespace detente::linkemu {
namespace {

constexpr int kAtOnce = 64;
constexpr std::size_t kPacketMax = 65535;

class TunEnds final : public Ends {
 public:
  TunEnds(std::string about, Fd a, Fd b)
      : about_(std::move(about)), fds_{std::move(a), std::move(b)} {}

  void watch(const Link&, std::vector<pollfd>& out) const override {
    for (const Fd& fd : fds_) out.push_back({fd.get(), POLLIN, 0});
  }

  void receive(Instant now, Link& link) override {
    for (const Direction d : kDirections)
      for (int i = 0; i < kAtOnce; ++i) {
        const ssize_t got =
            ::read(fds_[d == Direction::kAToB ? 0 : 1].get(), buffer_.data(), buffer_.size());
        // EBADFD: the device was deleted, or its namespace was.
        if (got < 0 && errno == EBADFD) alive_ = false;
        if (got <= 0) break;
        link.channel(d).push(now, {Bytes(buffer_.begin(), buffer_.begin() + got)});
      }
  }

  bool deliver(Direction direction, Packet packet) override {
    const Fd& fd = fds_[direction == Direction::kAToB ? 1 : 0];
    return ::write(fd.get(), packet.bytes.data(), packet.bytes.size()) ==
           static_cast<ssize_t>(packet.bytes.size());
  }

  bool alive() const override { return alive_; }
  std::string describe() const override { return about_; }

 private:
  std::string about_;
  bool alive_ = true;
  std::array<Fd, 2> fds_;
  std::array<std::uint8_t, kPacketMax> buffer_;
};

struct Prefix {
  bool v6 = false;
  in_addr v4{};
  in6_addr v6_address{};
  unsigned length = 0;
};

Result<Prefix> parse_prefix(const std::string& text) {
  const auto wrong = [&] {
    return fail(Fault::kMalformed,
                "\"" + text + "\" is no address with its network's length; write 10.1.0.1/24");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return wrong();
  const std::string host = text.substr(0, slash), length = text.substr(slash + 1);
  Prefix out;
  out.v6 = ::inet_pton(AF_INET6, host.c_str(), &out.v6_address) == 1;
  if (!out.v6 && ::inet_pton(AF_INET, host.c_str(), &out.v4) != 1) return wrong();
  const char* const end = length.data() + length.size();
  const auto [rest, error] = std::from_chars(length.data(), end, out.length);
  if (error != std::errc() || rest != end || out.length > (out.v6 ? 128u : 32u)) return wrong();
  return out;
}

// This process is in another namespace for as long as the object lives. One thread only.
class Visit {
 public:
  static Result<Visit> to(const std::string& netns) {
    Visit visit;
    if (netns.empty()) return visit;
    const std::string path = netns.find('/') == std::string::npos ? "/run/netns/" + netns : netns;
    const Fd there(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!there)
      return fail(Fault::kNotFound,
                  path + ": " + std::strerror(errno) + "; make it with: ip netns add " + netns);
    visit.home_ = Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!visit.home_) return fail_errno("/proc/self/ns/net");
    if (::setns(there.get(), CLONE_NEWNET) != 0)
      return fail_errno("cannot enter the network namespace " + path + " (this needs root)");
    return visit;
  }
  Visit(Visit&&) = default;
  ~Visit() {
    // Without a way home no later step could be trusted to act where it should.
    if (home_ && ::setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
  }

 private:
  Visit() = default;
  Fd home_;
};

ifreq request_for(const std::string& device) {
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

// A link of IPv4 stays silent: the kernel would else announce itself by IPv6
// packets, which the counters and the drawn fates would see. Best effort: an
// image without IPv6 or with a read-only /proc/sys is no reason to fail.
void silence_ipv6(const std::string& device) {
  const std::string path = "/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6";
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && ::write(fd.get(), "1", 1) != 1) errno = 0;
}

Result<void> set_ipv4(const Fd& socket, const std::string& device, const Prefix& prefix) {
  ifreq request = request_for(device);
  auto& address = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
  address.sin_family = AF_INET;
  address.sin_addr = prefix.v4;
  if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0)
    return fail_errno("cannot give " + device + " its address");
  const std::uint64_t mask = 0xffffffffull << (32 - prefix.length);
  address.sin_addr.s_addr = htonl(static_cast<std::uint32_t>(mask));
  if (::ioctl(socket.get(), SIOCSIFNETMASK, &request) != 0)
    return fail_errno("cannot give " + device + " its network's length");
  return {};
}

Result<void> set_ipv6(const std::string& device, const Prefix& prefix) {
  DETENTE_TRY(socket, open_socket(AF_INET6, SOCK_DGRAM));
  in6_ifreq request{};
  request.ifr6_addr = prefix.v6_address;
  request.ifr6_prefixlen = prefix.length;
  request.ifr6_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
  if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0)
    return fail_errno("cannot give " + device + " its address");
  return {};
}

Result<void> bring_up(const std::string& device, const Prefix& prefix, int mtu_bytes) {
  DETENTE_TRY(socket, open_socket(AF_INET, SOCK_DGRAM));
  ifreq request = request_for(device);
  request.ifr_mtu = mtu_bytes;
  if (::ioctl(socket.get(), SIOCSIFMTU, &request) != 0)
    return fail_errno("cannot set the MTU of " + device);
  if (prefix.v6) {
    DETENTE_TRY_VOID(set_ipv6(device, prefix));
  } else {
    silence_ipv6(device);
    DETENTE_TRY_VOID(set_ipv4(socket, device, prefix));
  }
  request = request_for(device);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
    return fail_errno("cannot read the state of " + device);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    return fail_errno("cannot bring up " + device);
  return {};
}

Result<Fd> make_device(const TunEnd& end, const std::string& device, int mtu_bytes) {
  DETENTE_TRY(prefix, parse_prefix(end.address));
  DETENTE_TRY(visit, Visit::to(end.netns));
  Fd tun(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!tun) return fail_errno("/dev/net/tun (TUN devices need root and the kernel's tun module)");
  ifreq request = request_for(device);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun.get(), TUNSETIFF, &request) != 0)
    return fail_errno("cannot make the device " + device + " (a TUN device needs root)");
  DETENTE_TRY_VOID(bring_up(device, prefix, mtu_bytes));
  return tun;
}

}  // namespace

Result<std::unique_ptr<Ends>> make_tun_ends(const TunChoices& choices) {
  if (choices.device.empty() || choices.device.size() >= IFNAMSIZ)
    return fail(Fault::kLimit, "--device: a name of 1 to 15 characters");
  if (choices.a.netns == choices.b.netns)
    return fail(Fault::kConflict,
                "both ends in one network namespace: packets would not pass the link");
  DETENTE_TRY(a, make_device(choices.a, choices.device, choices.mtu_bytes));
  DETENTE_TRY(b, make_device(choices.b, choices.device, choices.mtu_bytes));
  const auto where = [](const TunEnd& end) {
    return end.address + " in " + (end.netns.empty() ? "this namespace" : end.netns);
  };
  return std::make_unique<TunEnds>(
      "TUN " + choices.device + ": a " + where(choices.a) + ", b " + where(choices.b), std::move(a),
      std::move(b));
}

}  // namespace detente::linkemu
