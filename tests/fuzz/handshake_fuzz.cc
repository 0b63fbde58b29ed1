// The three packets of a handshake: what parses is written back the same, and nothing verifies
// under a pair's keys but what that pair made. spec/session.md section 3.
#include "crypto/hash.h"
#include "fuzz.h"
#include "link/handshake.h"
#include "sim/pair.h"

namespace detente::fuzz {

namespace {

constexpr std::size_t kMac = 24;

// South called, North answered and sent both notices.
struct Ground {
  sim::Pair pair{1};
  core::PeerSetup south = pair.setup(0), north = pair.setup(1);
  SeededRandom random{2};
  link::OutgoingHandshake call =
      link::OutgoingHandshake::start(south.link.pair, south.link.keys.ours, {0, 1770000000},
                                     south.link.first_psk.view(), random);
  Bytes first = call.first_packet();
  Bytes reply = link::answer_first_packet(north.link.pair, north.link.keys.ours,
                                          *link::parse_first_packet(first),
                                          north.link.first_psk.view(), random)
                    .value()
                    .reply;
  Bytes other_accord = notice(link::NoticeCode::kOtherAccord, south.link.pair.accord);
  Bytes epoch_spent = notice(link::NoticeCode::kEpochSpent, {0, 3});

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
  if (link::check_mac(*first, g.north.link.keys.theirs)) FUZZ_EXPECT(equal(input, g.first));
  // Noise by itself, as if the MAC's key were stolen: header and message are what South made.
  SeededRandom random(3);
  if (link::answer_first_packet(g.north.link.pair, g.north.link.keys.ours, *first,
                                g.north.link.first_psk.view(), random))
    FUZZ_EXPECT(equal(first->body, ByteView(g.first).first(first->body.size())));
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
  if (const auto reply = link::parse_reply_packet(input)) {
    FUZZ_EXPECT(equal(reply->noise, input.subspan(11)));
    if (g.call.finish(reply->noise))
      FUZZ_EXPECT(equal(reply->noise, ByteView(g.reply).subspan(11)));
  }
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
  return {{"first", g.first},
          {"reply", g.reply},
          {"other-accord", g.other_accord},
          {"epoch-spent", g.epoch_spent}};
}

}  // namespace detente::fuzz
