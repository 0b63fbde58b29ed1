// The two forms in which a hand key changes hands: a short file, and words.
#include <algorithm>
#include <array>

#include "accord/secret.h"
#include "accord/words.h"
#include "base/check.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::size_t kCheckSize = 4;
constexpr std::array<std::string_view, 5> kStarts = {"detente-handkey/1", "side ", "accord ",
                                                     "key ", "check "};

Digest check_of(ByteView key) { return crypto::sha256({as_bytes("detente/1 hand key"), key}); }

// Text of a secret, on its way to be wiped.
class SecretText {
 public:
  explicit SecretText(std::string text) : text_(std::move(text)) {}
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()}); }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

SecretBytes join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  SecretBytes out(size);
  auto at = out.mutable_view().begin();
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return out;
}

// What stands behind each line's first word; false unless there are exactly the five lines.
bool read_lines(std::string_view text, std::array<std::string_view, 5>& out) {
  for (std::size_t i = 0; i < kStarts.size(); ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(kStarts[i])) return false;
    if (end < kStarts[i].size()) return false;
    out[i] = text.substr(kStarts[i].size(), end - kStarts[i].size());
    text.remove_prefix(end + 1);
  }
  return text.empty();
}

}  // namespace

HandKey make_hand_key(std::string_view side, const Digest& accord, KeyRandom& random) {
  HandKey out{std::string(side), accord, SecretBytes(kHandKeySize)};
  random.fill(out.key.mutable_view());
  return out;
}

SecretBytes encode_hand_key(const HandKey& hand_key) {
  DETENTE_CHECK(hand_key.key.size() == kHandKeySize);
  const SecretText key(to_base64(hand_key.key.view()));
  const Digest check = check_of(hand_key.key.view());
  return join({"detente-handkey/1\nside ", hand_key.side, "\naccord ", to_hex(hand_key.accord),
               "\nkey ", key.view(), "\ncheck ", to_hex(ByteView(check).first(kCheckSize)), "\n"});
}

Result<HandKey> parse_hand_key(ByteView file) {
  const auto bad = [] {
    return fail(
        Fault::kMalformed,
        "hand key: the file is not a detente-handkey/1 file of five lines; ask for it again");
  };
  if (file.size() > kHandKeyFileMax) return bad();
  std::array<std::string_view, 5> lines;
  if (!read_lines({reinterpret_cast<const char*>(file.data()), file.size()}, lines)) return bad();
  const auto accord_bytes = from_hex(lines[2]);
  const auto accord = accord_bytes ? to_array<32>(*accord_bytes) : std::nullopt;
  auto key_bytes = from_base64(lines[3]);
  if (!accord || !key_bytes) return bad();
  HandKey out{std::string(lines[1]), *accord, SecretBytes(std::move(*key_bytes))};
  if (out.key.size() != kHandKeySize) return bad();
  const Digest check = check_of(out.key.view());
  if (lines[4] != to_hex(ByteView(check).first(kCheckSize)))
    return fail(
        Fault::kAuthentication,
        "hand key: its check does not fit, so a character was changed; copy the file again");
  // The side's name is checked by comparing: only names that an accord has are ever asked for.
  if (!equal(encode_hand_key(out).view(), file)) return bad();
  return out;
}

Result<void> check_hand_key_is_of(const HandKey& hand_key, std::string_view side,
                                  const Digest& accord) {
  if (hand_key.key.size() != kHandKeySize)
    return fail(Fault::kMalformed, "hand key: not 32 bytes; ask for it again");
  if (hand_key.side != side)
    return fail(Fault::kConflict, "hand key: this is not the contribution of " + std::string(side) +
                                      "; take the file that " + std::string(side) + " made");
  if (hand_key.accord != accord)
    return fail(Fault::kConflict, "hand key: made for the accord " + to_hex(hand_key.accord) +
                                      ", not for " + to_hex(accord) +
                                      "; make and exchange hand keys for this one");
  return {};
}

SecretBytes hand_key_words(const HandKey& hand_key) {
  SecretBytes out;
  for (const std::string_view word : to_words(hand_key.key.view())) {
    const SecretBytes before = std::move(out);
    const std::string_view so_far(reinterpret_cast<const char*>(before.view().data()),
                                  before.size());
    out = join({so_far, so_far.empty() ? "" : " ", word});
  }
  return out;
}

Result<HandKey> hand_key_from_words(std::string_view side, const Digest& accord,
                                    std::string_view words) {
  DETENTE_TRY(key, from_words(words, kHandKeySize));
  return HandKey{std::string(side), accord, std::move(key)};
}

}  // namespace detente::accord
