// The hand-carried secret as a file and as words, and the fingerprint that is read aloud.
// spec/accord.md.
#include "accord/accord_for_test.h"
#include "accord/fingerprint.h"
#include "accord/words.h"
#include "fuzz.h"

namespace detente::fuzz {

namespace {

constexpr Digest kAccord{7};

accord::Fingerprint fingerprint() {
  accord::Fingerprint out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 11);
  return out;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view between) {
  std::string out;
  for (std::string_view word : words) out += std::string(out.empty() ? "" : between).append(word);
  return out;
}

void check_word(const std::string& text) {
  const auto value = accord::value_of_word(text);
  if (value) FUZZ_EXPECT(accord::value_of_word(accord::word_of(*value)) == value);
  if (text.size() > 12) return;
  const auto nearest = accord::value_of_word(accord::nearest_word(text));
  FUZZ_EXPECT(nearest && (!value || nearest == value));
}

void check_words(const std::string& text) {
  // Looking for the nearest word costs most of a run: each length is read as what it can be.
  const bool many = text.size() > 100;
  const auto secret = accord::from_words(many ? std::string() : text, 4);
  if (secret) {
    FUZZ_EXPECT(secret->size() == 4);
    const auto again = accord::from_words(joined(accord::to_words(secret->view()), " "), 4);
    FUZZ_EXPECT(again && equal(again->view(), secret->view()));
  }
  if (!many) return;
  if (const auto key = accord::hand_key_from_words("south", kAccord, text)) {
    const SecretBytes words = accord::hand_key_words(*key);
    const auto again = accord::hand_key_from_words("south", kAccord, text_of(words.view()));
    FUZZ_EXPECT(again && equal(again->key.view(), key->key.view()));
  }
  // Whoever reads other words has another fingerprint.
  if (accord::compare_fingerprint(fingerprint(), text)) {
    const auto heard = accord::from_words(text, accord::kFingerprintSize);
    FUZZ_EXPECT(heard && equal(heard->view(), fingerprint()));
  }
}

}  // namespace

void run(ByteView input) {
  if (const auto key = accord::parse_hand_key(input))
    FUZZ_EXPECT(equal(accord::encode_hand_key(*key).view(), input));
  const std::string text = text_of(input);
  check_word(text);
  check_words(text);
}

Seeds seeds() {
  const accord::HandKey key = accord::test::hand_key("south", kAccord);
  const auto bytes = [](const std::string& text) { return to_bytes(as_bytes(text)); };
  return {{"file", to_bytes(accord::encode_hand_key(key).view())},
          {"words", to_bytes(accord::hand_key_words(key).view())},
          {"four", bytes(joined(accord::to_words(Bytes{1, 2, 3, 4}), "-"))},
          {"fingerprint", bytes(joined(accord::fingerprint_words(fingerprint()), "\n"))},
          {"word", bytes(std::string(accord::word_of(77)))}};
}

}  // namespace detente::fuzz
