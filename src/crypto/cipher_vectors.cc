// The vectors that prove a cipher to be the one that an accord names.
//
// A vector file is text: lines that end in LF, at most 1 MiB in all.
//   - An empty line, or one whose first character is '#', says nothing.
//   - Every other line is a case: five fields with one space between each,
//         key nonce aad plain sealed
//     in lower case hex, two digits a byte; a field of no bytes is "-".
//     key: 32 bytes; nonce: 12; aad and plain: any number; sealed: the cipher
//     text with its 16-byte tag at the end, so 16 bytes longer than plain.
// A file has at least one case. Sealing plain must give sealed, opening sealed
// must give plain, and sealed with one bit changed in its first or last byte
// must not open (a provider that never looks at the tag is refused).
// The accord holds SHA-256 of the file's bytes, comments included.
#include <array>
#include <optional>

#include "crypto/aead.h"

namespace detente::crypto {

namespace {

constexpr std::size_t kFileSizeMax = 1 << 20;

struct Case {
  Bytes key, nonce, aad, plain, sealed;
};

std::optional<Bytes> parse_field(std::string_view text) {
  if (text == "-") return Bytes();
  if (text.empty() || text.find_first_of("ABCDEF") != std::string_view::npos) return std::nullopt;
  return from_hex(text);
}

std::optional<Case> parse_case(std::string_view line) {
  std::array<Bytes, 5> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool last = i + 1 == fields.size();
    const std::size_t end = last ? line.size() : line.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    auto field = parse_field(line.substr(0, end));
    if (!field) return std::nullopt;
    fields[i] = std::move(*field);
    line.remove_prefix(last ? end : end + 1);
  }
  Case out{std::move(fields[0]), std::move(fields[1]), std::move(fields[2]), std::move(fields[3]),
           std::move(fields[4])};
  if (out.key.size() != kAeadKeySize || out.nonce.size() != kAeadNonceSize ||
      out.sealed.size() != out.plain.size() + kAeadTagSize) {
    return std::nullopt;
  }
  return out;
}

// What is wrong, or nothing.
const char* check_case(const AeadAlgorithm& algorithm, const Case& c) {
  const AeadKey key(algorithm, c.key);
  if (key.seal(c.nonce, c.aad, c.plain) != c.sealed) return "it seals to other bytes";
  const auto opened = key.open(c.nonce, c.aad, c.sealed);
  if (!opened || *opened != c.plain) return "it does not open what was sealed";
  Bytes changed = c.sealed;
  changed.back() ^= 1;
  if (key.open(c.nonce, c.aad, changed)) return "it opens bytes with a changed tag";
  changed = c.sealed;
  changed.front() ^= 0x80;
  if (key.open(c.nonce, c.aad, changed)) return "it opens changed bytes";
  return nullptr;
}

}  // namespace

Result<void> AeadAlgorithm::check_vectors(std::string_view vector_file) const {
  if (vector_file.size() > kFileSizeMax) {
    return fail(Fault::kLimit, "vector file of " + name() + ": larger than 1 MiB");
  }
  std::size_t cases = 0;
  std::size_t number = 0;
  while (!vector_file.empty()) {
    const std::string where = "vector file of " + name() + ", line " + std::to_string(++number);
    const std::size_t end = vector_file.find('\n');
    if (end == std::string_view::npos) {
      return fail(Fault::kMalformed, where + ": the last line does not end; the file is cut off");
    }
    const std::string_view line = vector_file.substr(0, end);
    vector_file.remove_prefix(end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto c = parse_case(line);
    if (!c) {
      return fail(Fault::kMalformed,
                  where + ": not a case; a case is: key nonce aad plain sealed, in lower case hex");
    }
    if (const char* wrong = check_case(*this, *c)) {
      return fail(Fault::kAuthentication,
                  where + ": cipher \"" + name() + "\" differs from its vectors: " + wrong +
                      "; this is not the cipher that the accord names, do not use it");
    }
    ++cases;
  }
  if (cases == 0) {
    return fail(Fault::kMalformed, "vector file of " + name() + ": holds no case");
  }
  return {};
}

}  // namespace detente::crypto
