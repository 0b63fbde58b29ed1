// Deterministic CBOR: what is accepted is written again byte for byte, in a tree and when pulled
// item by item in any order of questions. And the integers of the wire's formats.
#include "fuzz.h"
#include "wire/cbor_value.h"
#include "wire/reader.h"

namespace detente::fuzz {

namespace {

// Asks a reader as the choices say: wrong questions must be errors, nothing more.
void ask(ByteView questions, ByteView bytes) {
  wire::CborReader reader(bytes);
  for (const std::uint8_t question : questions) {
    const std::size_t before = reader.position();
    bool good = false;
    switch (question % 12) {
      case 0: good = reader.uint().has_value(); break;
      case 1: good = reader.integer().has_value(); break;
      case 2: good = reader.negative().has_value(); break;
      case 3: good = reader.bytes().has_value(); break;
      case 4: good = reader.text().has_value(); break;
      case 5: good = reader.array().has_value(); break;
      case 6: good = reader.map().has_value(); break;
      case 7: good = reader.tag().has_value(); break;
      case 8: good = reader.item().has_value(); break;
      case 9: good = reader.real().has_value() || reader.simple().has_value(); break;
      case 10: good = reader.boolean().has_value() || reader.null().has_value(); break;
      default: good = reader.peek().has_value() && reader.item().has_value();
    }
    if (!good) return;
    FUZZ_EXPECT(reader.position() > before && reader.position() <= bytes.size());
  }
}

void check_integers(ByteView bytes) {
  wire::ByteReader reader(bytes);
  while (!reader.empty()) {
    const std::size_t at = reader.position();
    const auto value = reader.varint();
    if (!value) {
      FUZZ_EXPECT(reader.position() == at);
      break;
    }
    Bytes again;
    wire::append_varint(again, *value);
    FUZZ_EXPECT(equal(again, bytes.subspan(at, reader.position() - at)));
    FUZZ_EXPECT(again.size() == wire::varint_size(*value));
    wire::ByteReader folded{ByteView(again)};
    const auto number = folded.zigzag();
    FUZZ_EXPECT(number.has_value());
    Bytes refolded;
    wire::append_zigzag(refolded, *number);
    FUZZ_EXPECT(refolded == again);
  }
}

}  // namespace

void run(ByteView input) {
  if (const auto value = wire::parse_cbor(input)) {
    const auto again = wire::encode_cbor(*value);
    FUZZ_EXPECT(again && equal(*again, input));
  }
  wire::CborReader whole(input);
  const auto item = whole.item();
  FUZZ_EXPECT((item && whole.empty()) == wire::parse_cbor(input).has_value());
  check_integers(input);
  Choices choices(input);
  const ByteView questions = choices.take(choices.below(24));
  ask(questions, choices.rest());
}

Seeds seeds() {
  const auto hex = [](const char* text) { return *from_hex(text); };
  return {{"map", hex("a301182a02f603820143010203")},
          {"numbers", hex("8800187f1901001a000100001b00000001000000002038ff3903e7")},
          {"text", hex("826461626364c243010000")},
          {"floats", hex("85f93c00fa47c35000fb3ff199999999999af97c00f97e00")},
          {"simple", hex("86f4f5f6f7e0f8ff")},
          {"deep", hex("818181818181818181818181818181818000")},
          {"nested", hex("a26161016162820203")},
          {"asked", hex("0506000301a1182a4401020304")}};
}

}  // namespace detente::fuzz
