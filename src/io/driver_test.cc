// Two drivers in one process, over loopback sockets and real databases.
#include "io/driver.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <new>
#include <thread>

#include "base/check.h"
#include "io/os_clock.h"
#include "io/os_random.h"
#include "io/sqlite_store.h"
#include "io/sqlite_test_folder.h"
#include "wire/coder.h"

namespace detente::io {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr LineId kWest{1};
const std::string kNobody(64, 'x');  // no label of a name is so long, so no server is asked

// What the ceremony would have given both stations.
class Keys {
 public:
  Keys() {
    for (int side = 0; side < 2; ++side)
      sides_.push_back({crypto::SignKey::generate(random_), crypto::SignKey::generate(random_),
                        crypto::AgreeKey::generate(random_)});
    psk_ = SecretBytes(32);
    random_.fill(psk_.mutable_view());
    random_.fill(accord_);
    auto coder = wire::TextCoder::with_dictionary(wire::shipped_dictionary());
    DETENTE_CHECK(coder.has_value());
    coder_.emplace(std::move(*coder));
  }

  core::PeerSetup setup(std::size_t side) const {
    const std::size_t other = 1 - side;
    core::PairIdentity identity{PeerId{0},
                                kNames[other],
                                accord_,
                                accord_,
                                1,
                                id(side),
                                id(other),
                                &sides_[side].log,
                                &sides_[side].cosign,
                                sides_[other].log.verify_key(),
                                sides_[other].cosign.verify_key(),
                                accord::SaltChain::from_psk_0(psk_.view()),
                                &*coder_};
    core::LinkSetup link;
    link.counterpart = kNames[other];
    link.lineage = accord_;
    link.pair.we_are_first = side == 0;
    link.pair.accord = accord_;
    link.pair.local_static = &sides_[side].noise;
    link.pair.remote_static = sides_[other].noise.public_key();
    const auto aead = crypto::AeadAlgorithm::load("ChaCha20-Poly1305");
    DETENTE_CHECK(aead.has_value());
    link.pair.send_layers = link.pair.receive_layers = {*aead};
    link.pair.paths = {PathId{1}};
    link.keys = {link::derive_direction_keys(psk_.view(), id(side)),
                 link::derive_direction_keys(psk_.view(), id(other))};
    link.first_psk = psk_.clone();
    std::vector<core::LineSetup> lines{
        {kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
        {kWest, "military-west", true, record::Precedence::kFlash, 1000, {}}};
    return {std::move(identity),
            std::move(link),
            std::move(lines),
            {{core::SocketId{0}, PathId{1}}},
            false};
  }

 private:
  static constexpr const char* kNames[] = {"south", "north"};
  static std::string id(std::size_t side) { return std::string(kNames[side]) + "/main"; }
  struct Side {
    crypto::SignKey log;
    crypto::SignKey cosign;
    crypto::AgreeKey noise;
  };
  OsKeyRandom random_;
  std::vector<Side> sides_;
  SecretBytes psk_;
  Digest accord_{};
  std::optional<wire::TextCoder> coder_;
};

// A port that was free a moment ago.
std::uint16_t free_port(BearerKind kind) {
  OsKeyRandom keys;
  OsJitterRandom jitter;
  TestFolder folder;
  auto store = SqliteStore::open(folder.file("port.db"));
  DETENTE_CHECK(store.has_value());
  Driver driver({keys, jitter, **store, {}});
  const auto socket = driver.add_socket(kind, "127.0.0.1", 0);
  DETENTE_CHECK(socket.has_value());
  return driver.port_of(*socket);
}

// A station with a thread of its own; gone like a process when it is destroyed.
class Running {
 public:
  Running(const Keys& keys, std::size_t side, const std::string& database, BearerKind kind,
          std::uint16_t own_port, std::uint16_t far_port, const std::string& far_host) {
    auto store = SqliteStore::open(database);
    DETENTE_CHECK(store.has_value());
    store_ = std::move(*store);
    driver_ = std::make_unique<Driver>(
        DriverParts{keys_, jitter_, *store_, [this] { static_cast<void>(store_->maintain()); }});
    DETENTE_CHECK(driver_->add_socket(kind, "127.0.0.1", own_port).has_value());
    driver_->add_peer(keys.setup(side));
    DETENTE_CHECK(driver_->set_routes(PeerId{0}, {{PathId{1}, core::SocketId{0}, far_host, far_port}}).has_value());
    driver_->observe([this](const core::DeskEvent& event) {
      if (std::holds_alternative<core::LinkChanged>(event) && std::exchange(throw_, false)) throw std::bad_alloc();
      const std::lock_guard guard(mutex_);
      events_.push_back(event);
      more_.notify_all();
    });
    DETENTE_CHECK(driver_->start().has_value());
    thread_ = std::thread([this] { driver_->run(); });
  }
  ~Running() {
    driver_->stop();
    thread_.join();
  }

  Result<core::SubmissionId> say(const std::string& text) {
    record::Entry entry;
    entry.header.line = kWest;
    entry.header.time = os_wall_time();
    entry.body = to_bytes(as_bytes(text));
    std::promise<Result<core::SubmissionId>> done;
    driver_->post([&] { done.set_value(driver_->submit(PeerId{0}, kWest, entry)); });
    return done.get_future().get();
  }

  Result<void> set_routes(const std::vector<RouteTo>& routes) {
    std::promise<Result<void>> done;
    driver_->post([&] { done.set_value(driver_->set_routes(PeerId{0}, routes)); });
    return done.get_future().get();
  }
  PathTrouble trouble() {
    std::promise<PathTrouble> done;
    driver_->post([&] { done.set_value(driver_->path_trouble(PeerId{0}, PathId{1})); });
    return done.get_future().get();
  }

  // A call in which the observer throws; whether the caller heard of it.
  bool begin_anew_and_throw(core::PeerSetup setup) {
    std::promise<bool> done;
    driver_->post([&] {
      throw_ = true;
      try {
        static_cast<void>(driver_->replace_peer(std::move(setup)));
        done.set_value(false);
      } catch (const std::bad_alloc&) {
        done.set_value(true);
      }
    });
    return done.get_future().get();
  }

  template <typename Event, typename Pick>
  bool wait_for(Pick pick) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, kPatience, [&] {
      for (const core::DeskEvent& event : events_)
        if (const auto* found = std::get_if<Event>(&event); found && pick(*found)) return true;
      return false;
    });
  }
  bool wait_for_receipt(std::uint64_t size) {
    return wait_for<core::ReceiptVerified>(
        [&](const auto& event) { return event.line == kWest && event.size >= size; });
  }
  std::size_t arrived() {
    const std::lock_guard guard(mutex_);
    std::size_t count = 0;
    for (const core::DeskEvent& event : events_)
      if (std::holds_alternative<core::EntryArrived>(event)) ++count;
    return count;
  }

 private:
  OsKeyRandom keys_;
  OsJitterRandom jitter_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<Driver> driver_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<core::DeskEvent> events_;
  bool throw_ = false;  // of the driver's thread
  std::thread thread_;
};

// Everything over either bearer.
class DriverTest : public testing::TestWithParam<BearerKind> {
 protected:
  std::unique_ptr<Running> run(std::size_t side, const std::string& far_host = "127.0.0.1") {
    return std::make_unique<Running>(keys_, side, folder_.file(side == 0 ? "south.db" : "north.db"),
                                     GetParam(), ports_[side], ports_[1 - side], far_host);
  }
  Keys keys_;
  TestFolder folder_;
  std::uint16_t ports_[2] = {free_port(GetParam()), free_port(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(Bearers, DriverTest, testing::Values(BearerKind::kUdp, BearerKind::kTcp),
                         [](const auto& param) {
                           return std::string(param.param == BearerKind::kUdp ? "Udp" : "Tcp");
                         });

TEST_P(DriverTest, WordsAndReceiptsCrossBothWays) {
  auto south = run(0), north = run(1);
  ASSERT_TRUE(south->say("from the south").has_value());
  ASSERT_TRUE(north->say("from the north").has_value());
  EXPECT_TRUE(south->wait_for_receipt(1));
  EXPECT_TRUE(north->wait_for_receipt(1));
  EXPECT_TRUE(
      south->wait_for<core::EntryArrived>([](const auto& event) { return event.index == 0; }));
  EXPECT_TRUE(
      north->wait_for<core::EntryArrived>([](const auto& event) { return event.index == 0; }));
}

TEST_P(DriverTest, ManyWordsArriveOnceEachAndShareCommits) {
  auto south = run(0), north = run(1);
  constexpr std::size_t kMany = 300;
  for (std::size_t i = 0; i < kMany; ++i)
    ASSERT_TRUE(south->say("number " + std::to_string(i)).has_value());
  ASSERT_TRUE(south->wait_for_receipt(kMany));
  // The receipt leaves before whoever looks on is told.
  EXPECT_TRUE(north->wait_for<core::EntryArrived>(
      [](const auto& event) { return event.index == kMany - 1; }));
  EXPECT_EQ(north->arrived(), kMany);
}

TEST_P(DriverTest, WhatWaitsIsSentWhenTheOtherSideComesUp) {
  auto south = run(0);
  ASSERT_TRUE(south->say("into the silence").has_value());
  ASSERT_TRUE(south->wait_for<core::EntryQueued>([](const auto&) { return true; }));
  auto north = run(1);
  EXPECT_TRUE(south->wait_for_receipt(1));
}

TEST_P(DriverTest, BothSidesGoOnAfterARestart) {
  auto south = run(0), north = run(1);
  ASSERT_TRUE(south->say("one").has_value());
  ASSERT_TRUE(south->wait_for_receipt(1));
  north.reset();
  ASSERT_TRUE(south->say("two").has_value());
  south.reset();
  south = run(0);
  ASSERT_TRUE(south->say("three").has_value());
  north = run(1);
  EXPECT_TRUE(south->wait_for_receipt(3));
  EXPECT_TRUE(
      north->wait_for<core::EntryArrived>([](const auto& event) { return event.index == 2; }));
  EXPECT_EQ(north->arrived(), 2u);  // what it held before is not told again
}

// As a call whose answer cannot be written, for want of memory: the call ends, the station goes on.
TEST_P(DriverTest, AnObserverThatThrowsMakesNothingMute) {
  const auto south = run(0), north = run(1);
  ASSERT_TRUE(south->say("Before."));
  ASSERT_TRUE(south->wait_for_receipt(1));
  EXPECT_TRUE(south->begin_anew_and_throw(keys_.setup(0)));
  ASSERT_TRUE(south->say("After."));
  EXPECT_TRUE(south->wait_for_receipt(2));
}

// A name server that is not there yet, say. The other side says itself where it is.
TEST_P(DriverTest, WhoseNameLeadsNowhereIsAnsweredWhereItIsHeard) {
  const auto south = run(0, kNobody);
  ASSERT_TRUE(south->say("into the silence"));
  const auto north = run(1);
  EXPECT_TRUE(south->wait_for_receipt(1));
  EXPECT_FALSE(south->trouble().own);
  ASSERT_TRUE(north->say("heard"));
  EXPECT_TRUE(north->wait_for_receipt(1));
}

TEST_P(DriverTest, RoutesThatAreRefusedLeaveThoseThatAreThere) {
  const auto south = run(0), north = run(1);
  const RouteTo good{PathId{1}, core::SocketId{0}, "127.0.0.1", free_port(GetParam())};
  const auto refused = south->set_routes({good, {PathId{2}, core::SocketId{0}, "::1", 7}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("one kind, IPv4 or IPv6"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(south->say("by the former route"));
  EXPECT_TRUE(south->wait_for_receipt(1));
}

TEST_P(DriverTest, RefusesAPortThatIsTaken) {
  auto south = run(0);
  OsKeyRandom keys;
  OsJitterRandom jitter;
  auto store = SqliteStore::open(folder_.file("other.db"));
  ASSERT_TRUE(store.has_value());
  Driver driver({keys, jitter, **store, {}});
  const auto second = driver.add_socket(GetParam(), "127.0.0.1", ports_[0]);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().fault, Fault::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(ports_[0])), std::string::npos);
}

}  // namespace
}  // namespace detente::io
