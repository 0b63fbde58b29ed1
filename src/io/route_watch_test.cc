#include "io/route_watch.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>

#include "io/os_clock.h"
#include "io/os_random.h"
#include "io/own_side.h"
#include "io/tcp_bearer.h"
#include "io/udp_bearer.h"

namespace detente::io {
namespace {

using namespace std::chrono_literals;

SocketAddress at(const char* host, std::uint16_t port, int family = AF_INET) {
  auto out = look_up(host, port, SOCK_DGRAM, family);
  EXPECT_TRUE(out.has_value());
  return out ? *out : SocketAddress{};
}

const SocketAddress kHere = at("127.0.0.1", 7001);
const SocketAddress kThere = at("127.0.0.1", 7002);
// Addresses of documentation (RFC 5737): no machine has them.
const SocketAddress kNotOurs = at("192.0.2.1", 7001);

TEST(OwnSide, AGoodRouteIsNoTrouble) {
  EXPECT_EQ(own_side_trouble(kHere, kThere), std::nullopt);
  EXPECT_EQ(own_side_trouble(at("0.0.0.0", 7001), kThere), std::nullopt);
  EXPECT_EQ(own_side_trouble(at("::1", 7001, AF_INET6), at("::1", 7002, AF_INET6)), std::nullopt);
}

TEST(OwnSide, AnAddressThatThisMachineDoesNotHaveIsNamed) {
  const auto words = own_side_trouble(kNotOurs, kThere);
  ASSERT_TRUE(words);
  EXPECT_EQ(*words, "this machine does not have the address 192.0.2.1");
}

TEST(RouteWatch, WhatTheSystemRefusesIsOursUntilItTakesSomething) {
  RouteWatch watch(kHere, kThere);
  for (const int passing : {EAGAIN, ENOBUFS, EMSGSIZE, EINTR}) watch.not_sent(passing);
  EXPECT_FALSE(watch.trouble().own);
  watch.not_sent(ENETUNREACH);
  ASSERT_TRUE(watch.trouble().own);
  EXPECT_EQ(watch.trouble().own->words, "this machine has no route to 127.0.0.1");
  const Instant since = watch.trouble().own->since;
  watch.not_sent(EPERM);
  EXPECT_EQ(watch.trouble().own->since, since);
  watch.sent();
  EXPECT_FALSE(watch.trouble().own);
  EXPECT_FALSE(watch.trouble().refused);
}

TEST(RouteWatch, AFailedConnectIsOursOnlyWhereThisMachineSaysSo) {
  RouteWatch watch(kHere, kThere);
  watch.not_reached(EHOSTUNREACH);  // the word of a router, say
  EXPECT_FALSE(watch.trouble().own);
  RouteWatch gone(kNotOurs, kThere);
  gone.not_reached(EHOSTUNREACH);
  EXPECT_TRUE(gone.trouble().own);
}

TEST(RouteWatch, WhatIsHeardEndsAll) {
  RouteWatch watch(kHere, kThere);
  watch.refused();
  watch.not_sent(ENETDOWN);
  ASSERT_TRUE(watch.trouble().own && watch.trouble().refused);
  EXPECT_EQ(watch.trouble().refused->words,
            "a machine at 127.0.0.1:7002 says that nobody listens there");
  watch.heard();
  EXPECT_FALSE(watch.trouble().own || watch.trouble().refused);
}

class Refusal : public testing::TestWithParam<BearerKind> {
 protected:
  std::unique_ptr<Bearer> listen() {
    if (GetParam() == BearerKind::kUdp)
      return std::move(*UdpBearer::listen(context_, "127.0.0.1", 0));
    return std::move(*listen_tcp(context_, random_, "127.0.0.1", 0));
  }
  bool until(const std::function<bool()>& condition) {
    const Instant deadline = os_now().mono + 15s;
    while (!condition()) {
      if (os_now().mono > deadline) return false;
      context_.restart();
      context_.run_for(2ms);
    }
    return true;
  }
  boost::asio::io_context context_{1};
  OsJitterRandom random_;
};

TEST_P(Refusal, IsNoticedAndEndsWhenTheyAreHeard) {
  const auto ours = listen();
  auto theirs = listen();
  const std::uint16_t port = theirs->local_port();
  theirs->close();
  theirs.reset();
  const RouteId route = *ours->add_route("127.0.0.1", port);
  ours->start([&](ByteView, Origin& origin) { origin.heard(route, true); });
  const Bytes call(83, wire::kFirstPacket);
  const auto refused = [&] {
    ours->send(route, call);
    return ours->trouble(route).refused.has_value();
  };
  ASSERT_TRUE(until(refused));
  EXPECT_FALSE(ours->trouble(route).own);

  theirs = GetParam() == BearerKind::kUdp
               ? std::unique_ptr<Bearer>(std::move(*UdpBearer::listen(context_, "127.0.0.1", port)))
               : std::move(*listen_tcp(context_, random_, "127.0.0.1", port));
  const RouteId back = *theirs->add_route("127.0.0.1", ours->local_port());
  theirs->start([](ByteView, Origin&) {});
  EXPECT_TRUE(until([&] {
    theirs->send(back, call);
    return !ours->trouble(route).refused;
  }));
  ours->close();
  theirs->close();
  context_.restart();
  context_.run_for(50ms);
}

INSTANTIATE_TEST_SUITE_P(Bearers, Refusal, testing::Values(BearerKind::kUdp, BearerKind::kTcp),
                         [](const auto& each) {
                           return each.param == BearerKind::kUdp ? "Udp" : "Tcp";
                         });

}  // namespace
}  // namespace detente::io
