// Keys of signed notes: ids, vkeys, signing, and whose signature fits.
#include <algorithm>
#include <optional>

#include "accord/note.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::size_t kTimeSize = 8;
constexpr std::size_t kKeyIdHexSize = 8;

std::uint8_t type_byte(NoteKeyType type) { return static_cast<std::uint8_t>(type); }

Bytes typed_key(NoteKeyType type, const crypto::VerifyKey& key) {
  return concat(Bytes{type_byte(type)}, ByteView(key.bytes()));
}

std::string key_id_hex(std::uint32_t key_id) {
  Bytes bytes;
  append_be(bytes, key_id, 4);
  return to_hex(bytes);
}

Result<crypto::Signature> to_signature(ByteView bytes) {
  const auto signature = to_array<crypto::kSignatureSize>(bytes);
  if (!signature) return fail(Fault::kAuthentication, "the signature has a wrong length");
  return *signature;
}

// The one known key of this line; none when it is nobody's.
Result<std::optional<std::size_t>> find_key(const NoteSignature& line,
                                            std::span<const NoteVerifier> keys) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].key_id() != line.key_id || keys[i].name() != line.name) continue;
    if (found && keys[*found] != keys[i])
      return fail(Fault::kConflict, "note: two known keys have the name " + line.name +
                                        " and the same key id; replace one");
    if (!found) found = i;
  }
  return found;
}

}  // namespace

std::uint32_t note_key_id(std::string_view name, NoteKeyType type, const crypto::VerifyKey& key) {
  const Digest digest = crypto::sha256({as_bytes(name), as_bytes("\n"), typed_key(type, key)});
  return static_cast<std::uint32_t>(read_be(ByteView(digest).first(4)));
}

NoteVerifier::NoteVerifier(std::string name, NoteKeyType type, const crypto::VerifyKey& key)
    : name_(std::move(name)), type_(type), key_(key), key_id_(note_key_id(name_, type, key)) {}

Result<NoteVerifier> NoteVerifier::make(std::string_view name, NoteKeyType type,
                                        const crypto::VerifyKey& key) {
  DETENTE_TRY_VOID(check_note_name(name));
  return NoteVerifier(std::string(name), type, key);
}

Result<std::uint64_t> NoteVerifier::verify(std::string_view text, ByteView signature) const {
  std::uint64_t time = 0;
  Bytes message = to_bytes(as_bytes(text));
  if (type_ == NoteKeyType::kCosignature) {
    if (signature.size() != kTimeSize + crypto::kSignatureSize)
      return fail(Fault::kAuthentication, "the cosignature has a wrong length");
    time = read_be(signature.first(kTimeSize));
    if (time > kCosignatureTimeMax)
      return fail(Fault::kAuthentication, "the cosignature's time is above 2^63 - 1");
    message = cosignature_message(text, time);
    signature = signature.subspan(kTimeSize);
  }
  DETENTE_TRY(fixed, to_signature(signature));
  if (!key_.verify(message, fixed))
    return fail(Fault::kAuthentication, "the signature is not this key's over this text");
  return time;
}

Result<NoteVerifier> parse_vkey(std::string_view vkey) {
  const std::size_t name_end = vkey.find('+');
  if (name_end == std::string_view::npos || vkey.size() <= name_end + 1 + kKeyIdHexSize ||
      vkey[name_end + 1 + kKeyIdHexSize] != '+')
    return fail(Fault::kMalformed, "vkey: not of the form name+8 hex digits+base64");
  const std::string_view name = vkey.substr(0, name_end);
  const std::string_view id = vkey.substr(name_end + 1, kKeyIdHexSize);
  const auto typed = from_base64(vkey.substr(name_end + 1 + kKeyIdHexSize + 1));
  if (!typed || typed->empty()) return fail(Fault::kMalformed, "vkey: the key is not base64");
  const std::uint8_t first = typed->front();
  if (first != type_byte(NoteKeyType::kEd25519) && first != type_byte(NoteKeyType::kCosignature))
    return fail(Fault::kUnsupported, "vkey: keys of type " + to_hex({typed->data(), 1}) +
                                         " are not known here; use Ed25519 (01 or 04)");
  auto key = crypto::VerifyKey::from_bytes(ByteView(*typed).subspan(1));
  if (!key) return fail_at("vkey", key.error());
  auto verifier = NoteVerifier::make(name, static_cast<NoteKeyType>(first), *key);
  if (!verifier) return fail_at("vkey", verifier.error());
  if (key_id_hex(verifier->key_id()) != id)
    return fail(Fault::kAuthentication,
                "vkey: the key id is not that of this name and key; "
                "compare the line with its source");
  return verifier;
}

std::string encode_vkey(const NoteVerifier& verifier) {
  return verifier.name() + "+" + key_id_hex(verifier.key_id()) + "+" +
         to_base64(typed_key(verifier.type(), verifier.key()));
}

Bytes cosignature_message(std::string_view text, std::uint64_t time) {
  return concat(std::string_view("cosignature/v1\ntime "), std::string_view(std::to_string(time)),
                std::string_view("\n"), text);
}

Result<NoteSignature> sign_note(std::string_view text, std::string_view name,
                                const crypto::SignKey& key) {
  DETENTE_TRY_VOID(check_note_text(text));
  DETENTE_TRY_VOID(check_note_name(name));
  const crypto::Signature signature = key.sign(as_bytes(text));
  return NoteSignature{std::string(name),
                       note_key_id(name, NoteKeyType::kEd25519, key.verify_key()),
                       to_bytes(signature)};
}

Result<NoteSignature> cosign_note(std::string_view text, std::string_view name, std::uint64_t time,
                                  const crypto::SignKey& key) {
  DETENTE_TRY_VOID(check_note_text(text));
  DETENTE_TRY_VOID(check_note_name(name));
  if (time > kCosignatureTimeMax)
    return fail(Fault::kLimit, "cosignature: the time is above 2^63 - 1 seconds");
  Bytes payload;
  append_be(payload, time, kTimeSize);
  append(payload, key.sign(cosignature_message(text, time)));
  return NoteSignature{std::string(name),
                       note_key_id(name, NoteKeyType::kCosignature, key.verify_key()),
                       std::move(payload)};
}

Result<std::vector<VerifiedSignature>> verify_note(const Note& note,
                                                   std::span<const NoteVerifier> keys) {
  std::vector<VerifiedSignature> out;
  for (std::size_t i = 0; i < note.signatures.size(); ++i) {
    const NoteSignature& line = note.signatures[i];
    DETENTE_TRY(known, find_key(line, keys));
    if (!known) continue;
    auto time = keys[*known].verify(note.text, line.signature);
    if (!time)
      return fail_at("note: signature line " + std::to_string(i + 1) + " by " + line.name,
                     time.error());
    const auto same = [&](const VerifiedSignature& v) { return v.key == *known; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back({*known, i, *time});
  }
  if (out.empty())
    return fail(Fault::kAuthentication,
                "note: no signature by any of the keys that are known here");
  return out;
}

}  // namespace detente::accord
