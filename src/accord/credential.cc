#include "accord/credential.h"

#include <algorithm>

#include "accord/accord_text.h"
#include "accord/fields.h"
#include "accord/root_signed.h"
#include "crypto/hash.h"
#include "wire/cbor.h"

namespace detente::accord {
namespace {

constexpr std::string_view kCredentialPurpose = "detente/1 credential";
constexpr std::string_view kCredential = "credential";
constexpr std::uint64_t kCredentialFormat = 1;

// Keys of the payload's map, as spec/credential.md numbers them.
enum Key : std::uint64_t {
  kVersion = 1,
  kRole = 2,
  kSide = 3,
  kPost = 4,
  kNumber = 5,
  kSignKey = 6,
  kAgreeKey = 7,
  kCosignKey = 8,
  kLines = 9,
  kNotBefore = 10,
  kNotAfter = 11,
  kPerson = 12,
};

// One X25519 key has one spelling (u < 2^255 - 19), and none of small order.
Result<void> check_agree_key(const crypto::AgreePublic& key) {
  const bool all_ones =
      std::all_of(key.begin() + 1, key.end() - 1, [](auto b) { return b == 0xff; });
  if (key[31] > 0x7f || (key[31] == 0x7f && all_ones && key[0] >= 0xed))
    return fail(Fault::kMalformed, "credential: the X25519 key is not in its canonical form");
  // Every scalar of X25519 is a multiple of 8, so that a point of small order, and no other, gives
  // zero.
  const auto probe = crypto::AgreeKey::from_private(ByteArray<32>{1});
  if (!probe || !probe->agree(key))
    return fail(Fault::kAuthentication, "credential: the X25519 key is a point of small order");
  return {};
}

Result<void> check_keys(const Credential& c, const crypto::VerifyKey& root) {
  DETENTE_TRY_VOID(check_agree_key(c.agree_key));
  if (c.cosign_key.has_value() != c.is_station())
    return fail(Fault::kMalformed, "credential: stations, and nobody else, have a cosigning key");
  if (c.sign_key == root || c.cosign_key == root)
    return fail(Fault::kConflict,
                "credential: it names the root key itself; make a key of its own");
  const bool same =
      c.is_station() && (*c.cosign_key == c.sign_key || c.cosign_key->bytes() == c.agree_key);
  if (same || c.sign_key.bytes() == c.agree_key)
    return fail(Fault::kConflict, "credential: one key stands for two uses; make a key for each");
  return {};
}

Result<void> check_lines(const std::vector<LineId>& lines) {
  if (lines.empty())
    return fail(Fault::kMalformed, "credential: no line at all; leave lines out for all lines");
  if (lines.size() > kCredentialLinesMax)
    return fail(Fault::kLimit, "credential: more than 256 lines; leave lines out for all lines");
  if (std::adjacent_find(lines.begin(), lines.end(), std::greater_equal<>()) != lines.end())
    return fail(Fault::kMalformed, "credential: lines must ascend, each once");
  return {};
}

Result<void> check_credential(const Credential& c, const crypto::VerifyKey& root) {
  if (c.role < CredentialRole::kStation || c.role > CredentialRole::kPrincipal)
    return fail(Fault::kUnsupported, "credential: a role that this program does not know");
  DETENTE_TRY_VOID(check_name_of("credential: side", c.side));
  DETENTE_TRY_VOID(check_name_of("credential: post", c.post));
  if (c.number == kStationItself)
    return fail(Fault::kMalformed, "credential: numbers are counted from 1");
  DETENTE_TRY_VOID(check_keys(c, root));
  if (c.lines) DETENTE_TRY_VOID(check_lines(*c.lines));
  if (c.not_after < c.not_before)
    return fail(Fault::kMalformed, "credential: it ends before it begins; correct its times");
  if (c.is_station() && c.person)
    return fail(Fault::kMalformed, "credential: a station is no person");
  return {};
}

Bytes encode_payload(const Credential& c) {
  wire::CborMap map;
  map.at(kVersion).uint(kCredentialFormat);
  map.at(kRole).uint(static_cast<std::uint64_t>(c.role));
  map.at(kSide).text(c.side);
  map.at(kPost).text(c.post);
  map.at(kNumber).uint(c.number.value);
  map.at(kSignKey).bytes(c.sign_key.bytes());
  map.at(kAgreeKey).bytes(c.agree_key);
  if (c.cosign_key) map.at(kCosignKey).bytes(c.cosign_key->bytes());
  if (c.lines) {
    auto& out = map.at(kLines);
    out.array(c.lines->size());
    for (const LineId line : *c.lines) out.uint(line.value);
  }
  map.at(kNotBefore).uint(c.not_before.seconds);
  map.at(kNotAfter).uint(c.not_after.seconds);
  if (c.person) map.at(kPerson).bytes(*c.person);
  return map.take();
}

// The fields as they come, before it is known which are there.
struct Fields {
  std::uint64_t version = 0, role = 0, number = 0, not_before = 0, not_after = 0;
  std::string side, post;
  Bytes sign_key, agree_key;
  std::optional<Bytes> cosign_key, person;
  std::optional<std::vector<LineId>> lines;
  std::uint64_t seen = 0;  // bit k: key k is there

  bool has(Key key) const { return seen >> key & 1; }
};

Result<std::uint64_t> read_uint(wire::CborReader& reader, std::uint64_t max) {
  DETENTE_TRY(value, reader.uint());
  if (value > max) return fail(Fault::kMalformed, "a number is larger than its field allows");
  return value;
}

Result<std::vector<LineId>> read_lines(wire::CborReader& reader) {
  DETENTE_TRY(count, reader.array());
  std::vector<LineId> out;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(line, read_uint(reader, 0xffff));
    out.push_back({static_cast<std::uint16_t>(line)});
  }
  return out;
}

Result<void> read_field(wire::CborReader& reader, std::uint64_t key, Fields& out) {
  const auto number = [&](std::uint64_t& to, std::uint64_t max) -> Result<void> {
    DETENTE_TRY(value, read_uint(reader, max));
    to = value;
    return {};
  };
  const auto bytes = [&](auto& to) -> Result<void> {
    DETENTE_TRY(value, reader.bytes());
    to = to_bytes(value);
    return {};
  };
  const auto text = [&](std::string& to) -> Result<void> {
    DETENTE_TRY(value, reader.text());
    to = value;
    return {};
  };
  switch (key) {
    case kVersion: return number(out.version, 0xffff);
    case kRole: return number(out.role, 0xff);
    case kSide: return text(out.side);
    case kPost: return text(out.post);
    case kNumber: return number(out.number, 0xffff);
    case kSignKey: return bytes(out.sign_key);
    case kAgreeKey: return bytes(out.agree_key);
    case kCosignKey: return bytes(out.cosign_key);
    case kLines: {
      DETENTE_TRY(lines, read_lines(reader));
      out.lines = std::move(lines);
      return {};
    }
    case kNotBefore: return number(out.not_before, 0xffffffff);
    case kNotAfter: return number(out.not_after, 0xffffffff);
    case kPerson: return bytes(out.person);
    default: return fail(Fault::kMalformed, "a field that this version does not have");
  }
}

Result<Fields> read_fields(ByteView payload) {
  wire::CborReader reader(payload);
  Fields out;
  DETENTE_TRY(pairs, reader.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(key, reader.uint());
    DETENTE_TRY_VOID(read_field(reader, key, out));
    out.seen |= std::uint64_t{1} << key;
    if (key == kVersion && out.version != kCredentialFormat)
      return fail(Fault::kUnsupported,
                  "format version " + std::to_string(out.version) + "; a newer program reads it");
  }
  DETENTE_TRY_VOID(reader.expect_end());
  for (const Key key :
       {kVersion, kRole, kSide, kPost, kNumber, kSignKey, kAgreeKey, kNotBefore, kNotAfter})
    if (!out.has(key))
      return fail(Fault::kMalformed, "field " + std::to_string(key) + " is missing");
  return out;
}

Result<Credential> to_credential(Fields fields) {
  DETENTE_TRY(sign_key, crypto::VerifyKey::from_bytes(fields.sign_key));
  std::optional<crypto::VerifyKey> cosign_key;
  if (fields.cosign_key) {
    DETENTE_TRY(key, crypto::VerifyKey::from_bytes(*fields.cosign_key));
    cosign_key = key;
  }
  const auto agree_key = to_array<32>(fields.agree_key);
  if (!agree_key) return fail(Fault::kMalformed, "the X25519 key is not 32 bytes");
  const auto person = fields.person ? to_array<32>(*fields.person) : std::nullopt;
  if (fields.person && !person) return fail(Fault::kMalformed, "the person is not 32 bytes");
  return Credential{.role = static_cast<CredentialRole>(fields.role),
                    .side = std::move(fields.side),
                    .post = std::move(fields.post),
                    .number = {static_cast<std::uint16_t>(fields.number)},
                    .sign_key = sign_key,
                    .agree_key = *agree_key,
                    .cosign_key = cosign_key,
                    .lines = std::move(fields.lines),
                    .not_before = {static_cast<std::uint32_t>(fields.not_before)},
                    .not_after = {static_cast<std::uint32_t>(fields.not_after)},
                    .person = person};
}

}  // namespace

const char* to_string(CredentialRole role) {
  switch (role) {
    case CredentialRole::kStation: return "station";
    case CredentialRole::kOfficer: return "officer";
    case CredentialRole::kPrincipal: return "principal";
  }
  return "unknown";
}

Kid kid_of(const crypto::VerifyKey& key) {
  const Digest digest = crypto::sha256(key.bytes());
  Kid out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

bool Credential::allows(LineId line) const {
  return !lines || std::binary_search(lines->begin(), lines->end(), line);
}

Digest SignedCredential::id() const { return crypto::sha256(bytes); }

Result<Bytes> issue_credential(const Credential& credential, const crypto::SignKey& root) {
  DETENTE_TRY_VOID(check_credential(credential, root.verify_key()));
  return sign_by_root(encode_payload(credential), kCredentialPurpose, root);
}

Result<SignedCredential> parse_credential(ByteView bytes, const crypto::VerifyKey& root,
                                          std::string_view side) {
  DETENTE_TRY(payload, open_by_root(bytes, kCredentialSizeMax, kCredentialPurpose, kCredential, root));
  auto fields = read_fields(payload);
  if (!fields) return fail_at(std::string(kCredential), fields.error());
  auto credential = to_credential(std::move(*fields));
  if (!credential) return fail_at(std::string(kCredential), credential.error());
  DETENTE_TRY_VOID(check_credential(*credential, root));
  if (credential->side != side)
    return fail(Fault::kConflict, "credential: it is for side \"" + shown(credential->side) +
                                      "\", not \"" + shown(side) + "\"; take it to its own side");
  return SignedCredential{std::move(*credential), to_bytes(bytes)};
}

PersonOpening open_person(std::string_view name, KeyRandom& random) {
  return {random.array<16>(), std::string(name)};
}

Digest person_digest(const PersonOpening& opening) {
  static constexpr std::uint8_t kZero[] = {0};
  return crypto::sha256({as_bytes("detente/1 person"), ByteView(kZero), ByteView(opening.salt),
                         as_bytes(opening.name)});
}

}  // namespace detente::accord
