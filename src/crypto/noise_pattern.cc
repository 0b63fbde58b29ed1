#include "crypto/noise_pattern.h"

#include <algorithm>
#include <array>
#include <optional>

namespace detente::crypto {

namespace {

struct Row {
  std::string_view name;
  bool initiator_known;
  bool responder_known;
  std::string_view messages;  // tokens with a space between, messages with '|'
};

// Section 7.4 (one-way) and 7.5 (the twelve fundamental interactive patterns).
constexpr std::array<Row, 15> kRows = {{
    {"N", false, true, "e es"},
    {"K", true, true, "e es ss"},
    {"X", false, true, "e es s ss"},
    {"NN", false, false, "e|e ee"},
    {"NK", false, true, "e es|e ee"},
    {"NX", false, false, "e|e ee s es"},
    {"KN", true, false, "e|e ee se"},
    {"KK", true, true, "e es ss|e ee se"},
    {"KX", true, false, "e|e ee se s es"},
    {"XN", false, false, "e|e ee|s se"},
    {"XK", false, true, "e es|e ee|s se"},
    {"XX", false, false, "e|e ee s es|s se"},
    {"IN", false, false, "e s|e ee se"},
    {"IK", false, true, "e es s ss|e ee se"},
    {"IX", false, false, "e s|e ee se s es"},
}};

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t end = text.find(by);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

NoiseToken token(std::string_view text) {
  if (text == "e") return NoiseToken::kE;
  if (text == "s") return NoiseToken::kS;
  if (text == "ee") return NoiseToken::kEe;
  if (text == "es") return NoiseToken::kEs;
  if (text == "se") return NoiseToken::kSe;
  return NoiseToken::kSs;
}

NoisePattern build(const Row& row) {
  NoisePattern out;
  out.initiator_static_known = row.initiator_known;
  out.responder_static_known = row.responder_known;
  out.one_way = row.name.size() == 1;
  for (std::string_view message : split(row.messages, '|')) {
    std::vector<NoiseToken> tokens;
    for (std::string_view word : split(message, ' ')) tokens.push_back(token(word));
    out.messages.push_back(std::move(tokens));
  }
  return out;
}

// psk0 opens the first message; pskN ends message N (section 9.4).
bool add_modifiers(NoisePattern& pattern, std::string_view text) {
  int last = -1;
  for (std::string_view modifier : split(text, '+')) {
    if (modifier.size() != 4 || !modifier.starts_with("psk")) return false;
    const int number = modifier[3] - '0';
    if (number <= last || number > static_cast<int>(pattern.messages.size())) return false;
    if (number == 0) {
      pattern.messages.front().insert(pattern.messages.front().begin(), NoiseToken::kPsk);
    } else {
      pattern.messages[static_cast<std::size_t>(number) - 1].push_back(NoiseToken::kPsk);
    }
    last = number;
  }
  return true;
}

std::optional<NoisePattern> parse_pattern(std::string_view text) {
  const std::size_t letters = std::min(text.find("psk"), text.size());
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [&](const Row& r) { return r.name == text.substr(0, letters); });
  if (row == kRows.end()) return std::nullopt;
  NoisePattern pattern = build(*row);
  if (letters < text.size() && !add_modifiers(pattern, text.substr(letters))) return std::nullopt;
  return pattern;
}

std::optional<NoiseCipherKind> parse_cipher(std::string_view text) {
  if (text == "ChaChaPoly") return NoiseCipherKind::kChaChaPoly;
  if (text == "AESGCM") return NoiseCipherKind::kAesGcm;
  return std::nullopt;
}

std::optional<HashKind> parse_hash(std::string_view text) {
  if (text == "SHA256") return HashKind::kSha256;
  if (text == "SHA512") return HashKind::kSha512;
  if (text == "BLAKE2s") return HashKind::kBlake2s;
  return std::nullopt;
}

}  // namespace

std::size_t NoisePattern::psk_count() const {
  std::size_t n = 0;
  for (const auto& tokens : messages) {
    n += static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), NoiseToken::kPsk));
  }
  return n;
}

bool NoisePattern::uses_static(std::size_t side) const {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    for (NoiseToken t : messages[i]) {
      const bool sent = t == NoiseToken::kS && i % 2 == side;
      const bool agreed =
          t == NoiseToken::kSs || t == (side == 0 ? NoiseToken::kSe : NoiseToken::kEs);
      if (sent || agreed) return true;
    }
  }
  return false;
}

Result<NoiseProtocol> parse_noise_name(std::string_view name) {
  constexpr std::size_t kNameSizeMax = 255;  // section 8
  const auto parts = split(name.substr(0, kNameSizeMax + 1), '_');
  if (name.size() <= kNameSizeMax && parts.size() == 5 && parts[0] == "Noise" &&
      parts[2] == "25519") {
    auto pattern = parse_pattern(parts[1]);
    const auto cipher = parse_cipher(parts[3]);
    const auto hash = parse_hash(parts[4]);
    if (pattern && cipher && hash) {
      return NoiseProtocol{std::string(name), std::move(*pattern), *cipher, *hash};
    }
  }
  return fail(Fault::kUnsupported, "Noise protocol \"" + std::string(name.substr(0, kNameSizeMax)) +
                                       "\" is not one that this program has");
}

}  // namespace detente::crypto
