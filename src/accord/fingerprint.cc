#include "accord/fingerprint.h"

#include <algorithm>

#include "accord/words.h"
#include "base/civil.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::size_t kWordsInRow = 5;

std::string row_of(const std::vector<std::string_view>& words, std::size_t row) {
  std::string out = "    " + std::to_string(row + 1) + ":";
  for (std::size_t i = row * kWordsInRow; i < std::min(words.size(), (row + 1) * kWordsInRow); ++i)
    out.append(" ").append(words[i]);
  return out;
}

// A digest in groups of eight digits, as it is read.
std::string grouped_hex(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 4)
    out.append(i ? " " : "")
        .append(to_hex(bytes.subspan(i, std::min<std::size_t>(4, bytes.size() - i))));
  return out;
}

}  // namespace

Fingerprint fingerprint_of(const Accord& accord, const Digest& digest, const SharedRoot& root) {
  const Digest whole = crypto::sha256(
      {as_bytes("detente/1 fingerprint"), ByteView(accord.first().root.bytes()),
       ByteView(accord.second().root.bytes()), ByteView(digest), ByteView(root.tag())});
  Fingerprint out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

std::vector<std::string_view> fingerprint_words(const Fingerprint& fingerprint) {
  return to_words(fingerprint);
}

Result<void> compare_fingerprint(const Fingerprint& ours, std::string_view heard) {
  DETENTE_TRY(theirs, from_words(heard, kFingerprintSize));
  for (std::size_t i = 0; i < kFingerprintSize; ++i) {
    if (theirs.view()[i] == ours[i]) continue;
    return fail(
        Fault::kConflict,
        "fingerprint: word " + std::to_string(i + 1) + " is \"" +
            std::string(word_of(theirs.view()[i])) + "\" there and \"" +
            std::string(word_of(ours[i])) +
            "\" here, so the two sides do not hold the same keys, accord and secret; do not "
            "use them, and exchange cards and hand keys again in one room");
  }
  return {};
}

std::vector<std::string> ceremony_lines(const AccordNote& note, const Fingerprint& fingerprint) {
  const Accord& accord = note.accord;
  std::vector<std::string> out = {
      "Both sides read this to each other, the first side first, and stop where anything differs.",
      "",
      "Accord: " + accord.title,
      "Version " + std::to_string(accord.version) + ", not before " + format_utc(accord.not_before),
      "First side: " + accord.first().name + ", " + accord.first().self,
      "Second side: " + accord.second().name + ", " + accord.second().self,
      "Digest of the accord:",
      "    " + grouped_hex(ByteView(note.digest).first(16)),
      "    " + grouped_hex(ByteView(note.digest).subspan(16)),
      "Fingerprint of both root keys, the accord and the secret:",
  };
  const std::vector<std::string_view> words = fingerprint_words(fingerprint);
  for (std::size_t row = 0; row * kWordsInRow < words.size(); ++row)
    out.push_back(row_of(words, row));
  out.insert(
      out.end(),
      {"", "These words may be read over a telephone. The hand keys themselves never: they change",
       "hands in one room."});
  return out;
}

}  // namespace detente::accord
