// The three packets of a handshake: what parses is written back the same, and nothing verifies
// under a pair's keys but what that pair made. spec/session.md section 3.
#include "crypto/hash.h"
#include "fuzz.h"
#include "link/handshake.h"
#include "sim/pair.h"

namespace detente::fuzz {

namespace {

constexpr std::size_t kMac = 24;

// South called twice (the second time it had just started), North answered both, once with what it
// holds, and sent both notices.
struct Ground {
  sim::Pair pair{1};
  core::PeerSetup south = pair.setup(0), north = pair.setup(1);
  SeededRandom random{2};
  link::OutgoingHandshake call = start(false), first_call = start(true);
  Bytes reply = answer(call, {7, {}});
  Bytes contact_reply = answer(first_call, {7, link::ContactPayload{true, {1, 2, 3, 4}}});
  Bytes other_accord = notice(link::NoticeCode::kOtherAccord, south.link.pair.accord);
  Bytes epoch_spent = notice(link::NoticeCode::kEpochSpent, {0, 3});

  link::OutgoingHandshake start(bool first_of_life) {
    return link::OutgoingHandshake::start(south.link.pair, south.link.keys.ours, {0, 1770000000},
                                          first_of_life, south.link.first_psk.view(), random);
  }
  Bytes answer(const link::OutgoingHandshake& to, const link::ReplyPayload& payload) {
    return link::answer_first_packet(north.link.pair, north.link.keys.ours,
                                     *link::parse_first_packet(to.first_packet()),
                                     north.link.first_psk.view(), payload, random)
        .value()
        .reply;
  }
  Bytes notice(link::NoticeCode code, ByteArray<32> data) const {
    return link::encode_notice({north.link.keys.ours.hint, call.counter(), code, data},
                               north.link.keys.ours);
  }
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

void check_first(ByteView input) {
  const Ground& g = ground();
  const auto first = link::parse_first_packet(input);
  if (!first) return;
  FUZZ_EXPECT(equal(concat(first->header, first->noise, first->mac), input));
  FUZZ_EXPECT(equal(concat(first->header, first->noise), first->body));
  const Bytes& good = first->first_of_life ? g.first_call.first_packet() : g.call.first_packet();
  if (link::check_mac(*first, g.north.link.keys.theirs)) FUZZ_EXPECT(equal(input, good));
  // Noise by itself, as if the MAC's key were stolen: header and message are what South made.
  SeededRandom random(3);
  if (link::answer_first_packet(g.north.link.pair, g.north.link.keys.ours, *first,
                                g.north.link.first_psk.view(), {}, random))
    FUZZ_EXPECT(equal(first->body, ByteView(good).first(first->body.size())));
}

void check_reply(ByteView input) {
  const Ground& g = ground();
  const auto reply = link::parse_reply_packet(input);
  if (!reply) return;
  FUZZ_EXPECT(equal(reply->noise, input.subspan(11)));
  const auto finished = g.call.finish(reply->noise);
  if (finished)
    FUZZ_EXPECT(equal(reply->noise, ByteView(g.reply).subspan(11)) && !finished->payload.contact && finished->payload.last_c == 7);
  const auto contact = g.first_call.finish(reply->noise);
  if (contact)
    FUZZ_EXPECT(equal(reply->noise, ByteView(g.contact_reply).subspan(11)) && contact->payload.contact);
}

void check_notice(ByteView input) {
  const Ground& g = ground();
  const auto notice = link::parse_notice(input, g.south.link.keys.theirs);
  // A notice is written with the writer's own hint.
  if (!notice || notice->hint != g.north.link.keys.ours.hint) return;
  FUZZ_EXPECT(equal(link::encode_notice(*notice, g.north.link.keys.ours), input));
}

}  // namespace

void run(ByteView input) {
  const Ground& g = ground();
  check_first(input);
  check_notice(input);
  if (link::parse_notice(input, g.south.link.keys.theirs))
    FUZZ_EXPECT(equal(input, g.other_accord) || equal(input, g.epoch_spent));
  check_reply(input);
  // What a thief of the MAC's key could send: a notice of any code and data.
  if (input.size() == link::kNoticePacketSize) {
    Bytes body = to_bytes(input.first(input.size() - kMac));
    const Digest mac = crypto::hmac_sha256(g.north.link.keys.ours.mac.view(), body);
    append(body, ByteView(mac).first(kMac));
    check_notice(body);
  }
}

Seeds seeds() {
  const Ground& g = ground();
  return {{"first", g.call.first_packet()},
          {"first-of-life", g.first_call.first_packet()},
          {"reply", g.reply},
          {"reply-contact", g.contact_reply},
          {"other-accord", g.other_accord},
          {"epoch-spent", g.epoch_spent}};
}

}  // namespace detente::fuzz
