#include "record/proof.h"

#include "record/proof_lines.h"

namespace detente::record {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

tl::unexpected<Error> bad_proof(std::string what) {
  return fail(Fault::kMalformed, "proof: " + std::move(what));
}

Result<Bytes> parse_extra(std::string_view base64) {
  if (base64.size() > (kProofExtraMax + 2) / 3 * 4)
    return fail(Fault::kLimit, "proof: the extra data is above 64 KiB");
  auto extra = from_base64(base64);
  if (!extra || extra->empty()) return bad_proof("the extra data is not base64");
  if (extra->size() > kProofExtraMax)
    return fail(Fault::kLimit, "proof: the extra data is above 64 KiB");
  return std::move(*extra);
}

// The hashes up to and with the empty line.
Result<Proof> parse_hashes(std::string_view& text) {
  Proof out;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return bad_proof("no empty line before the checkpoint");
    if (line->empty()) return out;
    if (out.size() == kProofHashesMax) return fail(Fault::kLimit, "proof: more than 64 hashes");
    const auto hash = parse_hash(*line);
    if (!hash)
      return bad_proof("hash " + std::to_string(out.size() + 1) + " is not 32 bytes in base64");
    out.push_back(*hash);
  }
}

}  // namespace

std::string encode_tlog_proof(const TlogProof& proof) {
  std::string out = std::string(kHeader) + "\n";
  if (proof.extra) out.append(kExtra).append(to_base64(*proof.extra)).append("\n");
  out.append(kIndex).append(std::to_string(proof.index)).append("\n");
  for (const Digest& hash : proof.hashes) out.append(to_base64(hash)).append("\n");
  return out + "\n" + proof.checkpoint;
}

Result<TlogProof> parse_tlog_proof(std::string_view text) {
  TlogProof out;
  if (take_line(text) != kHeader)
    return bad_proof("does not begin with " + std::string(kHeader) + "; is it another version?");
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) {
    DETENTE_TRY(extra, parse_extra(line->substr(kExtra.size())));
    out.extra = std::move(extra);
    line = take_line(text);
  }
  const auto index =
      line && line->starts_with(kIndex) ? parse_decimal(line->substr(kIndex.size())) : std::nullopt;
  if (!index) return bad_proof("no line with the entry's index in decimal");
  out.index = *index;
  DETENTE_TRY(hashes, parse_hashes(text));
  out.hashes = std::move(hashes);
  auto checkpoint = accord::parse_note(as_bytes(text));
  if (!checkpoint) return fail_at("proof: checkpoint", checkpoint.error());
  out.checkpoint = text;
  return out;
}

Result<VerifiedCheckpoint> verify_tlog_proof(const TlogProof& proof, const Digest& leaf,
                                             const accord::NoteVerifier& log,
                                             std::span<const accord::NoteVerifier> cosigners,
                                             std::size_t witnesses_min) {
  DETENTE_TRY(verified, verify_checkpoint_note(proof.checkpoint, log, cosigners));
  if (verified.witnesses.size() < witnesses_min)
    return fail(Fault::kAuthentication, "proof: " + std::to_string(verified.witnesses.size()) +
                                            " cosignatures by known " + "keys, " +
                                            std::to_string(witnesses_min) + " are needed");
  if (!verify_inclusion(leaf, proof.index, verified.checkpoint.size, proof.hashes,
                        verified.checkpoint.root))
    return fail(Fault::kAuthentication, "proof: entry " + std::to_string(proof.index) +
                                            " is not in the tree of this checkpoint");
  return verified;
}

}  // namespace detente::record
