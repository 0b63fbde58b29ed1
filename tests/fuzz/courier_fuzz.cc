// Courier files: the open part and the contents have one spelling, and nothing opens but what the other station
// sealed. spec/courier.md.
#include "fuzz.h"
#include "link/courier_file.h"

namespace detente::fuzz {

namespace {

struct Ends {
  crypto::AgreeKey south = *crypto::AgreeKey::from_private(Bytes(32, 0x11));
  crypto::AgreeKey north = *crypto::AgreeKey::from_private(Bytes(32, 0x42));
  link::PairConfig sender, receiver;
  Bytes psk = Bytes(32, 0x80);
  link::CourierContents contents;
  Bytes genuine;

  Ends() {
    const link::Layers layers = {*crypto::AeadAlgorithm::load("ChaCha20-Poly1305")};
    sender.local_static = &south;
    receiver.local_static = &north;
    sender.remote_static = north.public_key();
    receiver.remote_static = south.public_key();
    sender.send_layers = receiver.receive_layers = layers;
    contents.answers = link::CourierMark{1};
    contents.sections = {{LineId{0}, Bytes{0, 0}, std::nullopt, {}},
                         {LineId{3}, std::nullopt, link::CourierReceipt{{}, 7, {3, 7, 1}}, {{1, {3, 0}}}}};
    genuine = *link::seal_courier(sender, psk, {{}, "south/main", "north/main", 0, 5, {}},
                                  link::encode_courier_contents(contents));
  }
};

const Ends& ends() {
  static const Ends* const out = new Ends;
  return *out;
}

void open(ByteView file) {
  const auto parsed = link::parse_courier(file);
  if (!parsed) return;
  FUZZ_EXPECT(parsed->associated.size() + parsed->sealed.size() < file.size());
  if (link::open_courier(ends().receiver, ends().psk, *parsed)) FUZZ_EXPECT(equal(file, ends().genuine));
}

}  // namespace

void run(ByteView input) {
  open(input);
  if (const auto contents = link::parse_courier_contents(input))
    FUZZ_EXPECT(equal(link::encode_courier_contents(*contents), input));
  Choices choices(input);
  open(changed(ends().genuine, choices));
}

Seeds seeds() {
  return {{"file", ends().genuine}, {"contents", link::encode_courier_contents(ends().contents)}, {"changed", {3, 1, 3, 9}}};
}

}  // namespace detente::fuzz
