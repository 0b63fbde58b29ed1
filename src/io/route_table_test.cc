// Names that lead nowhere yet, and counterparts that are heard meanwhile. Bearers that keep a list.
#include "io/route_table.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>

namespace detente::io {
namespace {

using Hosts = std::vector<std::string>;

class ListedRoutes final : public Bearer {
 public:
  BearerKind kind() const override { return BearerKind::kUdp; }
  std::uint16_t local_port() const override { return 7001; }
  Result<RouteId> add_route(const std::string& host, std::uint16_t) override {
    if (host == "::1") return fail(Fault::kIo, "of the other kind");
    hosts.push_back(host);
    return RouteId{static_cast<std::uint16_t>(hosts.size() - 1)};
  }
  void drop_route(RouteId route) override { hosts[route.value] += " dropped"; }
  void start(OnDatagram) override {}
  bool send(RouteId route, ByteView) override {
    sent.push_back(hosts[route.value]);
    return true;
  }
  void close() override {}
  std::uint64_t not_sent() const override { return 0; }
  const PathTrouble& trouble(RouteId) const override { return trouble_; }

  Hosts hosts, sent;

 private:
  PathTrouble trouble_;
};

class From final : public Origin {
 public:
  From(std::string host, const Hosts& routes) : host_(std::move(host)), routes_(routes) {}
  void heard(RouteId route, bool) override { route_ = route; }
  std::string host() const override { return host_; }
  bool is_from(RouteId route) const override { return routes_[route.value] == host_; }
  std::optional<RouteId> route_;

 private:
  std::string host_;
  const Hosts& routes_;
};

// Asked by threads that nobody waits for.
struct NameServer {
  std::mutex mutex;
  Hosts addresses;
  std::size_t asked = 0;
  bool waits = false;
  std::condition_variable more;

  Hosts answer() {
    std::unique_lock lock(mutex);
    ++asked;
    more.notify_all();
    more.wait(lock, [&] { return !waits; });
    return addresses;
  }
};

class RouteNames : public testing::Test {
 protected:
  RouteNames() {
    bearers_.push_back(std::make_unique<ListedRoutes>());
    terms_.look_up_again = std::chrono::milliseconds(20);
    terms_.silent = std::chrono::milliseconds(100);
  }
  void table(const std::string& host) {
    table_.emplace(context_, bearers_, terms_);
    ASSERT_TRUE(table_->set(PeerId{0}, {{kPath, core::SocketId{0}, host, 7002}}));
  }
  void table_of_name_that_says(Hosts addresses) {
    terms_.addresses_of = [server = server_](const std::string&) { return server->answer(); };
    says(std::move(addresses));
    table("far.example");
  }
  void says(Hosts addresses) {
    const std::lock_guard guard(server_->mutex);
    server_->addresses = std::move(addresses);
  }
  std::size_t asked() {
    const std::lock_guard guard(server_->mutex);
    return server_->asked;
  }
  bool heard_from(const std::string& host) {
    From from(host, hosts());
    table_->heard({PeerId{0}, kPath}, *bearers_[0], from);
    return from.route_.has_value();
  }
  Hosts sent_to(std::uint8_t first_byte) {
    Hosts& sent = static_cast<ListedRoutes&>(*bearers_[0]).sent;
    sent.clear();
    table_->send({PeerId{0}, kPath, Bytes(40, first_byte)});
    return sent;
  }
  Hosts called() { return sent_to(wire::kFirstPacket); }
  const Hosts& hosts() { return static_cast<const ListedRoutes&>(*bearers_[0]).hosts; }
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
  testing::AssertionResult come_to_be(const Hosts& wanted) {
    if (run_until([&] { return hosts() == wanted; })) return testing::AssertionSuccess();
    return testing::AssertionFailure() << testing::PrintToString(hosts());
  }

  static constexpr PathId kPath{1};
  static constexpr const char* kHere = "127.0.0.1";
  static constexpr const char* kOld = "192.0.2.1";
  static constexpr const char* kNew = "192.0.2.2";
  static constexpr Duration kAWhile = std::chrono::milliseconds(300);
  std::shared_ptr<NameServer> server_ = std::make_shared<NameServer>();
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

// An answer out of a cache, or the counterpart moved since then; it cannot say itself where it is.
TEST_F(RouteNames, AreLookedUpAgainWhileNothingIsHeard) {
  table_of_name_that_says({kOld});
  ASSERT_TRUE(come_to_be({kOld}));
  says({kNew});
  ASSERT_TRUE(come_to_be({kOld, kNew}));
  EXPECT_EQ(called(), Hosts({kOld, kNew}));
  EXPECT_EQ(sent_to(wire::kNoticePacket), Hosts({kOld}));
  says({});  // a name server that does not answer says nothing new
  const std::size_t before = asked();
  ASSERT_TRUE(run_until([&] { return asked() > before + 1; }));
  EXPECT_EQ(called(), Hosts({kOld, kNew}));
  EXPECT_TRUE(heard_from(kNew));
  EXPECT_EQ(called(), Hosts({kNew}));
  EXPECT_EQ(sent_to(wire::kNoticePacket), Hosts({kNew}));
  EXPECT_TRUE(come_to_be({std::string(kOld) + " dropped", kNew}));
}

// A hole is longer than the name is believed to be older than what was heard.
TEST_F(RouteNames, ThatAreOldTakeNoPlaceAwayWhereACounterpartWasHeard) {
  table_of_name_that_says({kOld});
  EXPECT_TRUE(heard_from(kNew));
  ASSERT_TRUE(come_to_be({kNew, kOld}));
  EXPECT_EQ(called(), Hosts({kNew, kOld}));
  EXPECT_TRUE(heard_from(kNew));
  EXPECT_EQ(called(), Hosts({kNew}));
  ASSERT_TRUE(come_to_be({kNew, std::string(kOld) + " dropped"}));
  // And in the next hole.
  ASSERT_TRUE(come_to_be({kNew, std::string(kOld) + " dropped", kOld}));
  EXPECT_EQ(called(), Hosts({kNew, kOld}));
}

// Behind another address, say, or by somebody who forwarded one datagram.
TEST_F(RouteNames, CountMoreThanWhereACounterpartWasHeardOnce) {
  table_of_name_that_says({kHere});
  EXPECT_TRUE(heard_from("192.0.2.7"));
  ASSERT_TRUE(come_to_be({"192.0.2.7", kHere}));
  EXPECT_TRUE(heard_from(kHere));
  EXPECT_TRUE(come_to_be({"192.0.2.7 dropped", kHere}));
}

TEST_F(RouteNames, AreNotLookedUpWhileACounterpartIsHeard) {
  terms_.silent = std::chrono::seconds(100);
  table_of_name_that_says({kOld});
  EXPECT_TRUE(heard_from("192.0.2.7"));
  EXPECT_FALSE(run_until([&] { return hosts().size() > 1; }, kAWhile));
  EXPECT_LE(asked(), 1u);  // before it was heard
}

TEST_F(RouteNames, ThatLeadToWhereACounterpartWasHeardChangeNothing) {
  terms_.silent = {};
  table_of_name_that_says({kHere});
  EXPECT_TRUE(heard_from(kHere));
  EXPECT_FALSE(run_until([&] { return hosts().size() > 1; }, kAWhile));
  EXPECT_GT(asked(), 1u);
}

TEST_F(RouteNames, LeadToTheSamePlaceThatASocketForBothKindsWritesOtherwise) {
  terms_.silent = {};
  table_of_name_that_says({kHere});
  EXPECT_TRUE(heard_from(std::string("::ffff:") + kHere));
  EXPECT_FALSE(run_until([&] { return hosts().size() > 1; }, kAWhile)) << hosts().back();
}

TEST_F(RouteNames, OfSeveralAddressesAreCalledAtTheNextOneToo) {
  table_of_name_that_says({"::1", kOld, kNew});
  ASSERT_TRUE(come_to_be({kOld, kNew}));
  EXPECT_EQ(called(), Hosts({kOld, kNew}));
}

TEST_F(RouteNames, ThatChangeEachTimeLeaveTwoPlaces) {
  table_of_name_that_says({kOld});
  ASSERT_TRUE(come_to_be({kOld}));
  says({kNew});
  ASSERT_TRUE(come_to_be({kOld, kNew}));
  says({kHere});
  ASSERT_TRUE(come_to_be({kOld, std::string(kNew) + " dropped", kHere}));
  ASSERT_TRUE(table_->set(PeerId{0}, {}));
  EXPECT_EQ(hosts(), Hosts({std::string(kOld) + " dropped", std::string(kNew) + " dropped", std::string(kHere) + " dropped"}));
}

TEST_F(RouteNames, ThatNobodyWantsAnyMoreAreAnsweredToNobody) {
  server_->waits = true;
  table_of_name_that_says({kOld});
  ASSERT_TRUE(run_until([&] { return asked() == 1; }));
  ASSERT_TRUE(table_->set(PeerId{0}, {}));
  table_.reset();
  {
    const std::lock_guard guard(server_->mutex);
    server_->waits = false;
    server_->more.notify_all();
  }
  EXPECT_FALSE(run_until([&] { return !hosts().empty() || asked() > 1; }, kAWhile));
  EXPECT_EQ(context_.poll(), 0u);
  EXPECT_TRUE(context_.stopped());  // no look-up goes on
}

}  // namespace
}  // namespace detente::io
