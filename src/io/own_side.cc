#include "io/own_side.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "io/descriptor.h"

namespace detente::io {

namespace {

ByteView host_bytes(const SocketAddress& address) {
  if (address.family() == AF_INET6)
    return {reinterpret_cast<const std::uint8_t*>(
                &reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr),
            sizeof(in6_addr)};
  return {reinterpret_cast<const std::uint8_t*>(
              &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr),
          sizeof(in_addr)};
}

// Which route a datagram would take. rtnetlink(7), RTM_GETROUTE.
struct RouteQuestion {
  nlmsghdr head{};
  rtmsg route{};
  std::uint8_t attributes[64]{};

  RouteQuestion(const SocketAddress& from, const SocketAddress& to) {
    head.nlmsg_len = NLMSG_LENGTH(sizeof route);
    head.nlmsg_type = RTM_GETROUTE;
    head.nlmsg_flags = NLM_F_REQUEST;
    route.rtm_family = static_cast<std::uint8_t>(to.family());
    route.rtm_dst_len = static_cast<std::uint8_t>(host_bytes(to).size() * 8);
    add(RTA_DST, host_bytes(to));
    if (from.any_host()) return;
    route.rtm_src_len = route.rtm_dst_len;
    add(RTA_SRC, host_bytes(from));
  }
  void add(std::uint16_t type, ByteView value) {
    rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(value.size())), type};
    std::uint8_t* at = attributes + (head.nlmsg_len - NLMSG_LENGTH(sizeof route));
    std::memcpy(at, &attribute, sizeof attribute);
    std::memcpy(at + RTA_LENGTH(0), value.data(), value.size());
    head.nlmsg_len += static_cast<std::uint32_t>(RTA_SPACE(value.size()));
  }
};

struct RouteAnswer {
  int error = 0;      // of the kernel
  int interface = 0;  // 0: it did not say
};

RouteAnswer read_answer(const std::uint8_t* bytes, std::size_t size) {
  RouteAnswer out;
  nlmsghdr head{};
  if (size < sizeof head) return out;
  std::memcpy(&head, bytes, sizeof head);
  if (head.nlmsg_len > size) return out;
  if (head.nlmsg_type == NLMSG_ERROR && size >= NLMSG_LENGTH(sizeof(nlmsgerr))) {
    nlmsgerr error{};
    std::memcpy(&error, bytes + NLMSG_HDRLEN, sizeof error);
    out.error = -error.error;
    return out;
  }
  std::size_t at = NLMSG_SPACE(sizeof(rtmsg));
  while (at + sizeof(rtattr) <= head.nlmsg_len) {
    rtattr attribute{};
    std::memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > head.nlmsg_len) break;
    if (attribute.rta_type == RTA_OIF && attribute.rta_len >= RTA_LENGTH(sizeof out.interface))
      std::memcpy(&out.interface, bytes + at + RTA_LENGTH(0), sizeof out.interface);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return out;
}

RouteAnswer find_route(const SocketAddress& from, const SocketAddress& to) {
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (netlink.get() < 0) return {};
  RouteQuestion question(from, to);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(netlink.get(), &question, question.head.nlmsg_len, 0,
               reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0)
    return {};
  std::uint8_t answer[4096];
  const ssize_t size = ::recv(netlink.get(), answer, sizeof answer, MSG_DONTWAIT);
  return size > 0 ? read_answer(answer, static_cast<std::size_t>(size)) : RouteAnswer{};
}

bool has_address(SocketAddress from) {
  const Descriptor any(::socket(from.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  from.set_port(0);
  return any.get() < 0 || ::bind(any.get(), from.raw(), from.size) == 0 || errno != EADDRNOTAVAIL;
}

std::optional<std::string> interface_trouble(int index) {
  ifreq request{};
  if (index <= 0 || ::if_indextoname(static_cast<unsigned>(index), request.ifr_name) == nullptr)
    return std::nullopt;
  const std::string name(request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name));
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (any.get() < 0 || ::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return std::nullopt;
  const auto flags = static_cast<unsigned>(request.ifr_flags);
  if ((flags & IFF_UP) == 0) return "the network interface " + name + " is down";
  if ((flags & IFF_RUNNING) == 0)
    return "the network interface " + name +
           " has no carrier (no cable, or nothing at its other end)";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> words_of_send_error(int error, const SocketAddress& from,
                                               const SocketAddress& to) {
  switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH: return "this machine has no route to " + to.host_text();
    case ENETDOWN:
    case ENODEV:
    case ENXIO: return "the network interface towards " + to.host_text() + " is down or gone";
    case EINVAL:
    case EADDRNOTAVAIL: return "this machine does not have the address " + from.host_text();
    case EPERM:
    case EACCES: return "this machine's own firewall or routes forbid it";
    default: return std::nullopt;  // a full buffer and the like pass by themselves
  }
}

std::optional<std::string> own_side_trouble(const SocketAddress& from, const SocketAddress& to) {
  if (!has_address(from)) return words_of_send_error(EADDRNOTAVAIL, from, to);
  const RouteAnswer route = find_route(from, to);
  if (route.error != 0) return words_of_send_error(route.error, from, to);
  return interface_trouble(route.interface);
}

}  // namespace detente::io
