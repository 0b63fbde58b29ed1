// Names that lead nowhere yet, and counterparts that are heard meanwhile. Bearers that keep a list.
#include "io/route_table.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace detente::io {
namespace {

class ListedRoutes final : public Bearer {
 public:
  BearerKind kind() const override { return BearerKind::kUdp; }
  std::uint16_t local_port() const override { return 7001; }
  Result<RouteId> add_route(const std::string& host, std::uint16_t) override {
    if (host.find(':') != std::string::npos) return fail(Fault::kIo, "of the other kind");
    hosts.push_back(host);
    return RouteId{static_cast<std::uint16_t>(hosts.size() - 1)};
  }
  void drop_route(RouteId route) override { hosts[route.value] += " dropped"; }
  void start(OnDatagram) override {}
  bool send(RouteId, ByteView) override { return true; }
  void close() override {}
  std::uint64_t not_sent() const override { return 0; }
  const PathTrouble& trouble(RouteId) const override { return trouble_; }

  std::vector<std::string> hosts;

 private:
  PathTrouble trouble_;
};

class From final : public Origin {
 public:
  explicit From(std::string host) : host_(std::move(host)) {}
  void heard(RouteId route) override { route_ = route; }
  std::string host() const override { return host_; }
  std::optional<RouteId> route_;

 private:
  std::string host_;
};

class RouteNames : public testing::Test {
 protected:
  RouteNames() {
    bearers_.push_back(std::make_unique<ListedRoutes>());
    terms_.look_up_again = terms_.look_up_beside = std::chrono::milliseconds(20);
  }
  void table(const std::string& host) {
    table_.emplace(context_, bearers_, terms_);
    ASSERT_TRUE(table_->set(PeerId{0}, {{kPath, core::SocketId{0}, host, 7002}}));
  }
  bool heard_from(const std::string& host) {
    From from(host);
    table_->heard({PeerId{0}, kPath}, *bearers_[0], from);
    return from.route_.has_value();
  }
  const std::vector<std::string>& hosts() { return static_cast<const ListedRoutes&>(*bearers_[0]).hosts; }
  // Until it is so, or for a time in which the name was looked up often.
  template <typename Condition>
  bool run_until(Condition condition, Duration most = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context_.restart();
      context_.run_for(std::chrono::milliseconds(10));
    }
    return condition();
  }

  static constexpr PathId kPath{1};
  static constexpr const char* kHere = "127.0.0.1";
  RouteTable::Terms terms_;
  boost::asio::io_context context_;
  RouteTable::Bearers bearers_;
  std::optional<RouteTable> table_;
};

TEST_F(RouteNames, AreLookedUpBeside) {
  table("localhost");
  EXPECT_TRUE(hosts().empty());
  table_->send({PeerId{0}, kPath, {}});
  EXPECT_EQ(table_->nowhere(), 1u);
  EXPECT_TRUE(run_until([&] { return hosts() == std::vector<std::string>{kHere}; }));
  table_->send({PeerId{0}, kPath, {}});
  EXPECT_EQ(table_->nowhere(), 1u);
  EXPECT_EQ(table_->traffic(PeerId{0}, kPath).sent, 1u);
}

TEST_F(RouteNames, ThatLeadNowhereAreShown) {
  table(std::string(64, 'x'));  // no label of a name is so long, so no server is asked
  EXPECT_TRUE(run_until([&] { return table_->trouble(PeerId{0}, kPath).own.has_value(); }));
  EXPECT_FALSE(heard_from(""));  // of a connection that this side dialled to somebody else
  EXPECT_TRUE(heard_from("192.0.2.7"));
  EXPECT_FALSE(table_->trouble(PeerId{0}, kPath).own);
}

// Behind another address, say, or by somebody who forwarded one datagram.
TEST_F(RouteNames, CountMoreThanWhereACounterpartWasHeardOnce) {
  terms_.silent = std::chrono::milliseconds(100);
  table("localhost");
  EXPECT_TRUE(heard_from("192.0.2.7"));
  EXPECT_EQ(hosts(), std::vector<std::string>{"192.0.2.7"});
  EXPECT_TRUE(run_until([&] { return hosts() == std::vector<std::string>{"192.0.2.7 dropped", kHere}; })) << hosts().back();
}

TEST_F(RouteNames, TakeNoRouteAwayOnWhichACounterpartIsHeard) {
  table("localhost");
  EXPECT_TRUE(heard_from("192.0.2.7"));
  EXPECT_FALSE(run_until([&] { return hosts().size() > 1; }, std::chrono::milliseconds(300)));
}

TEST_F(RouteNames, ThatLeadToWhereACounterpartWasHeardChangeNothing) {
  terms_.silent = {};
  table("localhost");
  EXPECT_TRUE(heard_from(kHere));
  EXPECT_FALSE(run_until([&] { return hosts().size() > 1; }, std::chrono::milliseconds(300)));
}

}  // namespace
}  // namespace detente::io
