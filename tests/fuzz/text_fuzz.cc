// Texts as they are coded, checked and shown; hex and base64.
#include "fuzz.h"
#include "wire/coder.h"
#include "wire/text.h"
#include "wire/utf8.h"

namespace detente::fuzz {

namespace {

const wire::TextCoder& coder() {
  static const wire::TextCoder* const out =
      new wire::TextCoder(wire::TextCoder::with_dictionary(wire::shipped_dictionary()).value());
  return *out;
}

// Both readings of the input: as what was coded, and as what is to be coded.
void check_coding(ByteView input) {
  for (const std::size_t most : {std::size_t{0}, std::size_t{64}, std::size_t{1024}}) {
    const auto text = coder().decode(wire::kCoderZstd, input, most);
    if (text) FUZZ_EXPECT(text->size() <= most);
  }
  if (input.size() > 1) static_cast<void>(coder().decode(input[0], input.subspan(1), 1024));
  const wire::Coded coded = coder().encode(input);
  FUZZ_EXPECT(coded.bytes.size() <= input.size());
  const auto back = coder().decode(coded.coder, coded.bytes, input.size());
  FUZZ_EXPECT(back && equal(*back, input));
}

void check_shown(const std::string& text) {
  const std::string shown = wire::display_text(text), line = wire::display_line(text);
  FUZZ_EXPECT(wire::check_text(shown, shown.size()) && wire::check_text(line, line.size()));
  FUZZ_EXPECT(line.find_first_of("\n\t") == std::string::npos);
  if (wire::check_text(text, 1024)) FUZZ_EXPECT(shown == text && wire::valid_utf8(text));
  if (wire::check_name(text)) FUZZ_EXPECT(line == text && text.size() <= 32);
}

void check_digits(ByteView input, const std::string& text) {
  FUZZ_EXPECT(from_hex(to_hex(input)) == to_bytes(input));
  FUZZ_EXPECT(from_base64(to_base64(input)) == to_bytes(input));
  if (const auto bytes = from_base64(text)) FUZZ_EXPECT(to_base64(*bytes) == text);
  if (const auto bytes = from_hex(text)) FUZZ_EXPECT(bytes->size() * 2 == text.size());
}

}  // namespace

void run(ByteView input) {
  const std::string text = text_of(input);
  check_coding(input);
  check_shown(text);
  check_digits(input, text);
  // A dictionary comes with a release, and still from a file.
  if (input.size() > 4) static_cast<void>(wire::TextCoder::with_dictionary(input));
}

Seeds seeds() {
  const auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
  const wire::Coded coded =
      coder().encode(bytes("The patrol boat has returned to its harbour; all is quiet."));
  return {{"coded", coded.bytes},
          {"coded-first", concat(Bytes{coded.coder}, coded.bytes)},
          {"english", bytes("Please confirm receipt of our message of 09:00.")},
          {"korean", bytes("수신 확인 바랍니다.\n")},
          {"arabic", bytes("\u200fنعم\t")},
          {"hidden", bytes("a\u202eb\u2066c\ufeffd\x7f\x1b[2J")},
          {"not-utf8", {0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0x9f}},
          {"hex", bytes("00ffA0")},
          {"base64", bytes("AAEC/w==")},
          {"name", bytes("military-west")}};
}

}  // namespace detente::fuzz
