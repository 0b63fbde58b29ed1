// Ends: what stands at both sides of an emulated link and hands it packets.
//
// Three kinds: two UDP sockets, TCP connections, two TUN devices. None blocks;
// the loop asks each to take in what has come and gives back what is due.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link.h"
#include "sockets.h"

namespace detente::linkemu {

class Ends {
 public:
  virtual ~Ends() = default;
  // The descriptors to wait for.
  virtual void watch(const Link& link, std::vector<pollfd>& out) const = 0;
  // Pushes what has come into the link: a bounded amount each time.
  virtual void receive(Instant now, Link& link) = 0;
  // At the far end of `direction`. False when the end cannot take it.
  virtual bool deliver(Direction direction, Packet packet) = 0;
  // False when an end has gone for good, say with its network namespace.
  virtual bool alive() const { return true; }
  // Which ends these are, said when the link is up.
  virtual std::string describe() const = 0;
};

struct ProxyAddresses {
  SocketAddress listen;  // where a sends to
  SocketAddress to;      // where b is
  // UDP only: where a is (else whoever sent last), and what b hears from and answers to.
  std::optional<SocketAddress> reply_to, from;
};
Result<std::unique_ptr<Ends>> make_udp_ends(const ProxyAddresses& addresses);
Result<std::unique_ptr<Ends>> make_tcp_ends(const ProxyAddresses& addresses);

struct TunEnd {
  std::string netns;    // a name of `ip netns`, a path, or empty: this one
  std::string address;  // "10.1.0.1/24"
};
struct TunChoices {
  TunEnd a, b;
  std::string device = "linkemu0";  // the same name at both ends
  int mtu_bytes = 1500;             // of the devices, not of the link
};
Result<std::unique_ptr<Ends>> make_tun_ends(const TunChoices& choices);

// Headers below what an end hands over, so that all count IP packets: RFC 791, RFC 768.
inline constexpr std::uint32_t kUdpOverIpv4 = 28;

}  // namespace detente::linkemu
