// A station that its own side revoked: its sessions end, its calls draw nothing, and whoever has its place is heard.
#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

constexpr LineId kSignedLine{1};

std::vector<core::Alarm> alarms(QuietPair& pair, std::size_t side, core::AlarmKind kind) {
  std::vector<core::Alarm> out;
  for (const core::DeskEvent& event : pair.take_events(side))
    if (const auto* alarm = std::get_if<core::Alarm>(&event); alarm != nullptr && alarm->kind == kind)
      out.push_back(*alarm);
  return out;
}

std::uint64_t far_size(QuietPair& pair, std::size_t side) {
  return pair.station(side).peer(PeerId{0}).line(kSignedLine)->far().durable_size();
}

const core::Link& link(QuietPair& pair, std::size_t side) { return pair.station(side).peer(PeerId{0}).link(); }

TEST(Revoked, ItsSessionEndsAndItsCallsDrawNothing) {
  QuietPair pair(1);
  pair.start();
  ASSERT_TRUE(pair.say(0, kSignedLine, "before"));
  pair.settle();
  ASSERT_EQ(far_size(pair, 1), 1U);
  const core::FarKeys south = pair.pair().public_keys(0);
  pair.set_far(1, std::nullopt, {{south.noise}});
  EXPECT_TRUE(link(pair, 1).lost());
  EXPECT_FALSE(link(pair, 1).ready());
  int answers = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1) ++answers;
    return datagram;
  };
  ASSERT_TRUE(pair.say(0, kSignedLine, "after, and dated as it likes"));
  pair.run(std::chrono::minutes(10));
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(far_size(pair, 1), 1U);
  EXPECT_GT(link(pair, 1).revoked_calls().count, 0U);
  EXPECT_TRUE(link(pair, 1).revoked_calls().last);
  EXPECT_FALSE(alarms(pair, 1, core::AlarmKind::kRevoked).empty());
}

// Enrolled anew at home, and its bulletin is not here yet: its calls do not read, and no path is dead for that.
TEST(Revoked, AStationThatWasEnrolledAnewShowsNoDeadDirection) {
  QuietPair pair(4);
  pair.start();
  pair.settle();
  const core::FarKeys south = pair.pair().public_keys(0);
  SeededRandom random(98);
  const crypto::AgreeKey other = crypto::AgreeKey::generate(random);
  pair.set_far(1, core::FarKeys{other.public_key(), south.log, south.cosign}, {});  // and south calls by keys not known here
  pair.run(std::chrono::minutes(3));
  for (const core::PathState& path : link(pair, 1).paths().all()) {
    EXPECT_EQ(path.calls, 0u);
    EXPECT_FALSE(path.suspect_since);
  }
  pair.set_far(1, south, {});
  pair.run(std::chrono::minutes(2));
  EXPECT_TRUE(link(pair, 1).ready());
}

// Whoever took the station calls with counters as high as there are: the station in its place is heard all the same.
TEST(Revoked, TheOneInItsPlaceIsHeardThoughTheOtherCalls) {
  QuietPair pair(2);
  pair.start();
  pair.settle();
  const core::FarKeys south = pair.pair().public_keys(0);
  SeededRandom random(99);
  const crypto::AgreeKey other = crypto::AgreeKey::generate(random);
  pair.set_far(1, core::FarKeys{other.public_key(), south.log, south.cosign}, {{south.noise}});
  EXPECT_FALSE(link(pair, 1).lost());
  EXPECT_FALSE(link(pair, 1).ready());
  pair.settle();
  const std::uint32_t before = pair.store(1).link_state(pair.pair().lineage(), "south")->responder_last;
  pair.run(std::chrono::minutes(10));
  EXPECT_FALSE(link(pair, 1).ready());
  EXPECT_GT(link(pair, 1).revoked_calls().count, 0U);
  EXPECT_EQ(pair.store(1).link_state(pair.pair().lineage(), "south")->responder_last, before);
  EXPECT_TRUE(alarms(pair, 1, core::AlarmKind::kOtherAccord).empty());
  // The same keys again, as another's would be: the link comes back by itself.
  pair.set_far(1, south, {{other.public_key()}});
  pair.run(std::chrono::minutes(2));
  EXPECT_TRUE(link(pair, 1).ready());
  ASSERT_TRUE(pair.say(0, kSignedLine, "from the one in its place"));
  pair.run(std::chrono::seconds(10));
  EXPECT_EQ(far_size(pair, 1), 1U);
}

// It begins with the first secret, many steps behind, and both ends are on their guard.
TEST(Revoked, ANewStationCatchesUpWithTheSecretAllTheSame) {
  PairOptions options;
  options.policy.secret_step_seconds = 600;
  options.policy.fresh_handshake = std::chrono::minutes(10);
  QuietPair pair(4, options);
  const MemoryStore::Snapshot empty = pair.store(0).snapshot();
  pair.start();
  pair.run(std::chrono::hours(12));
  const std::uint16_t moved = link(pair, 1).psk_epoch();
  ASSERT_GT(moved, 48);
  pair.stop(0);
  pair.store(0).restore(empty);
  SeededRandom random(98);
  const crypto::AgreePublic former = crypto::AgreeKey::generate(random).public_key();
  pair.start(0);
  pair.set_far(0, pair.pair().public_keys(1), {{}, true});
  pair.set_far(1, pair.pair().public_keys(0), {{former}});
  pair.run(std::chrono::minutes(5));
  EXPECT_TRUE(link(pair, 0).ready() && link(pair, 1).ready());
  EXPECT_GE(link(pair, 0).psk_epoch(), moved);
}

TEST(Revoked, AStationThatStartsWithoutACounterpartWaits) {
  QuietPair pair(3);
  pair.start(1);
  pair.set_far(1, std::nullopt, {{pair.pair().public_keys(0).noise}});
  int sent = 0;
  pair.tamper = [&](std::size_t, Bytes datagram) -> std::optional<Bytes> {
    ++sent;
    return datagram;
  };
  pair.run(std::chrono::minutes(5));
  EXPECT_EQ(sent, 0);
}

}  // namespace
}  // namespace detente::sim
