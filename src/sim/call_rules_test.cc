// What the answer to a call, and a call, may do to a station: spec/session.md sections 3, 4 and 7.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/lone_station_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Answers each call with notice 2 of that epoch, up to `most` times: how often it was called.
std::uint64_t calls_against_notices(LoneStation& lone, const std::function<std::uint16_t()>& epoch, Duration span, std::uint64_t most) {
  std::uint64_t calls = 0;
  lone.sent = [&](ByteView datagram) {
    const auto first = link::parse_first_packet(datagram);
    if (!first || ++calls > most) return;
    const std::uint16_t theirs = epoch();
    ByteArray<32> data{};
    data[0] = static_cast<std::uint8_t>(theirs >> 8);
    data[1] = static_cast<std::uint8_t>(theirs);
    const auto& ours = lone.north.link.keys.ours;
    lone.give(link::encode_notice({ours.hint, first->counter, link::NoticeCode::kEpochSpent, data}, ours));
  };
  lone.start();
  lone.run(span);
  return calls;
}

TEST(Notices, ThatNameNoLaterEpochDrawNoCall) {
  LoneStation lone(1);
  const std::uint64_t calls = calls_against_notices(lone, [] { return std::uint16_t{0}; }, minutes(10), 20'000);
  EXPECT_LT(calls, 500u);  // by its own timer, and copies of the newest
  EXPECT_EQ(lone.link().psk_epoch(), 0);
}

TEST(Notices, MoveTheSecretAtALimitedRate) {
  LoneStation lone(2);
  const std::uint64_t calls = calls_against_notices(lone, [] { return UINT16_MAX; }, minutes(10), 20'000);
  EXPECT_LT(calls, 1000u);
  // 24 steps each: 64 at once, then one in two seconds.
  EXPECT_LE(lone.link().psk_epoch(), (64 + 10 * 60 / 2 + 1) * 24);
  EXPECT_GE(lone.link().psk_epoch(), 64 * 24);  // one that is years behind catches up
  EXPECT_EQ(std::count_if(lone.events.begin(), lone.events.end(), [](const core::DeskEvent& event) {
              const auto* alarm = std::get_if<core::Alarm>(&event);
              return alarm != nullptr && alarm->kind == core::AlarmKind::kRate;
            }), 1);
}

// The disk is slow, and the clock went on further than a block meanwhile.
TEST(Calls, LeaveWhenTheirOwnBoundIsDurable) {
  QuietPair pair(11);
  int commits = 0;
  pair.disk = [&](std::size_t side) {
    if (side == 1) return QuietPair::Disk::kTakes;
    return commits-- > 0 ? QuietPair::Disk::kTakes : QuietPair::Disk::kBusy;
  };
  std::uint64_t called = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    const auto first = link::parse_first_packet(datagram);
    if (from != 0 || !first) return std::nullopt;
    ++called;
    const auto state = pair.store(0).link_state(pair.pair().lineage(), Pair::name(1));
    EXPECT_TRUE(state && first->counter.c < state->initiator_reserved) << first->counter.c;
    return std::nullopt;
  };
  pair.start(0);
  pair.run(minutes(5));
  EXPECT_EQ(called, 0u);
  for (int i = 0; i < 20; ++i) {
    commits = 1;
    pair.run(seconds(1));
  }
  commits = 1 << 20;
  pair.run(seconds(60));
  EXPECT_GT(called, 0u);
}

// A clock that once showed the last second that there is.
TEST(Calls, OfAClockThatWasAtItsEndAreHeardAfterwards) {
  QuietPair pair(7);
  std::uint64_t replies = 0;
  std::uint32_t highest = 0;
  pair.tamper = [&](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
    if (from == 1) replies += link::parse_reply_packet(datagram).has_value();
    const auto first = link::parse_first_packet(datagram);
    if (first && from == 1) return std::nullopt;  // the other's calls would cover it up
    if (first) highest = std::max(highest, first->counter.c);
    return datagram;
  };
  pair.ahead_seconds[0] = UINT32_MAX - 1770000000 - 20;
  pair.start();
  pair.run(seconds(10));
  EXPECT_GT(replies, 0u);
  EXPECT_GT(highest, UINT32_MAX / 2);
  pair.ahead_seconds[0] = 0;
  for (int i = 0; i < 5; ++i) {
    pair.stop(0);
    const std::uint64_t before = replies;
    pair.start(0);
    pair.run(minutes(1));
    EXPECT_GT(replies, before) << i;
    EXPECT_TRUE(pair.station(0).peer(PeerId{0}).link().ready());
  }
}

// A new station key came while this station stood: the c of the one before, however high, is not the new one's.
TEST(Calls, OfAnotherKeyCountAnewAlsoAfterAStart) {
  LoneStation lone(5);
  lone.start();
  lone.establish({0, UINT32_MAX - 1});
  ASSERT_EQ(lone.state().responder_last, UINT32_MAX - 1);
  const crypto::AgreeKey other = crypto::AgreeKey::generate(lone.random);
  std::uint64_t replies = 0;
  lone.sent = [&](ByteView datagram) { replies += link::parse_reply_packet(datagram).has_value(); };
  lone.start();  // the same key: the same c
  lone.call({0, UINT32_MAX - 1}, lone.psk());
  EXPECT_EQ(replies, 0u);
  core::PeerSetup setup = lone.pair.setup(0);
  setup.link.pair.remote_static = other.public_key();
  lone.north.link.pair.local_static = &other;
  lone.start(std::move(setup));
  lone.call({0, 1770000000}, lone.psk());
  EXPECT_EQ(replies, 1u);
  EXPECT_EQ(lone.state().responder_last, 1770000000u);
}

// A store of before has the c and not its key: it is that of the key that is there.
TEST(Calls, OfAStoreThatNamesNoKeyGoOn) {
  LoneStation lone(6);
  lone.start();
  lone.establish({0, 1770000500});
  record::LinkState state = lone.state();
  LoneStation older(6);
  record::Batch batch;
  batch.fence = *older.store.claim({lone.pair.lineage(), kAccordLine});
  batch.writes.push_back(record::PutLinkState{lone.pair.lineage(), Pair::name(1), state});
  ASSERT_TRUE(older.store.commit(std::vector<record::Batch>{batch}));
  std::uint64_t replies = 0;
  older.sent = [&](ByteView datagram) { replies += link::parse_reply_packet(datagram).has_value(); };
  older.start();
  older.call({0, 1770000500}, older.psk());
  EXPECT_EQ(replies, 0u);
  older.call({0, 1770000501}, older.psk());
  EXPECT_EQ(replies, 1u);
}

// Whoever has K_mac alone may call with any c.
TEST(Calls, ThatDoNotReadMoveNoCounter) {
  LoneStation lone(3);
  lone.start();
  std::uint64_t notices = 0, replies = 0;
  lone.sent = [&](ByteView datagram) {
    notices += datagram.size() == link::kNoticePacketSize;
    replies += link::parse_reply_packet(datagram).has_value();
  };
  const SecretBytes wrong(32);
  const auto stolen = lone.call({0, UINT32_MAX}, wrong.view());
  EXPECT_EQ(notices, 1u);
  lone.give(stolen.first_packet());  // a copy draws nothing
  EXPECT_EQ(notices, 1u);
  lone.call({UINT16_MAX, UINT32_MAX}, wrong.view());  // of an epoch far ahead
  EXPECT_EQ(lone.state().responder_last, 0u);
  EXPECT_EQ(replies, 0u);
  lone.call({24, 1770000000}, accord::PskChain(0, SecretBytes::copy_of(lone.psk())).at(24)->view());
  EXPECT_EQ(replies, 1u);
  EXPECT_EQ(lone.state().responder_last, 1770000000u);
}

TEST(Calls, ThatDoNotReadTakeNothingFromThoseThatDo) {
  LoneStation lone(4);
  lone.start();
  const SecretBytes wrong(32);
  std::uint64_t replies = 0;
  lone.sent = [&](ByteView datagram) { replies += link::parse_reply_packet(datagram).has_value(); };
  for (std::uint32_t i = 0; i < 100; ++i) lone.call({0, 2000000000 + i}, wrong.view());
  lone.call({0, 1770000000}, lone.psk());
  EXPECT_EQ(replies, 1u);
}

// A recording of one that did not arrive is stale once there is a session that the other side did not call for.
TEST(Calls, OfBeforeASessionAreDroppedWhoeverCalledForIt) {
  LoneStation lone(9);
  Bytes called;
  std::uint64_t replies = 0;
  lone.sent = [&](ByteView datagram) {
    if (link::parse_first_packet(datagram)) called = to_bytes(datagram);
    replies += link::parse_reply_packet(datagram).has_value();
  };
  lone.start();
  const auto first = link::parse_first_packet(called);
  ASSERT_TRUE(first);
  const std::uint32_t last_c = first->counter.c + 1000;
  const auto answer = link::answer_first_packet(lone.north.link.pair, lone.north.link.keys.ours, *first, lone.psk(),
                                                {last_c, {}}, lone.random);
  ASSERT_TRUE(answer);
  lone.give(answer->reply);
  ASSERT_TRUE(lone.link().ready());
  EXPECT_EQ(lone.state().responder_last, last_c) << "also after a restart";
  lone.call({0, last_c}, lone.psk());
  EXPECT_EQ(replies, 0u);
  lone.call({0, last_c + 1}, lone.psk());
  EXPECT_EQ(replies, 1u);
}

TEST(Calls, AreAnsweredWithTheLastOfTheOwn) {
  LoneStation lone(10);
  std::uint32_t own = 0;
  Bytes reply;
  lone.sent = [&](ByteView datagram) {
    if (const auto first = link::parse_first_packet(datagram)) own = first->counter.c;
    if (link::parse_reply_packet(datagram)) reply = to_bytes(datagram);
  };
  lone.start();
  lone.run(seconds(10));
  const auto call = lone.call({0, 1770000100}, lone.psk());
  ASSERT_FALSE(reply.empty());
  const auto finished = call.finish(link::parse_reply_packet(reply)->noise);
  ASSERT_TRUE(finished);
  EXPECT_GT(own, 1770000000u);
  EXPECT_EQ(finished->payload.last_c, own);
}

// Somebody on the way held it back: the other station does not go on with it.
TEST(Calls, ThatWereHeldBackTakeNoSessionAway) {
  LoneStation lone(8);
  lone.start();
  lone.establish({0, 1770000100}, true);
  const core::Link& link = lone.link();
  const std::uint64_t serial = link.session_serial();
  const auto file = link.newest_session();
  ASSERT_TRUE(link.ready() && file);
  const std::uint64_t lives = link.far_lives();
  lone.run(seconds(40));
  ASSERT_EQ(link.session_serial(), serial);
  std::size_t answered = 0;
  lone.sent = [&](ByteView datagram) {
    if (link::parse_reply_packet(datagram)) answered = datagram.size();
  };
  lone.call({0, 1770000101}, lone.psk(), true);
  EXPECT_EQ(answered, link::kReplyPacketSize);  // it says nothing of what is held: that goes by frame
  EXPECT_EQ(link.session_serial(), serial);
  EXPECT_TRUE(link.knows_session(*file));
  EXPECT_EQ(link.far_lives(), lives);
}

TEST(Calls, OfAStationThatBeganAnewMakeContactByFrameAtOnce) {
  QuietPair pair(9);
  pair.start();
  pair.run(minutes(2));
  pair.stop(0);
  pair.start(0);
  pair.run(std::chrono::milliseconds(100));
  EXPECT_TRUE(pair.station(0).peer(PeerId{0}).contact_made());
  EXPECT_EQ(pair.station(1).peer(PeerId{0}).link().session_tags().size(), 1u);  // the one of its life before is left
}

TEST(Calls, ThatLeadNowhereLeaveTheirSessionInTime) {
  PairOptions options;
  options.policy.heartbeat = std::chrono::hours(1);
  LoneStation lone(10, options);
  lone.start();
  lone.establish({0, 1770000100}, true);
  lone.run(seconds(600));
  const std::size_t before = lone.link().session_tags().size();
  lone.call({0, 1770001000}, lone.psk());
  EXPECT_EQ(lone.link().session_tags().size(), before + 1);
  lone.run(seconds(31));
  EXPECT_EQ(lone.link().session_tags().size(), before);
}

}  // namespace
}  // namespace detente::sim
