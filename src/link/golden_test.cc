// A whole handshake and its first packets from fixed keys: what a second
// implementation can compare with byte by byte (spec/session.md, spec/packet.md).
#include "../../tests/support/golden.h"

#include "link/handshake.h"
#include "link/session.h"

namespace detente::link {
namespace {

// Bytes that count upwards from `first`.
Bytes counting(std::uint8_t first) {
  Bytes out(32);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

// Gives the responder's ephemeral key.
class FixedRandom final : public KeyRandom {
 public:
  explicit FixedRandom(std::uint8_t first) : first_(first) {}
  void fill(MutableBytes out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first_ + i);
  }

 private:
  std::uint8_t first_;
};

TEST(SessionGolden, HandshakeAndPackets) {
  const auto south = *crypto::AgreeKey::from_private(counting(0x10));
  const auto north = *crypto::AgreeKey::from_private(counting(0x40));
  const Bytes psk = counting(0x80);
  const Layers chacha = {*crypto::AeadAlgorithm::load("ChaCha20-Poly1305")};
  const Layers both = {chacha[0], *crypto::AeadAlgorithm::load("ARIA-256-GCM")};
  std::string text = "# south (first) calls north; psk_0, static and ephemeral private keys count upwards from the byte named\n";
  const auto line = [&](const std::string& name, ByteView bytes) {
    text += name + " " + to_hex(bytes) + "\n";
  };
  for (const Layers* layers : {&chacha, &both}) {
    PairConfig a, b;
    a.we_are_first = true;
    a.accord = b.accord = *to_array<32>(counting(0xc0));
    a.local_static = &south;
    b.local_static = &north;
    a.remote_static = north.public_key();
    b.remote_static = south.public_key();
    a.send_layers = b.receive_layers = *layers;
    a.receive_layers = b.send_layers = Layers(layers->rbegin(), layers->rend());
    a.paths = b.paths = {PathId{1}};
    const DirectionKeys a_keys = derive_direction_keys(psk, "south/main");
    const DirectionKeys b_keys = derive_direction_keys(psk, "north/main");
    FixedRandom a_random(0x20), b_random(0x60);
    const auto call = OutgoingHandshake::start(a, a_keys, {2, 1770000000}, false, psk, a_random);
    const auto first = parse_first_packet(call.first_packet());
    auto answer = *answer_first_packet(b, b_keys, *first, psk, {1769999999, {}}, b_random);
    Session sa(a, std::move(call.finish(parse_reply_packet(answer.reply)->noise)->handshake),
               crypto::Role::kInitiator, call.counter(), {});
    Session sb(b, std::move(answer.handshake), crypto::Role::kResponder, first->counter, {});
    text += layers == &chacha ? "# psk_0 80, south 10, north 40, ephemeral 20 and 60, accord digest c0, path 1, last c of the reply 1769999999; ChaCha20-Poly1305 alone\n"
                              : "# the same; south's ChaCha20-Poly1305 and north's ARIA-256-GCM nested\n";
    line("k_mac_south", a_keys.mac.view());
    line("hint_south", a_keys.hint);
    line("first_packet", call.first_packet());
    line("reply_packet", answer.reply);
    std::uint64_t counter = 0;
    line("south_packet_0", *sa.seal(PathId{1}, as_bytes("from south"), counter));
    line("north_packet_0", *sb.seal(PathId{1}, as_bytes("from north"), counter));
    sa.confirm(PathId{1}, 0);
    sa.rekey_if_due({}, PathId{1}, 1, Duration(1));
    line("south_packet_1_generation_1", *sa.seal(PathId{1}, as_bytes("from south"), counter));
    line("notice", encode_notice({b_keys.hint, call.counter(), NoticeCode::kOtherAccord, b.accord}, b_keys));
  }
  support::golden("session/v1-handshake.txt", as_bytes(text));
}

}  // namespace
}  // namespace detente::link
