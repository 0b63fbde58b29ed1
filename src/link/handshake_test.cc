#include "link/handshake.h"

#include <gtest/gtest.h>

#include "link/session.h"

namespace detente::link {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

// Two stations' views of one pair, with both sides' AEADs.
struct Pair {
  explicit Pair(std::uint64_t seed = 1, bool both = true) : random(seed) {
    a_static.emplace(crypto::AgreeKey::generate(random));
    b_static.emplace(crypto::AgreeKey::generate(random));
    psk = SecretBytes(32);
    random.fill(psk.mutable_view());
    const auto chacha = *crypto::AeadAlgorithm::load("ChaCha20-Poly1305");
    const auto aria = *crypto::AeadAlgorithm::load("ARIA-256-GCM");
    Digest accord{};
    accord[0] = 7;
    for (PairConfig* config : {&a, &b}) {
      const bool is_a = config == &a;
      config->we_are_first = is_a;
      config->accord = accord;
      config->local_static = is_a ? &*a_static : &*b_static;
      config->remote_static = is_a ? b_static->public_key() : a_static->public_key();
      config->paths = {PathId{1}, PathId{2}};
      const Layers a_to_b = both ? Layers{chacha, aria} : Layers{chacha};
      const Layers b_to_a = both ? Layers{aria, chacha} : Layers{chacha};
      config->send_layers = is_a ? a_to_b : b_to_a;
      config->receive_layers = is_a ? b_to_a : a_to_b;
    }
    a_keys = derive_direction_keys(psk.view(), "south/main");
    b_keys = derive_direction_keys(psk.view(), "north/main");
  }

  std::pair<Session, Session> sessions() {
    const auto out = OutgoingHandshake::start(a, a_keys, {3, 1000}, false, psk.view(), random);
    const auto first = parse_first_packet(out.first_packet());
    Result<Answer> answer = answer_first_packet(b, b_keys, *first, psk.view(), {}, random);
    const auto reply = parse_reply_packet(answer->reply);
    Result<OutgoingHandshake::Finished> done = out.finish(reply->noise);
    return {Session(a, std::move(done->handshake), crypto::Role::kInitiator, out.counter(), {}),
            Session(b, std::move(answer->handshake), crypto::Role::kResponder, first->counter, {})};
  }

  SeededRandom random;
  std::optional<crypto::AgreeKey> a_static, b_static;
  SecretBytes psk;
  PairConfig a, b;
  DirectionKeys a_keys, b_keys;
};

TEST(Handshake, PacketsHaveTheSizesOfTheSpecification) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  EXPECT_EQ(out.first_packet().size(), 83u);
  const auto first = parse_first_packet(out.first_packet());
  ASSERT_TRUE(first);
  EXPECT_TRUE(check_mac(*first, pair.a_keys));
  EXPECT_FALSE(check_mac(*first, pair.b_keys)) << "a MAC is for one direction";
  const auto answer = answer_first_packet(pair.b, pair.b_keys, *first, pair.psk.view(), {}, pair.random);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reply.size(), 63u);
  EXPECT_EQ(encode_notice({}, pair.b_keys).size(), 68u);
}

TEST(Handshake, EveryByteOfTheFirstPacketIsCovered) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  for (std::size_t i = 0; i < out.first_packet().size(); ++i) {
    Bytes changed = out.first_packet();
    changed[i] ^= 1;
    const auto first = parse_first_packet(changed);
    // The hint only chooses whose MAC is tried; it is under the MAC too.
    if (first) {
      EXPECT_FALSE(check_mac(*first, pair.a_keys)) << "byte " << i;
    }
  }
}

TEST(Handshake, AWrongReplyDoesNotKillTheAttempt) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  const auto first = parse_first_packet(out.first_packet());
  const auto answer = answer_first_packet(pair.b, pair.b_keys, *first, pair.psk.view(), {}, pair.random);
  for (std::size_t i = 11; i < answer->reply.size(); ++i) {
    Bytes changed = answer->reply;
    changed[i] ^= 0x80;
    // The top bit of an X25519 coordinate is not part of the point, but it is hashed.
    EXPECT_FALSE(out.finish(parse_reply_packet(changed)->noise)) << "byte " << i;
  }
  EXPECT_TRUE(out.finish(parse_reply_packet(answer->reply)->noise));
}

TEST(Handshake, AFirstContactIsSaidAndAnsweredWithinTheHandshake) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, true, pair.psk.view(), pair.random);
  EXPECT_EQ(out.first_packet().size(), kFirstPacketSize);
  const auto first = parse_first_packet(out.first_packet());
  ASSERT_TRUE(first && first->first_of_life);
  EXPECT_TRUE(check_mac(*first, pair.a_keys));
  Bytes plain = out.first_packet();
  plain[0] = wire::kFirstPacket;
  EXPECT_FALSE(check_mac(*parse_first_packet(plain), pair.a_keys)) << "nobody can take the mark away";
  const ContactPayload held{true, {1, 2, 3, 4}};
  const auto answer = answer_first_packet(pair.b, pair.b_keys, *first, pair.psk.view(), {7, held}, pair.random);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reply.size(), kReplyPacketSize + kContactPayloadSize);
  const auto done = out.finish(parse_reply_packet(answer->reply)->noise);
  ASSERT_TRUE(done && done->payload.contact);
  EXPECT_TRUE(done->payload.contact->answer_wanted);
  EXPECT_EQ(done->payload.contact->digest, held.digest);
  EXPECT_EQ(done->payload.last_c, 7u);
}

TEST(Handshake, AReplySaysWhatItsStationLastCalledWith) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  const auto first = parse_first_packet(out.first_packet());
  const auto answer = answer_first_packet(pair.b, pair.b_keys, *first, pair.psk.view(), {0x01020304, {}}, pair.random);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reply.size(), kReplyPacketSize);
  const auto done = out.finish(parse_reply_packet(answer->reply)->noise);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->payload.last_c, 0x01020304u);
  EXPECT_FALSE(done->payload.contact);
}

TEST(Handshake, AnotherAccordNeverCompletes) {
  Pair pair;
  pair.b.accord[5] ^= 1;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  const auto first = parse_first_packet(out.first_packet());
  EXPECT_TRUE(check_mac(*first, pair.a_keys)) << "so that the two honest stations can say so";
  EXPECT_FALSE(answer_first_packet(pair.b, pair.b_keys, *first, pair.psk.view(), {}, pair.random));
}

TEST(Handshake, AnotherPskNeverCompletes) {
  Pair pair;
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  const auto first = parse_first_packet(out.first_packet());
  SecretBytes other(32);
  EXPECT_FALSE(answer_first_packet(pair.b, pair.b_keys, *first, other.view(), {}, pair.random));
}

TEST(Notice, IsReadOnlyUnderItsMac) {
  Pair pair;
  Notice notice{pair.b_keys.hint, {2, 77}, NoticeCode::kOtherAccord, {}};
  notice.data[3] = 9;
  const Bytes bytes = encode_notice(notice, pair.b_keys);
  const auto read = parse_notice(bytes, pair.b_keys);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->counter.c, 77u);
  EXPECT_EQ(read->data, notice.data);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(parse_notice(changed, pair.b_keys)) << "byte " << i;
  }
}

TEST(Session, BothEndsAgreeAndPathsHaveKeysOfTheirOwn) {
  Pair pair;
  auto [a, b] = pair.sessions();
  EXPECT_EQ(a.tag(), b.tag());
  EXPECT_TRUE(a.initiator_is_first());
  EXPECT_TRUE(b.initiator_is_first());
  std::uint64_t counter = 9;
  const Bytes packet = *a.seal(PathId{1}, as_bytes("one"), counter);
  EXPECT_EQ(counter, 0u);
  // type, session, one byte of counter, text, two tags
  EXPECT_EQ(packet.size(), 4u + 3u + 32u);
  const auto parsed = wire::parse_packet(packet);
  EXPECT_EQ(b.open({}, PathId{2}, *parsed).outcome, PathReceiver::Outcome::kNotOurs);
  const auto opened = b.open({}, PathId{1}, *parsed);
  ASSERT_EQ(opened.outcome, PathReceiver::Outcome::kOk);
  EXPECT_EQ(as_string(opened.payload), "one");
  EXPECT_EQ(b.open({}, PathId{1}, *parsed).outcome, PathReceiver::Outcome::kReplay);
  EXPECT_EQ(a.open({}, PathId{1}, *parsed).outcome, PathReceiver::Outcome::kNotOurs)
      << "a packet sent back must not open at its sender";
}

TEST(Session, OneAeadCostsSixteenBytesLess) {
  Pair pair(2, false);
  auto [a, b] = pair.sessions();
  std::uint64_t counter = 0;
  EXPECT_EQ(a.seal(PathId{1}, as_bytes("one"), counter)->size(), 4u + 3u + 16u);
}

TEST(Session, EveryByteOfAPacketIsCovered) {
  Pair pair;
  auto [a, b] = pair.sessions();
  std::uint64_t counter = 0;
  const Bytes packet = *a.seal(PathId{1}, as_bytes("some text"), counter);
  for (std::size_t i = 0; i < packet.size(); ++i) {
    for (const unsigned bit : {0x01u, 0x04u, 0x80u}) {
      Bytes changed = packet;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ bit);
      const auto parsed = wire::parse_packet(changed);
      if (!parsed) continue;
      EXPECT_NE(b.open({}, PathId{1}, *parsed).outcome, PathReceiver::Outcome::kOk) << "byte " << i;
    }
  }
  EXPECT_EQ(b.open({}, PathId{1}, *wire::parse_packet(packet)).outcome, PathReceiver::Outcome::kOk)
      << "what failed must not have moved the window or the keys";
}

TEST(Session, OuterGoodAndInnerBadIsAnAlarm) {
  Pair pair;
  PairConfig other = pair.b;
  // The receiver's inner AEAD differs: the outer opens, the inner does not.
  other.receive_layers = {*crypto::AeadAlgorithm::load("AES-256-GCM"), pair.b.receive_layers[1]};
  const auto out = OutgoingHandshake::start(pair.a, pair.a_keys, {0, 5}, false, pair.psk.view(), pair.random);
  const auto first = parse_first_packet(out.first_packet());
  auto answer = answer_first_packet(other, pair.b_keys, *first, pair.psk.view(), {}, pair.random);
  Session b(other, std::move(answer->handshake), crypto::Role::kResponder, first->counter, {});
  Session a(pair.a, std::move(out.finish(parse_reply_packet(answer->reply)->noise)->handshake),
            crypto::Role::kInitiator, out.counter(), {});
  std::uint64_t counter = 0;
  const Bytes packet = *a.seal(PathId{1}, as_bytes("x"), counter);
  EXPECT_EQ(b.open({}, PathId{1}, *wire::parse_packet(packet)).outcome,
            PathReceiver::Outcome::kInnerBad);
}

TEST(Session, RekeysOnlyAfterAnArrivalAndKeepsTheOldGenerationForAWhile) {
  Pair pair;
  auto [a, b] = pair.sessions();
  std::uint64_t counter = 0;
  const Bytes late = *a.seal(PathId{1}, as_bytes("late"), counter);
  const Bytes first = *a.seal(PathId{1}, as_bytes("first"), counter);
  a.rekey_if_due({}, PathId{1}, 2, kDay);
  Bytes packet = *a.seal(PathId{1}, as_bytes("same generation"), counter);
  EXPECT_EQ(packet[0] & 4, first[0] & 4) << "nothing of this generation is known to have arrived";
  ASSERT_EQ(b.open({}, PathId{1}, *wire::parse_packet(first)).outcome, PathReceiver::Outcome::kOk);
  a.confirm(PathId{1}, 1);
  a.rekey_if_due({}, PathId{1}, 2, kDay);
  packet = *a.seal(PathId{1}, as_bytes("new generation"), counter);
  EXPECT_NE(packet[0] & 4, first[0] & 4);
  ASSERT_EQ(b.open({}, PathId{1}, *wire::parse_packet(packet)).outcome, PathReceiver::Outcome::kOk);
  EXPECT_EQ(b.open({}, PathId{1}, *wire::parse_packet(late)).outcome, PathReceiver::Outcome::kOk);
  a.confirm(PathId{1}, counter);
  a.rekey_if_due(Instant{} + kDay, PathId{1}, 1000, kDay);
  const Bytes third = *a.seal(PathId{1}, as_bytes("third generation"), counter);
  EXPECT_NE(third[0] & 4, packet[0] & 4) << "by its age alone";
  EXPECT_EQ(b.open(Instant{1}, PathId{1}, *wire::parse_packet(third)).outcome, PathReceiver::Outcome::kOk)
      << "the next generation has the phase bit of the one before the present";
}

TEST(Session, TheCounterFieldGrowsWithWhatIsUnconfirmed) {
  Pair pair(3, false);
  auto [a, b] = pair.sessions();
  std::uint64_t counter = 0;
  Bytes packet;
  for (int i = 0; i < 200; ++i) packet = *a.seal(PathId{1}, as_bytes("x"), counter);
  EXPECT_EQ(packet.size(), 5u + 1u + 16u);
  EXPECT_EQ(b.open({}, PathId{1}, *wire::parse_packet(packet)).outcome, PathReceiver::Outcome::kOk);
  a.confirm(PathId{1}, counter);
  packet = *a.seal(PathId{1}, as_bytes("x"), counter);
  EXPECT_EQ(packet.size(), 4u + 1u + 16u);
  EXPECT_EQ(b.open({}, PathId{1}, *wire::parse_packet(packet)).outcome, PathReceiver::Outcome::kOk);
}

}  // namespace
}  // namespace detente::link
