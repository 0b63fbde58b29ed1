// TCP connections through the link. All share the rate; each one's beginning and
// end travel through the channel like its bytes, so that delay and blackhole
// hold them too.
#include <array>
#include <cerrno>
#include <map>

#include "ends.h"

namespace detente::linkemu {
namespace {

constexpr std::size_t kConnectionsMax = 64;
constexpr std::size_t kChunk = 1460;            // what one packet would carry
constexpr std::size_t kUnsentMax = 256 * 1024;  // for a receiver that does not read
constexpr int kAtOnce = 16;                     // chunks a connection and turn

// One end of one connection.
struct End {
  enum class State { kNotYet, kConnecting, kOpen, kGone };
  State state = State::kNotYet;
  Fd fd;
  Bytes unsent;               // arrived over the link, not yet taken by the system
  bool read_closed = false;   // its stream has ended, and that has been pushed
  bool write_closed = false;  // the far stream's end has arrived
  bool shut = false;          // ... and was handed on
};

struct Connection {
  std::array<End, 2> ends;  // of a, of b
};

class TcpEnds final : public Ends {
 public:
  TcpEnds(const ProxyAddresses& addresses, Fd listener)
      : listen_(addresses.listen), to_(addresses.to), listener_(std::move(listener)) {}

  void watch(const Link& link, std::vector<pollfd>& out) const override {
    if (connections_.size() < kConnectionsMax) out.push_back({listener_.get(), POLLIN, 0});
    for (const auto& [id, connection] : connections_)
      for (const Direction d : kDirections) {
        const End& end = connection.ends[from(d)];
        short events = 0;
        if (may_read(connection, d, link)) events |= POLLIN;
        if (end.state == End::State::kConnecting || !end.unsent.empty()) events |= POLLOUT;
        if (end.fd && events != 0) out.push_back({end.fd.get(), events, 0});
      }
  }

  void receive(Instant now, Link& link) override {
    accept_new(now, link);
    for (auto it = connections_.begin(); it != connections_.end();) {
      auto& [id, connection] = *it;
      for (End& end : connection.ends) flush(end);
      for (const Direction d : kDirections) read_from(now, id, connection, d, link);
      it = finished(connection) ? connections_.erase(it) : std::next(it);
    }
  }

  bool deliver(Direction direction, Packet packet) override {
    const auto found = connections_.find(packet.connection);
    if (found == connections_.end()) return false;
    End& end = found->second.ends[from(direction) ^ 1];
    if (packet.mark == Packet::Mark::kOpen) return connect(end);
    if (packet.mark == Packet::Mark::kClose) end.write_closed = true;
    if (!end.fd) return packet.mark == Packet::Mark::kClose;
    append(end.unsent, packet.bytes);
    flush(end);
    return true;
  }

  std::string describe() const override {
    return "TCP: a connects to " + listen_.text() + ", b is at " + to_.text();
  }

 private:
  static std::size_t from(Direction d) { return d == Direction::kAToB ? 0 : 1; }

  static bool may_read(const Connection& connection, Direction d, const Link& link) {
    const End& end = connection.ends[from(d)];
    return end.state == End::State::kOpen && !end.read_closed &&
           connection.ends[from(d) ^ 1].unsent.size() < kUnsentMax && link.channel(d).has_room();
  }

  // Both streams have ended and every byte is handed on, or nobody is left to take it.
  static bool finished(const Connection& connection) {
    for (const End& end : connection.ends)
      if (!end.read_closed || !end.write_closed || (end.fd && !end.unsent.empty())) return false;
    return true;
  }

  void accept_new(Instant now, Link& link) {
    while (connections_.size() < kConnectionsMax) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      const std::uint64_t id = ++last_id_;
      End& end = connections_[id].ends[0];
      end.fd = std::move(fd);
      end.state = End::State::kOpen;
      link.channel(Direction::kAToB).push(now, {{}, id, Packet::Mark::kOpen});
    }
  }

  bool connect(End& end) {
    auto fd = open_socket(to_.family(), SOCK_STREAM);
    if (fd && (::connect(fd->get(), to_.get(), to_.size) == 0 || errno == EINPROGRESS)) {
      end.fd = std::move(*fd);
      end.state = End::State::kConnecting;
      return true;
    }
    return lost(end);
  }

  // The system says that this end is gone: its stream ends here, and what came for it has no
  // receiver. read_from() pushes the end of the stream.
  static bool lost(End& end) {
    end.fd = Fd();
    end.unsent.clear();
    end.state = End::State::kGone;
    end.write_closed = true;
    return false;
  }

  static void flush(End& end) {
    if (!end.fd) return;
    if (end.state == End::State::kConnecting) {
      pollfd ready{end.fd.get(), POLLOUT, 0};
      if (::poll(&ready, 1, 0) != 1) return;
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(end.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) {
        lost(end);
        return;
      }
      end.state = End::State::kOpen;
    }
    std::size_t sent = 0;
    while (sent < end.unsent.size()) {
      const ssize_t n =
          ::send(end.fd.get(), end.unsent.data() + sent, end.unsent.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) {
        lost(end);
        return;
      }
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    end.unsent.erase(end.unsent.begin(), end.unsent.begin() + static_cast<std::ptrdiff_t>(sent));
    if (end.unsent.empty() && end.write_closed && !end.shut) {
      end.shut = true;
      ::shutdown(end.fd.get(), SHUT_WR);
    }
  }

  void read_from(Instant now, std::uint64_t id, Connection& connection, Direction d, Link& link) {
    End& end = connection.ends[from(d)];
    if (end.state == End::State::kGone && !end.read_closed) end_stream(now, id, end, d, link);
    for (int i = 0; i < kAtOnce && may_read(connection, d, link); ++i) {
      std::array<std::uint8_t, kChunk> buffer;
      const ssize_t got = ::recv(end.fd.get(), buffer.data(), buffer.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got < 0) lost(end);
      if (got <= 0) return end_stream(now, id, end, d, link);
      link.channel(d).push(now, {Bytes(buffer.begin(), buffer.begin() + got), id});
    }
  }

  static void end_stream(Instant now, std::uint64_t id, End& end, Direction d, Link& link) {
    end.read_closed = true;
    link.channel(d).push(now, {{}, id, Packet::Mark::kClose});
  }

  SocketAddress listen_, to_;
  Fd listener_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Connection> connections_;
};

}  // namespace

Result<std::unique_ptr<Ends>> make_tcp_ends(const ProxyAddresses& addresses) {
  if (addresses.from || addresses.reply_to)
    return fail(Fault::kUnsupported, "--from and --reply-to are for UDP; a connection has both");
  DETENTE_TRY(listener, open_bound(addresses.listen, SOCK_STREAM));
  if (::listen(listener.get(), static_cast<int>(kConnectionsMax)) != 0)
    return fail_errno("cannot listen at " + addresses.listen.text());
  return std::make_unique<TcpEnds>(addresses, std::move(listener));
}

}  // namespace detente::linkemu
