#include <array>
#include <cerrno>

#include "ends.h"

namespace detente::linkemu {
namespace {

constexpr int kAtOnce = 64;  // datagrams a side before the other things get their turn
constexpr std::size_t kDatagramMax = 65535;

class UdpEnds final : public Ends {
 public:
  UdpEnds(const ProxyAddresses& addresses, Fd a, Fd b)
      : listen_(addresses.listen.text()),
        fds_{std::move(a), std::move(b)},
        peers_{addresses.reply_to, addresses.to},
        fixed_a_(addresses.reply_to.has_value()) {}

  void watch(const Link&, std::vector<pollfd>& out) const override {
    for (const Fd& fd : fds_) out.push_back({fd.get(), POLLIN, 0});
  }

  void receive(Instant now, Link& link) override {
    for (const Direction d : kDirections)
      for (int i = 0; i < kAtOnce && take_one(now, d, link); ++i) {
      }
  }

  bool deliver(Direction direction, Packet packet) override {
    const std::size_t end = direction == Direction::kAToB ? 1 : 0;
    if (!peers_[end]) return false;
    // The first try may only be told that an earlier datagram was refused.
    return send(end, packet) || (errno == ECONNREFUSED && send(end, packet));
  }

  std::string describe() const override {
    return "UDP: a sends to " + listen_ + ", b is at " + peers_[1]->text() +
           (fixed_a_ ? ", a is at " + peers_[0]->text() : std::string());
  }

 private:
  bool send(std::size_t end, const Packet& packet) const {
    const SocketAddress& to = *peers_[end];
    return ::sendto(fds_[end].get(), packet.bytes.data(), packet.bytes.size(), 0, to.get(),
                    to.size) == static_cast<ssize_t>(packet.bytes.size());
  }

  // False when there is no more for now. That nobody listens at the other end is no end of the
  // link: a station may start yet.
  bool take_one(Instant now, Direction d, Link& link) {
    const std::size_t end = d == Direction::kAToB ? 0 : 1;
    SocketAddress sender;
    sender.size = sizeof sender.storage;
    const ssize_t got =
        ::recvfrom(fds_[end].get(), buffer_.data(), buffer_.size(), 0, sender.get(), &sender.size);
    if (got < 0) return errno == ECONNREFUSED;
    if (end == 0 && !fixed_a_) peers_[0] = sender;
    link.channel(d).push(now, {Bytes(buffer_.begin(), buffer_.begin() + got)});
    return true;
  }

  std::string listen_;
  std::array<Fd, 2> fds_;                              // of a, of b
  std::array<std::optional<SocketAddress>, 2> peers_;  // a's is unknown until it sends
  bool fixed_a_;
  std::array<std::uint8_t, kDatagramMax> buffer_;
};

// From then on the socket hears only that address.
Result<void> hear_only(const Fd& fd, const SocketAddress& peer) {
  if (::connect(fd.get(), peer.get(), peer.size) != 0)
    return fail_errno("no way to " + peer.text());
  return {};
}

}  // namespace

Result<std::unique_ptr<Ends>> make_udp_ends(const ProxyAddresses& addresses) {
  const SocketAddress from = addresses.from.value_or(any_address(addresses.to.family()));
  if (from.family() != addresses.to.family())
    return fail(Fault::kConflict, "--from and --to are not of one family (IPv4, IPv6)");
  if (addresses.reply_to && addresses.reply_to->family() != addresses.listen.family())
    return fail(Fault::kConflict, "--reply-to and --listen are not of one family (IPv4, IPv6)");
  DETENTE_TRY(a, open_bound(addresses.listen, SOCK_DGRAM));
  DETENTE_TRY(b, open_bound(from, SOCK_DGRAM));
  if (addresses.reply_to) DETENTE_TRY_VOID(hear_only(a, *addresses.reply_to));
  DETENTE_TRY_VOID(hear_only(b, addresses.to));
  return std::make_unique<UdpEnds>(addresses, std::move(a), std::move(b));
}

}  // namespace detente::linkemu
