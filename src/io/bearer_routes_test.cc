// Routes that come and go while a bearer of either kind runs. The core is played by one rule: the first byte of a
// datagram says whose it is, and it is verified and new.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "base/check.h"
#include "io/os_clock.h"
#include "io/os_random.h"
#include "io/tcp_bearer.h"
#include "io/udp_bearer.h"

namespace detente::io {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kFar = 5;

class BearerRoutes : public testing::TestWithParam<BearerKind> {
 protected:
  struct End {
    std::unique_ptr<Bearer> bearer;
    std::vector<std::optional<RouteId>> routes = std::vector<std::optional<RouteId>>(kFar);  // by whose
    std::vector<std::size_t> heard = std::vector<std::size_t>(kFar);
  };

  BearerRoutes() {
    terms_.redial_min = 20ms;
    terms_.redial_max = terms_.redial_brisk_max = 200ms;
    begin(station_);
    for (End& far : far_) begin(far);
  }
  ~BearerRoutes() override {
    station_.bearer->close();
    for (End& far : far_) far.bearer->close();
    turn();
  }

  void begin(End& end) {
    if (GetParam() == BearerKind::kUdp) {
      auto made = UdpBearer::listen(context_, "127.0.0.1", 0);
      DETENTE_CHECK(made.has_value());
      end.bearer = std::move(*made);
    } else {
      auto made = listen_tcp(context_, random_, "127.0.0.1", 0, terms_);
      DETENTE_CHECK(made.has_value());
      end.bearer = std::move(*made);
    }
    end.bearer->start([this, &end](ByteView datagram, Origin& origin) {
      if (&end == &station_ && look_at_origin_) look_at_origin_(origin);
      const std::size_t whose = datagram[0] - std::size_t{'a'};
      ASSERT_LT(whose, kFar);
      ++end.heard[whose];
      if (end.routes[whose]) origin.heard(*end.routes[whose], true);
    });
  }
  void add(End& end, std::size_t whose, const End& to) {
    const auto route = end.bearer->add_route("127.0.0.1", to.bearer->local_port());
    ASSERT_TRUE(route.has_value());
    end.routes[whose] = *route;
  }
  void turn() {
    context_.restart();
    context_.run_for(2ms);
  }
  // One end says it until the other has heard it.
  bool crosses(End& from, End& to, std::size_t whose) {
    const std::size_t before = to.heard[whose];
    const Bytes datagram(40, static_cast<std::uint8_t>('a' + whose));
    for (const Instant deadline = os_now().mono + 5s; os_now().mono < deadline; turn()) {
      from.bearer->send(*from.routes[whose], datagram);
      if (to.heard[whose] > before) return true;
    }
    return false;
  }

  boost::asio::io_context context_{1};
  OsJitterRandom random_;
  TcpTerms terms_;
  std::function<void(const Origin&)> look_at_origin_;  // of what the station gets
  End station_, far_[kFar];
};

INSTANTIATE_TEST_SUITE_P(Kinds, BearerRoutes, testing::Values(BearerKind::kUdp, BearerKind::kTcp),
                         [](const auto& param) {
                           return std::string(param.param == BearerKind::kUdp ? "Udp" : "Tcp");
                         });

// Its card died, or comes up later: the station's other paths begin, and this one says what is missing.
TEST_P(BearerRoutes, AnAddressThatThisMachineHasNotStopsNoStart) {
  const std::string missing = "203.0.113.1";  // RFC 5737
  Result<std::unique_ptr<Bearer>> made = [&]() -> Result<std::unique_ptr<Bearer>> {
    if (GetParam() == BearerKind::kUdp) return UdpBearer::listen(context_, missing, 0);
    return listen_tcp(context_, random_, missing, 0, terms_);
  }();
  ASSERT_TRUE(made) << made.error().message;
  Bearer& bearer = **made;
  const auto route = bearer.add_route("203.0.113.2", 7);
  ASSERT_TRUE(route);
  bearer.start([](ByteView, Origin&) {});
  for (const Instant deadline = os_now().mono + 5s; os_now().mono < deadline && !bearer.trouble(*route).own; turn())
    bearer.send(*route, Bytes(40));
  ASSERT_TRUE(bearer.trouble(*route).own);
  EXPECT_NE(bearer.trouble(*route).own->words.find(missing), std::string::npos) << bearer.trouble(*route).own->words;
  bearer.close();
  turn();
}

TEST_P(BearerRoutes, OnesThatComeLaterAreDialledAndHeardBesideTheOthers) {
  for (std::size_t i = 0; i < kFar; ++i) {
    add(station_, i, far_[i]);
    // The far end has no way of its own yet: by TCP the station has to dial.
    for (std::size_t known = 0; known <= i; ++known) EXPECT_TRUE(crosses(station_, far_[known], known)) << i << " " << known;
  }
  for (std::size_t i = 0; i < kFar; ++i) {
    add(far_[i], i, station_);
    EXPECT_TRUE(crosses(far_[i], station_, i)) << i;
    EXPECT_TRUE(crosses(station_, far_[i], i)) << i;
  }
  // What goes wakes what was begun before the last one came.
  for (std::size_t i = 0; i + 1 < kFar; ++i) far_[i].bearer->close();
  EXPECT_TRUE(crosses(far_[kFar - 1], station_, kFar - 1));
  for (int i = 0; i < 50; ++i) turn();
  EXPECT_TRUE(crosses(station_, far_[kFar - 1], kFar - 1));
}

TEST_P(BearerRoutes, OneThatIsDroppedLeavesItsPlaceToTheNext) {
  for (std::size_t i = 0; i < 2; ++i) {
    add(station_, i, far_[i]);
    add(far_[i], i, station_);
    ASSERT_TRUE(crosses(station_, far_[i], i) && crosses(far_[i], station_, i));
  }
  for (int life = 0; life < 3; ++life) {
    station_.bearer->drop_route(*station_.routes[0]);
    add(station_, 0, far_[0]);
    EXPECT_TRUE(crosses(station_, far_[0], 0)) << life;
    EXPECT_TRUE(crosses(far_[0], station_, 0)) << life;
    EXPECT_TRUE(crosses(far_[1], station_, 1)) << life;
  }
}

// A name leads elsewhere each time that it is looked up, say: there are no more routes in the end, nor other ids than at first.
TEST_P(BearerRoutes, ThoseThatComeAndGoForYearsLeaveNothing) {
  add(station_, 1, far_[1]);
  add(far_[1], 1, station_);
  std::uint16_t highest = 0;
  for (int life = 0; life < 100; ++life) {
    add(station_, 0, far_[0]);
    highest = std::max(highest, station_.routes[0]->value);
    turn();
    station_.bearer->drop_route(*station_.routes[0]);
    turn();
    turn();
  }
  EXPECT_LT(highest, 50);  // by TCP one that is being dialled ends later
  add(station_, 0, far_[0]);
  add(far_[0], 0, station_);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(crosses(station_, far_[i], i) && crosses(far_[i], station_, i)) << i;
}

TEST_P(BearerRoutes, WhatComesIsFromTheRouteThatLeadsThere) {
  add(station_, 0, far_[0]);
  add(far_[0], 0, station_);
  const auto elsewhere = station_.bearer->add_route("127.0.0.2", far_[0].bearer->local_port());
  ASSERT_TRUE(elsewhere);
  std::optional<bool> here, there;
  look_at_origin_ = [&](const Origin& origin) {
    here = origin.is_from(*station_.routes[0]);
    there = origin.is_from(*elsewhere);
  };
  ASSERT_TRUE(crosses(far_[0], station_, 0));
  EXPECT_EQ(here, true);
  EXPECT_EQ(there, false);
}

}  // namespace
}  // namespace detente::io
