// The accord and the annexes of its lines, bare and signed. Layouts of TOML are free, so the values
// come back and not the bytes; what both signed is one text only. spec/accord.md.
#include "accord/accord_for_test.h"
#include "accord/bundle.h"
#include "fuzz.h"

namespace detente::fuzz {

namespace {

struct Ground {
  accord::AccordNote signed_note = accord::test::sign_by_both(accord::test::accord());
  accord::AccordNote successor =
      accord::test::sign_by_both(accord::test::successor_of(signed_note));
  std::vector<std::string> annexes = accord::test::annex_texts();
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

void check_note(ByteView input) {
  const Ground& g = ground();
  const auto note = accord::parse_accord_note(input);
  if (!note) return;
  FUZZ_EXPECT(equal(as_bytes(note->encode()), input));
  FUZZ_EXPECT(note->digest == accord::accord_digest(note->text));
  const bool genuine = note->text == g.signed_note.text || note->text == g.successor.text;
  const auto& keys = g.signed_note.accord.sides;
  for (std::size_t side = 0; side < 2; ++side)
    // The keys are the text's own: another text may name keys of which nobody has the secret.
    if (note->signed_by[side] && note->accord.sides[side].root == keys[side].root)
      FUZZ_EXPECT(genuine);
  if (note->complete() && accord::check_successor(*note, g.signed_note))
    FUZZ_EXPECT(note->text == g.successor.text);
  if (const auto whole = accord::assemble_accord(input, g.annexes))
    FUZZ_EXPECT(genuine && whole->annexes.size() == g.annexes.size());
}

}  // namespace

void run(ByteView input) {
  const std::string text = text_of(input);
  if (const auto accord = accord::parse_accord(text)) {
    const auto written = accord::write_accord(*accord);
    FUZZ_EXPECT(written.has_value());
    const auto again = accord::parse_accord(*written);
    FUZZ_EXPECT(again && *again == *accord);
  }
  if (const auto annex = accord::parse_annex(text)) {
    const auto written = accord::write_annex(*annex);
    FUZZ_EXPECT(written.has_value());
    const auto again = accord::parse_annex(*written);
    FUZZ_EXPECT(again && *again == *annex);
  }
  check_note(input);
  if (const auto bundle = accord::parse_bundle(input)) FUZZ_EXPECT(equal(*accord::write_bundle(*bundle), input));
  // An annex that the accord does not hold the digest of is none of its.
  const Ground& g = ground();
  std::vector<std::string> annexes = g.annexes;
  if (std::find(annexes.begin(), annexes.end(), text) != annexes.end()) return;
  annexes.back() = text;
  FUZZ_EXPECT(!accord::assemble_accord(as_bytes(g.signed_note.encode()), annexes));
}

Seeds seeds() {
  const Ground& g = ground();
  const auto bytes = [](const std::string& text) { return to_bytes(as_bytes(text)); };
  return {{"accord", bytes(g.signed_note.text)},
          {"accord-signed", bytes(g.signed_note.encode())},
          {"accord-successor", bytes(g.successor.encode())},
          {"bundle", accord::write_bundle({g.successor.encode(), {bytes(g.annexes[0]), bytes(g.annexes[1])}}).value()},
          {"annex-accord", bytes(g.annexes[0])},
          {"annex-west", bytes(g.annexes[1])},
          {"annex-back", bytes(g.annexes[2])}};
}

}  // namespace detente::fuzz
