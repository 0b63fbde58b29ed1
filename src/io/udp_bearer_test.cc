// A counterpart is heard although a stranger fills the listening socket's queue.
#include "io/udp_bearer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <set>

namespace detente::io {
namespace {

constexpr std::uint8_t kGenuine = 7;  // the first byte of what a counterpart sends here
constexpr int kFlood = 20'000;        // of 1200 bytes: more than any queue holds

// Somebody with a port of his own on the loopback address.
class Sender {
 public:
  explicit Sender(std::uint16_t to) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    to_ = address_of(to);
    const sockaddr_in any = address_of(0);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  }
  ~Sender() { close(fd_); }
  Sender(const Sender&) = delete;
  std::uint16_t port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size), 0);
    return ntohs(own.sin_port);
  }
  void aim(std::uint16_t port) { to_ = address_of(port); }
  void send(std::uint8_t first, std::size_t size) {
    Bytes bytes(size);
    bytes[0] = first;
    EXPECT_EQ(
        sendto(fd_, bytes.data(), size, 0, reinterpret_cast<const sockaddr*>(&to_), sizeof to_),
        static_cast<ssize_t>(size));
  }
  std::size_t received() {
    std::uint8_t bytes[2048];
    std::size_t out = 0;
    while (recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT) >= 0) ++out;
    return out;
  }

 private:
  static sockaddr_in address_of(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(port);
    return out;
  }
  int fd_;
  sockaddr_in to_{};
};

class UnderFlood : public testing::Test {
 protected:
  UnderFlood() : counterpart_(0), stranger_(0) {
    auto made = UdpBearer::listen(context_, "127.0.0.1", 0);
    EXPECT_TRUE(made) << made.error().message;
    bearer_ = std::move(*made);
    counterpart_.aim(bearer_->local_port());
    stranger_.aim(bearer_->local_port());
    route_ = *bearer_->add_route("127.0.0.1", counterpart_.port());
    bearer_->start([this](ByteView datagram, Origin& origin) {
      ++all_;
      if (datagram[0] != kGenuine) return;
      ++genuine_;
      origin.heard(route_, true);
    });
  }
  ~UnderFlood() override {
    bearer_->close();
    context_.run();
  }
  void flood() {
    for (int i = 0; i < kFlood; ++i) stranger_.send(0xee, 1200);
  }
  // Until `genuine` datagrams were heard, or for two seconds.
  void run_until(std::size_t genuine) {
    boost::asio::steady_timer patience(context_, std::chrono::seconds(2));
    patience.async_wait([this](const boost::system::error_code& error) {
      if (!error) context_.stop();
    });
    while (genuine_ < genuine && !context_.stopped()) context_.run_one();
    patience.cancel();
    context_.restart();
    context_.poll();
    context_.restart();
  }

  boost::asio::io_context context_{1};
  Sender counterpart_, stranger_;
  std::unique_ptr<UdpBearer> bearer_;
  RouteId route_;
  std::size_t all_ = 0, genuine_ = 0;
};

TEST_F(UnderFlood, ACounterpartIsHeardBehindAFullQueue) {
  flood();
  for (int i = 0; i < 10; ++i) counterpart_.send(kGenuine, 100);
  run_until(10);
  EXPECT_EQ(genuine_, 10u);
  EXPECT_GT(all_, genuine_);  // the stranger's were looked at, too
  EXPECT_LT(all_,
            static_cast<std::size_t>(kFlood));  // and the kernel dropped some: the queue was full
}

TEST_F(UnderFlood, OneThatMovedIsHeardWhereItIsNow) {
  Sender elsewhere(bearer_->local_port());
  elsewhere.send(kGenuine, 100);
  run_until(1);
  ASSERT_EQ(genuine_, 1u);
  flood();
  for (int i = 0; i < 10; ++i) elsewhere.send(kGenuine, 100);
  run_until(11);
  EXPECT_EQ(genuine_, 11u);
  bearer_->send(route_, Bytes{0});
  EXPECT_EQ(elsewhere.received(), 1u);
  EXPECT_EQ(counterpart_.received(), 0u);
  ASSERT_TRUE(bearer_->trouble(route_).moved);
  EXPECT_EQ(bearer_->trouble(route_).moved->words, "127.0.0.1:" + std::to_string(elsewhere.port()));
  // And back again.
  counterpart_.send(kGenuine, 100);
  run_until(12);
  ASSERT_EQ(genuine_, 12u);
  flood();
  for (int i = 0; i < 10; ++i) counterpart_.send(kGenuine, 100);
  run_until(22);
  EXPECT_EQ(genuine_, 22u);
  EXPECT_FALSE(bearer_->trouble(route_).moved);
}

// Somebody held it back, perhaps, and sends it from anywhere.
TEST_F(UnderFlood, OneWhosePacketIsLateIsNotFollowed) {
  const std::uint8_t kLate = 9;
  bearer_->start([&](ByteView datagram, Origin& origin) {
    if (datagram[0] != kGenuine && datagram[0] != kLate) return;
    ++genuine_;
    origin.heard(route_, datagram[0] == kGenuine);
  });
  stranger_.send(kLate, 100);
  run_until(1);
  ASSERT_EQ(genuine_, 1u);
  bearer_->send(route_, Bytes{0});
  EXPECT_EQ(counterpart_.received(), 1u);
  EXPECT_EQ(stranger_.received(), 0u);
  EXPECT_FALSE(bearer_->trouble(route_).moved);
}

// The station began before the network was there. Nobody may have a queue of the broadcast address, as if no way led there.
TEST_F(UnderFlood, OneThatNoWayLedToAtTheStartIsTiedWhenItIsHeard) {
  const RouteId late = *bearer_->add_route("255.255.255.255", counterpart_.port());
  Sender elsewhere(bearer_->local_port());
  const std::uint8_t kOther = 8;
  std::size_t heard = 0;
  bearer_->start([&](ByteView datagram, Origin& origin) {
    if (datagram[0] != kOther) return;
    ++heard;
    ++genuine_;
    origin.heard(late, true);
  });
  elsewhere.send(kOther, 100);
  run_until(1);
  ASSERT_EQ(heard, 1u);
  flood();
  for (int i = 0; i < 10; ++i) elsewhere.send(kOther, 100);
  run_until(11);
  EXPECT_EQ(heard, 11u);
}

// Whoever runs the station hears of it and begins anew; a queue that is read no more without a word would be deaf for good.
TEST_F(UnderFlood, WhatIsThrownOverADatagramReachesWhoRunsThis) {
  bearer_->start([](ByteView, Origin&) { throw std::bad_alloc(); });
  counterpart_.send(kGenuine, 100);
  EXPECT_THROW(run_until(1), std::bad_alloc);
}

// A way was there once nobody could tell: the descriptors were used up.
TEST_F(UnderFlood, OneThatHadNoQueueAtTheStartIsTiedWhenSomethingIsSentThere) {
  Sender late(bearer_->local_port());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const RouteId route = *bearer_->add_route("127.0.0.1", late.port());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  bearer_->send(route, Bytes{0});
  flood();
  for (int i = 0; i < 10; ++i) late.send(kGenuine, 100);
  run_until(10);
  EXPECT_EQ(genuine_, 10u);
}

// The queues of the counterparts share the port; nobody else may.
TEST_F(UnderFlood, ThePortStaysOurs) {
  auto second = UdpBearer::listen(context_, "127.0.0.1", bearer_->local_port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::kConflict);
}

TEST_F(UnderFlood, StrangersAloneAreLookedAtInTurn) {
  flood();
  run_until(1);  // nobody genuine speaks
  EXPECT_GT(all_, 100u);
  EXPECT_EQ(stranger_.received(), 0u);
}

}  // namespace
}  // namespace detente::io
