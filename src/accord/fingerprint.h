// Fingerprint words and the page that is read aloud in the ceremony.
// spec/accord.md, "Fingerprint".
//
// 24 bytes, 25 words. Why more than 128 bits: whoever stands between the sides
// and chooses what each is shown looks for two views with one fingerprint, and
// half the bits is what that costs him.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accord/accord.h"
#include "accord/secret.h"

namespace detente::accord {

inline constexpr std::size_t kFingerprintSize = 24;
using Fingerprint = ByteArray<kFingerprintSize>;

// Covers both root keys in the accord's order, the accord's digest, and the secret by its tag.
Fingerprint fingerprint_of(const Accord& accord, const Digest& digest, const SharedRoot& root);
std::vector<std::string_view> fingerprint_words(const Fingerprint& fingerprint);
// What was heard against what is ours; kConflict names the first word that differs, by place.
Result<void> compare_fingerprint(const Fingerprint& ours, std::string_view heard);

// The lines that both sides read aloud to each other, the words in five rows of five. No secret in
// it; may be printed, read over a telephone and kept.
std::vector<std::string> ceremony_lines(const AccordNote& note, const Fingerprint& fingerprint);

}  // namespace detente::accord
