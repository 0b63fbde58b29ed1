// The TCP bearer against plain sockets and against itself, over loopback. The core is played by
// one rule: a datagram that begins with 'V' is new and verified, and of route 0.
#include "io/tcp_bearer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <functional>

#include "base/check.h"
#include "io/os_clock.h"
#include "io/os_random.h"
#include "io/tcp_frames.h"

namespace detente::io {
namespace {

using namespace std::chrono_literals;
constexpr Duration kTcpPatience = 15s;

Bytes datagram(char first, std::size_t size = 40) {
  Bytes out(size, 0x20);
  out[0] = static_cast<std::uint8_t>(first);
  return out;
}
Bytes call() { return datagram(static_cast<char>(wire::kFirstPacket), 83); }

// An end that is no station: it sees every byte.
class Plain {
 public:
  static Plain connect(std::uint16_t port, const char* from = "127.0.0.1") {
    Plain out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = at(from, 0);
    DETENTE_CHECK(::bind(out.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    address = at("127.0.0.1", port);
    DETENTE_CHECK(::connect(out.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return out;
  }
  static Plain listen(std::uint16_t& port) {
    Plain out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address = at("127.0.0.1", port);
    socklen_t size = sizeof address;
    const int yes = 1;
    ::setsockopt(out.fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    DETENTE_CHECK(::bind(out.fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    DETENTE_CHECK(::listen(out.fd_, 8) == 0);
    DETENTE_CHECK(::getsockname(out.fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    return out;
  }
  Plain(Plain&& other) noexcept
      : got(std::move(other.got)), fd_(std::exchange(other.fd_, -1)) {}
  Plain& operator=(Plain&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(got, other.got);
    return *this;
  }
  ~Plain() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  std::optional<Plain> accept() {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    return fd < 0 ? std::nullopt : std::optional(Plain(fd));
  }
  void write(ByteView bytes) {
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  // Reads what is there. False when the other end is gone.
  bool look() {
    std::uint8_t buffer[65536];
    for (;;) {
      const ssize_t size = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
      if (size <= 0) return false;
      append(got, ByteView(buffer, static_cast<std::size_t>(size)));
    }
  }
  std::vector<Bytes> datagrams() {
    look();
    TcpFrames frames;
    std::vector<Bytes> out;
    EXPECT_TRUE(frames.take(got, [&](ByteView one) {
      out.push_back(to_bytes(one));
      return true;
    }));
    return out;
  }
  Bytes got;

 private:
  explicit Plain(int fd) : fd_(fd) { DETENTE_CHECK(fd >= 0); }
  static sockaddr_in at(const char* host, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &out.sin_addr);
    return out;
  }
  int fd_;
};

class TcpBearerTest : public testing::Test {
 protected:
  struct End {
    std::unique_ptr<boost::asio::io_context> context;
    std::unique_ptr<Bearer> bearer;
    std::vector<Bytes> got;
  };

  TcpBearerTest() {
    terms_.redial_min = 20ms;
    terms_.redial_max = 200ms;
    terms_.redial_brisk_max = 200ms;
    terms_.settle = 50ms;
  }

  // Listens on `port`; dials `peer` unless that is 0.
  std::unique_ptr<End> end(std::uint16_t port, std::uint16_t peer) {
    auto out = std::make_unique<End>();
    out->context = std::make_unique<boost::asio::io_context>(1);
    auto bearer = listen_tcp(*out->context, random_, "127.0.0.1", port, terms_);
    DETENTE_CHECK(bearer.has_value());
    out->bearer = std::move(*bearer);
    if (peer != 0) DETENTE_CHECK(out->bearer->add_route("127.0.0.1", peer).has_value());
    out->bearer->start([end = out.get()](ByteView datagram, Origin& origin) {
      end->got.push_back(to_bytes(datagram));
      if (datagram[0] == 'V') origin.heard(RouteId{0}, true);
    });
    ends_.push_back(out.get());
    return out;
  }
  void stop(std::unique_ptr<End>& end) {
    std::erase(ends_, end.get());
    end->bearer->close();
    end->bearer.reset();
    end->context.reset();
    end.reset();
  }
  // A port where nobody listens now.
  static std::uint16_t free_port() {
    std::uint16_t port = 0;
    Plain::listen(port);
    return port;
  }

  bool until(const std::function<bool()>& condition, Duration patience = kTcpPatience) {
    const Instant deadline = os_now().mono + patience;
    while (!condition()) {
      if (os_now().mono > deadline) return false;
      turn();
    }
    return true;
  }
  void turn() {
    for (End* end : ends_) {
      end->context->restart();
      end->context->run_for(2ms);
    }
  }
  // For so long nothing of the kind may happen.
  bool never(const std::function<bool()>& condition, Duration time) {
    return !until(condition, time);
  }

  TcpTerms terms_;
  OsJitterRandom random_;
  std::vector<End*> ends_;
};

TEST_F(TcpBearerTest, AStrangerGetsNotOneByteAndIsClosed) {
  terms_.unverified_time = 400ms;
  auto station = end(0, free_port());
  const std::uint16_t port = station->bearer->local_port();
  std::vector<Plain> strangers;
  for (int i = 0; i < 4; ++i) strangers.push_back(Plain::connect(port));
  strangers[1].write(as_bytes("GET / HTTP/1.1\r\n\r\n"));      // a length of 18245
  strangers[2].write(tcp_frame(datagram('x')));                // a frame of no counterpart
  strangers[3].write(Bytes{0});                                // half a length
  const Instant began = os_now().mono;
  ASSERT_TRUE(until([&] { return !strangers[1].look(); }));
  EXPECT_LT(os_now().mono - began, 300ms) << "a length of no packet is enough";
  ASSERT_TRUE(until([&] { return station->got.size() == 1; }));
  station->bearer->send(RouteId{0}, datagram('s'));
  station->bearer->send(RouteId{0}, call());
  EXPECT_TRUE(until([&] { return !strangers[0].look() && !strangers[2].look() && !strangers[3].look(); }));
  EXPECT_GE(os_now().mono - began, 400ms);
  for (Plain& stranger : strangers) EXPECT_TRUE(stranger.got.empty());
}

TEST_F(TcpBearerTest, AStrangerMaySayFourKilobytes) {
  auto station = end(0, 0);
  Plain stranger = Plain::connect(station->bearer->local_port());
  for (int i = 0; i < 3; ++i) stranger.write(tcp_frame(datagram('x', 1200)));
  EXPECT_TRUE(never([&] { return !stranger.look(); }, 100ms));
  EXPECT_EQ(station->got.size(), 3u);
  for (int i = 0; i < 3; ++i) stranger.write(tcp_frame(datagram('x', 1200)));
  EXPECT_TRUE(until([&] { return !stranger.look(); }));
  EXPECT_EQ(station->got.size(), 3u);
  EXPECT_TRUE(stranger.got.empty());
}

TEST_F(TcpBearerTest, FewStrangersStandAtOnceAndTheNewestStay) {
  auto station = end(0, free_port());
  const std::uint16_t port = station->bearer->local_port();
  std::vector<Plain> all;
  const auto standing = [&] {
    return std::count_if(all.begin(), all.end(), [](Plain& one) { return one.look(); });
  };
  // One place has four.
  for (int i = 0; i < 9; ++i) {
    all.push_back(Plain::connect(port));
    ASSERT_TRUE(until([&] { return standing() == std::min(i + 1, 4); })) << i;
  }
  EXPECT_TRUE(all.back().look());
  EXPECT_FALSE(all.front().look());
  // All places together have sixteen.
  for (int i = 0; i < 20; ++i) {
    const std::string from = "127.0.1." + std::to_string(i + 1);
    all.push_back(Plain::connect(port, from.c_str()));
    ASSERT_TRUE(until([&] { return standing() == std::min(i + 5, 16); })) << i;
  }
  EXPECT_TRUE(all.back().look());
  // Whoever verifies is none of them.
  Plain friendly = Plain::connect(port, "127.0.2.1");
  friendly.write(tcp_frame(datagram('V')));
  ASSERT_TRUE(until([&] { return !station->got.empty(); }));
  for (int i = 0; i < 20; ++i) {
    const std::string from = "127.0.3." + std::to_string(i + 1);
    all.push_back(Plain::connect(port, from.c_str()));
  }
  ASSERT_TRUE(until([&] { return standing() == 16 && !all[all.size() - 17].look(); }));
  EXPECT_TRUE(friendly.look());
}

TEST_F(TcpBearerTest, ACounterpartIsAnsweredOnItsConnectionHoweverItsBytesCome) {
  terms_.unverified_time = 200ms;
  auto station = end(0, free_port());
  Plain peer = Plain::connect(station->bearer->local_port());
  Bytes stream = tcp_frame(datagram('V', 700));
  append(stream, tcp_frame(datagram('a', 4)));
  append(stream, tcp_frame(datagram('b', 1200)));
  int written = 0;
  for (std::uint8_t byte : stream) {
    peer.write(ByteView(&byte, 1));
    if (++written % 40 == 0) turn();
  }
  ASSERT_TRUE(until([&] { return station->got.size() == 3; }));
  EXPECT_EQ(station->got[2], datagram('b', 1200));
  station->bearer->send(RouteId{0}, datagram('s', 1200));
  station->bearer->send(RouteId{0}, datagram('t', 4));
  ASSERT_TRUE(until([&] { return peer.datagrams().size() == 2; }));
  EXPECT_EQ(peer.datagrams()[1], datagram('t', 4));
  // It verified: neither time nor bytes end it now.
  for (int i = 0; i < 100; ++i) peer.write(tcp_frame(datagram('c', 1000)));
  EXPECT_TRUE(until([&] { return station->got.size() == 103; }));
  EXPECT_TRUE(never([&] { return !peer.look(); }, 300ms));
  // Until it says what is no frame.
  peer.write(Bytes{0xff, 0xff});
  EXPECT_TRUE(until([&] { return !peer.look(); }));
}

TEST_F(TcpBearerTest, BothDialAndWordsCrossBothWays) {
  const std::uint16_t there = free_port();
  auto south = end(0, there);
  auto north = end(there, south->bearer->local_port());
  ASSERT_TRUE(until([&] {
    south->bearer->send(RouteId{0}, datagram('V'));
    north->bearer->send(RouteId{0}, datagram('V'));
    return south->got.size() > 20 && north->got.size() > 20;
  }));
}

TEST_F(TcpBearerTest, DialsAgainWhenThePeerIsBack) {
  std::uint16_t port = 0;
  std::optional<Plain> listener = Plain::listen(port);
  auto station = end(0, port);
  std::optional<Plain> peer;
  const auto comes = [&] {
    if (!peer && listener) peer = listener->accept();
    return peer.has_value();
  };
  for (int life = 0; life < 4; ++life) {
    const bool was_away = life == 1 || life == 3;
    ASSERT_TRUE(until(comes)) << life;
    // What was said while there was no connection waits, the newest alone.
    if (was_away) {
      ASSERT_TRUE(until([&] { return peer->datagrams().size() == 1; }));
      EXPECT_EQ(peer->datagrams()[0], call());
    }
    peer->write(tcp_frame(datagram('V')));
    ASSERT_TRUE(until([&] { return station->got.size() == static_cast<std::size_t>(life + 1); }));
    ASSERT_TRUE(until([&] {
      station->bearer->send(RouteId{0}, datagram('s'));
      return peer->datagrams().size() > 1;
    }));
    // Then the connection alone goes, or all of the peer.
    peer.reset();
    if (was_away) continue;
    listener.reset();
    EXPECT_TRUE(never(comes, 500ms));
    station->bearer->send(RouteId{0}, datagram('o'));
    station->bearer->send(RouteId{0}, call());
    listener = Plain::listen(port);
  }
}

TEST_F(TcpBearerTest, AHoleOfSomeSecondsIsOverSoonAfterItsEnd) {
  terms_.redial_min = 1s;  // doubled, the third dial would come five seconds in and more
  terms_.redial_max = 60s;
  std::uint16_t port = 0;
  std::optional<Plain> listener = Plain::listen(port);
  auto station = end(0, port);
  std::optional<Plain> peer;
  const auto comes = [&] {
    if (!peer && listener) peer = listener->accept();
    return peer.has_value();
  };
  ASSERT_TRUE(until(comes));
  peer->write(tcp_frame(datagram('V')));
  ASSERT_TRUE(until([&] { return station->got.size() == 1; }));
  listener.reset();
  peer.reset();
  EXPECT_TRUE(never(comes, 4s));
  listener = Plain::listen(port);
  EXPECT_TRUE(until(comes, 1s));
}

TEST_F(TcpBearerTest, ACounterpartThatRestartsIsThereAgain) {
  const std::uint16_t here = free_port(), there = free_port();
  auto south = end(here, there);
  auto north = end(there, here);
  const auto both_speak = [&] {
    const std::size_t before = south->got.size() + 3, before_north = north->got.size() + 3;
    return until([&] {
      south->bearer->send(RouteId{0}, datagram('V'));
      north->bearer->send(RouteId{0}, datagram('V'));
      return south->got.size() > before && north->got.size() > before_north;
    });
  };
  ASSERT_TRUE(both_speak());
  stop(north);
  EXPECT_TRUE(never([] { return false; }, 300ms));
  north = end(there, here);
  EXPECT_TRUE(both_speak());
  stop(south);
  south = end(here, there);
  EXPECT_TRUE(both_speak());
}

TEST_F(TcpBearerTest, APortWithoutOurCounterpartIsLeftAndTriedAgain) {
  terms_.unanswered_time = 100ms;
  std::uint16_t port = 0;
  Plain listener = Plain::listen(port);
  auto station = end(0, port);
  std::vector<Plain> taken;
  ASSERT_TRUE(until([&] {
    station->bearer->send(RouteId{0}, datagram('s'));
    if (auto one = listener.accept()) taken.push_back(std::move(*one));
    return taken.size() >= 3;
  }));
  EXPECT_TRUE(until([&] { return !taken[0].look() && !taken[1].look(); }));
  EXPECT_GE(taken[0].datagrams().size(), terms_.unanswered_datagrams);
}

TEST_F(TcpBearerTest, WhatTheOtherEndDoesNotReadIsDroppedAndTheRestIsWhole) {
  terms_.waiting_time = 1h;
  auto station = end(0, free_port());
  Plain peer = Plain::connect(station->bearer->local_port());
  peer.write(tcp_frame(datagram('V')));
  ASSERT_TRUE(until([&] { return station->got.size() == 1; }));
  constexpr std::uint64_t kMany = 20000;
  for (std::uint64_t i = 0; i < kMany; ++i) {
    Bytes one = datagram('s', 1200);
    for (int shift = 0; shift < 3; ++shift) one[1 + shift] = static_cast<std::uint8_t>(i >> (8 * shift));
    station->bearer->send(RouteId{0}, one);
  }
  const std::uint64_t dropped = station->bearer->not_sent();
  EXPECT_GT(dropped, 0u);
  std::vector<Bytes> got;
  ASSERT_TRUE(until([&] { return (got = peer.datagrams()).size() == kMany - dropped; }));
  EXPECT_LT(peer.got.size(), 16u << 20) << "more than the kernel and the bearer hold";
  std::uint32_t last = 0;
  for (std::size_t i = 1; i < got.size(); ++i) {
    const std::uint32_t number = got[i][1] | got[i][2] << 8 | got[i][3] << 16;
    ASSERT_GT(number, last);
    last = number;
  }
}

TEST_F(TcpBearerTest, WhatWaitedTooLongGivesWayToWhatCameAfter) {
  terms_.waiting_bytes = 64 << 20;
  terms_.waiting_time = 200ms;
  auto station = end(0, free_port());
  Plain peer = Plain::connect(station->bearer->local_port());
  peer.write(tcp_frame(datagram('V')));
  ASSERT_TRUE(until([&] { return station->got.size() == 1; }));
  constexpr std::size_t kMany = 20000;
  for (std::size_t i = 0; i < kMany; ++i) station->bearer->send(RouteId{0}, datagram('o', 1200));
  EXPECT_TRUE(never([] { return false; }, 250ms));
  for (int i = 0; i < 3; ++i) station->bearer->send(RouteId{0}, datagram('n', 100));
  ASSERT_TRUE(until([&] { return peer.look() && !peer.got.empty() && station->bearer->not_sent() > 0; }));
  const auto is_new = [](const Bytes& one) { return one[0] == 'n'; };
  std::vector<Bytes> got;
  ASSERT_TRUE(until([&] {
    got = peer.datagrams();
    return std::count_if(got.begin(), got.end(), is_new) == 3;
  }));
  EXPECT_LT(got.size(), kMany);
  EXPECT_EQ(got.size() + station->bearer->not_sent(), kMany + 3);
  // The newest goes, however long it has waited.
  EXPECT_EQ(got.back(), datagram('n', 100));
}

TEST_F(TcpBearerTest, TheConnectionInUseStaysWhileItIsHeardAndCallsGoEverywhere) {
  terms_.settle = 300ms;
  std::uint16_t port = 0;
  Plain listener = Plain::listen(port);
  auto station = end(0, port);
  std::optional<Plain> dialled;
  ASSERT_TRUE(until([&] { return (dialled = listener.accept()).has_value(); }));
  Plain first = Plain::connect(station->bearer->local_port());
  Plain second = Plain::connect(station->bearer->local_port());
  const auto say = [&](Plain& on) {
    const std::size_t before = station->got.size();
    on.write(tcp_frame(datagram('V')));
    ASSERT_TRUE(until([&] { return station->got.size() > before; }));
  };
  const auto heard_by = [&](char mark, Plain& by) {
    station->bearer->send(RouteId{0}, datagram(mark));
    return until([&] {
      const auto all = by.datagrams();
      return !all.empty() && all.back() == datagram(mark);
    }, 2s);
  };
  EXPECT_TRUE(heard_by('a', *dialled)) << "nothing was heard yet";
  say(first);
  EXPECT_TRUE(heard_by('b', first));
  say(second);
  EXPECT_TRUE(heard_by('c', first)) << "one datagram moves nothing";
  ASSERT_TRUE(until([&] {
    say(second);
    station->bearer->send(RouteId{0}, datagram('d'));
    return second.datagrams().size() > 0;
  }));
  station->bearer->send(RouteId{0}, call());
  EXPECT_TRUE(until([&] {
    return second.datagrams().back() == call() && dialled->datagrams().back() == call();
  }));
  // The one in use ends: another is there at once.
  second.close();
  ASSERT_TRUE(until([&] {
    station->bearer->send(RouteId{0}, datagram('e'));
    return dialled->datagrams().back() == datagram('e');
  }));
}

TEST_F(TcpBearerTest, ARouteThatIsDroppedIsHungUpAndDialledNoMore) {
  std::uint16_t port = 0;
  Plain listener = Plain::listen(port);
  auto station = end(0, port);
  std::optional<Plain> dialled;
  const auto comes = [&] { return (dialled = listener.accept()).has_value(); };
  ASSERT_TRUE(until(comes));
  Plain accepted = Plain::connect(station->bearer->local_port());
  for (Plain* peer : {&*dialled, &accepted}) peer->write(tcp_frame(datagram('V')));
  ASSERT_TRUE(until([&] { return station->got.size() == 2; }));
  station->bearer->drop_route(RouteId{0});
  EXPECT_TRUE(until([&] { return !dialled->look() && !accepted.look(); }));
  EXPECT_TRUE(never(comes, 300ms));
}

TEST_F(TcpBearerTest, RefusesAPortThatIsTaken) {
  auto station = end(0, 0);
  boost::asio::io_context context;
  const auto second = listen_tcp(context, random_, "127.0.0.1", station->bearer->local_port());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().fault, Fault::kConflict);
}

}  // namespace
}  // namespace detente::io
