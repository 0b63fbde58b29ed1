#include "record/checkpoint.h"

#include <algorithm>

#include "base/check.h"
#include "record/merkle.h"
#include "record/proof_lines.h"

namespace detente::record {
namespace {

constexpr std::size_t kTimeSize = 8;

tl::unexpected<Error> bad_checkpoint(std::string what) {
  return fail(Fault::kMalformed, "checkpoint: " + std::move(what));
}

Result<std::vector<std::string>> parse_extensions(std::string_view rest) {
  std::vector<std::string> out;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || line->empty()) return bad_checkpoint("an extension line is empty");
    if (out.size() == kCheckpointExtensionsMax)
      return fail(Fault::kLimit, "checkpoint: more than 16 extension lines");
    out.emplace_back(*line);
  }
  return out;
}

}  // namespace

std::string encode_checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root) + "\n";
}

Result<CheckpointText> parse_checkpoint_text(std::string_view text) {
  DETENTE_TRY_VOID(accord::check_note_text(text));
  const auto origin = take_line(text);
  if (!origin || origin->empty()) return bad_checkpoint("the first line, the origin, is empty");
  const auto size_line = take_line(text);
  const auto size = size_line ? parse_decimal(*size_line) : std::nullopt;
  if (!size) return bad_checkpoint("the second line is not a size in decimal");
  const auto root_line = take_line(text);
  const auto root = root_line ? parse_hash(*root_line) : std::nullopt;
  if (!root) return bad_checkpoint("the third line is not 32 bytes in base64");
  if (*size == 0 && *root != empty_root())
    return bad_checkpoint("size 0 with another root than the empty tree's");
  DETENTE_TRY(extensions, parse_extensions(text));
  return CheckpointText{{std::string(*origin), *size, *root}, std::move(extensions)};
}

Result<Checkpoint> parse_own_checkpoint_text(std::string_view text) {
  DETENTE_TRY(parsed, parse_checkpoint_text(text));
  if (!parsed.extensions.empty())
    return fail(Fault::kUnsupported,
                "checkpoint: extension lines, which this system does not have");
  DETENTE_TRY_VOID(accord::check_note_name(parsed.checkpoint.origin));
  return std::move(parsed.checkpoint);
}

crypto::Signature sign_checkpoint(const Checkpoint& checkpoint, const crypto::SignKey& log_key) {
  DETENTE_CHECK(accord::check_note_name(checkpoint.origin).has_value());
  return log_key.sign(as_bytes(encode_checkpoint_text(checkpoint)));
}

bool verify_checkpoint(const Checkpoint& checkpoint, const crypto::VerifyKey& log_key,
                       const crypto::Signature& signature) {
  // An origin with a newline would shift the lines below it.
  return accord::check_note_name(checkpoint.origin).has_value() &&
         log_key.verify(as_bytes(encode_checkpoint_text(checkpoint)), signature);
}

Cosignature cosign(const Checkpoint& checkpoint, std::uint64_t time,
                   const crypto::SignKey& cosign_key) {
  DETENTE_CHECK(accord::check_note_name(checkpoint.origin).has_value());
  DETENTE_CHECK(time <= accord::kCosignatureTimeMax);
  const std::string text = encode_checkpoint_text(checkpoint);
  return {time, cosign_key.sign(accord::cosignature_message(text, time))};
}

bool verify_cosignature(const Checkpoint& checkpoint, const Cosignature& cosignature,
                        const crypto::VerifyKey& cosign_key) {
  const std::string text = encode_checkpoint_text(checkpoint);
  return accord::check_note_name(checkpoint.origin).has_value() &&
         cosignature.time <= accord::kCosignatureTimeMax &&
         cosign_key.verify(accord::cosignature_message(text, cosignature.time),
                           cosignature.signature);
}

Bytes encode_cosignature(const Cosignature& cosignature) {
  Bytes out;
  append_be(out, cosignature.time, kTimeSize);
  append(out, ByteView(cosignature.signature));
  return out;
}

Result<Cosignature> parse_cosignature(ByteView bytes) {
  if (bytes.size() != kCosignatureSize) return fail(Fault::kMalformed, "cosignature: not 72 bytes");
  Cosignature out;
  out.time = read_be(bytes.first(kTimeSize));
  if (out.time > accord::kCosignatureTimeMax)
    return fail(Fault::kMalformed, "cosignature: the time is above 2^63 - 1 seconds");
  out.signature = *to_array<crypto::kSignatureSize>(bytes.subspan(kTimeSize));
  return out;
}

std::string encode_checkpoint_note(const Checkpoint& checkpoint, const crypto::VerifyKey& log_key,
                                   const crypto::Signature& signature,
                                   std::span<const CosignedBy> cosignatures) {
  using accord::NoteKeyType;
  accord::Note note{encode_checkpoint_text(checkpoint), {}};
  note.signatures.push_back({checkpoint.origin,
                             accord::note_key_id(checkpoint.origin, NoteKeyType::kEd25519, log_key),
                             to_bytes(signature)});
  for (const CosignedBy& by : cosignatures)
    note.signatures.push_back(
        {by.cosigner.name(), by.cosigner.key_id(), encode_cosignature(by.cosignature)});
  return accord::encode_note(note);
}

Result<VerifiedCheckpoint> verify_checkpoint_note(std::string_view text,
                                                  const accord::NoteVerifier& log,
                                                  std::span<const accord::NoteVerifier> cosigners) {
  DETENTE_TRY(note, accord::parse_note(as_bytes(text)));
  DETENTE_TRY(parsed, parse_checkpoint_text(note.text));
  if (parsed.checkpoint.origin != log.name())
    return fail(Fault::kAuthentication,
                "checkpoint: of the log " + parsed.checkpoint.origin + ", not of " + log.name());
  std::vector<accord::NoteVerifier> keys = {log};
  keys.insert(keys.end(), cosigners.begin(), cosigners.end());
  DETENTE_TRY(signatures, accord::verify_note(note, keys));
  VerifiedCheckpoint out{std::move(parsed.checkpoint), std::move(parsed.extensions), {}};
  bool by_log = false;
  for (const accord::VerifiedSignature& signature : signatures) {
    if (signature.key == 0) {
      by_log = true;
      continue;
    }
    // The name is not signed: one key is one witness, however many names it goes by.
    const std::size_t key = signature.key - 1;
    const auto same = [&](const VerifiedCheckpoint::Witness& witness) {
      return cosigners[witness.key].key() == cosigners[key].key();
    };
    if (std::none_of(out.witnesses.begin(), out.witnesses.end(), same))
      out.witnesses.push_back({key, signature.time});
  }
  if (!by_log)
    return fail(Fault::kAuthentication, "checkpoint: no signature by the log " + log.name());
  return out;
}

}  // namespace detente::record
