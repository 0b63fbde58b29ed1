#include <algorithm>

#include "crypto/age.h"
#include "crypto/hash.h"

namespace detente::crypto {

namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::size_t kHeaderSizeMax = 64 * 1024;
constexpr std::size_t kColumns = 64;  // a body line; the last one is shorter

Error malformed(std::size_t line, const std::string& what) {
  return {Fault::kMalformed, "age file, line " + std::to_string(line) + ": " + what};
}

// Gives the header line by line. A line without its end is no line.
class Lines {
 public:
  explicit Lines(ByteView file)
      : text_(as_text(file.first(std::min(file.size(), kHeaderSizeMax)))) {}

  std::optional<std::string_view> next() {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text_.substr(at_, end - at_);
    start_ = at_;
    at_ = end + 1;
    ++number_;
    return line;
  }
  std::optional<std::string_view> peek() {
    Lines copy = *this;
    return copy.next();
  }
  std::size_t number() const { return number_; }
  std::size_t line_start() const { return start_; }  // of the line that next() gave last
  std::size_t position() const { return at_; }

 private:
  static std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  std::size_t number_ = 0;
};

// Words of printable ASCII with exactly one space between.
std::optional<std::vector<std::string>> split_arguments(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (word.empty() ||
        !std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < 0x7f; })) {
      return std::nullopt;
    }
    out.emplace_back(word);
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

Result<Bytes> parse_body(Lines& lines) {
  Bytes body;
  for (;;) {
    const auto line = lines.next();
    if (!line) return tl::unexpected(malformed(lines.number() + 1, "a stanza's body does not end"));
    const auto bytes = line->size() <= kColumns ? from_age_base64(*line) : std::nullopt;
    if (!bytes) {
      return tl::unexpected(
          malformed(lines.number(), "not a line of base64 of at most 64 columns without padding"));
    }
    append(body, *bytes);
    if (line->size() < kColumns) return body;
  }
}

Result<AgeStanza> parse_stanza(Lines& lines) {
  const auto line = lines.next();
  auto arguments =
      line && line->starts_with("-> ") ? split_arguments(line->substr(3)) : std::nullopt;
  if (!arguments) {
    return tl::unexpected(malformed(lines.number(), "expected a recipient stanza or the MAC"));
  }
  DETENTE_TRY(body, parse_body(lines));
  return AgeStanza{std::move(*arguments), std::move(body)};
}

}  // namespace

std::string to_age_base64(ByteView bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<Bytes> from_age_base64(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  while (padded.size() % 4 != 0) padded.push_back('=');
  return from_base64(padded);
}

Result<AgeHeader> parse_age_header(ByteView file) {
  Lines lines(file);
  const auto version = lines.next();
  if (!version || *version != kVersionLine) {
    return fail(Fault::kMalformed,
                "not an age file: its first line is not \"" + std::string(kVersionLine) + "\"");
  }
  AgeHeader header;
  for (;;) {
    const auto line = lines.peek();
    if (!line && file.size() > kHeaderSizeMax) {
      return fail(Fault::kLimit, "age file: its header is larger than 64 KiB");
    }
    if (!line) return tl::unexpected(malformed(lines.number() + 1, "the header does not end"));
    if (line->starts_with("---")) break;
    DETENTE_TRY(stanza, parse_stanza(lines));
    header.stanzas.push_back(std::move(stanza));
  }
  const std::string_view last = *lines.next();
  const auto mac = last.starts_with("--- ") ? from_age_base64(last.substr(4)) : std::nullopt;
  const auto digest = mac ? to_array<kDigestSize>(*mac) : std::nullopt;
  if (!digest) return tl::unexpected(malformed(lines.number(), "expected \"--- \" and the MAC"));
  if (header.stanzas.empty()) {
    return tl::unexpected(malformed(lines.number(), "the header names no recipient"));
  }
  header.authenticated = file.first(lines.line_start() + 3);
  header.mac = *digest;
  header.size = lines.position();
  return header;
}

Bytes write_age_stanzas(const std::vector<AgeStanza>& stanzas) {
  Bytes out;
  append(out, kVersionLine);
  append(out, "\n");
  for (const AgeStanza& stanza : stanzas) {
    append(out, "->");
    for (const std::string& argument : stanza.arguments) append(out, " " + argument);
    append(out, "\n");
    const std::string body = to_age_base64(stanza.body);
    // A last line of fewer than 64 columns, an empty one if need be.
    for (std::size_t at = 0; at <= body.size(); at += kColumns) {
      append(out, body.substr(at, kColumns) + "\n");
    }
  }
  append(out, "---");
  return out;
}

namespace {
Digest header_mac(ByteView authenticated, ByteView file_key) {
  const SecretBytes key =
      hkdf_expand(hkdf_extract({}, file_key).view(), as_bytes("header"), kDigestSize);
  return hmac_sha256(key.view(), authenticated);
}
}  // namespace

Bytes write_age_mac(ByteView authenticated, ByteView file_key) {
  return to_bytes(as_bytes(" " + to_age_base64(header_mac(authenticated, file_key)) + "\n"));
}

bool check_age_mac(const AgeHeader& header, ByteView file_key) {
  return equal_secret(header_mac(header.authenticated, file_key), header.mac);
}

}  // namespace detente::crypto
