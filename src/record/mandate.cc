#include "record/mandate.h"

#include <algorithm>

#include "accord/cose.h"
#include "crypto/hash.h"
#include "record/cbor_fields.h"
#include "wire/text.h"

namespace detente::record {

namespace {

Bytes encode_mandate(const Mandate& mandate) {
  wire::CborWriter out;
  out.array(11).text(kMandateFormat).text(mandate.side).text(mandate.counterpart).bytes(mandate.accord);
  out.uint(mandate.principal.value).uint(static_cast<std::uint64_t>(mandate.act)).array(mandate.lines.size());
  for (const LineId line : mandate.lines) out.uint(line.value);
  out.bytes(mandate.letter).uint(mandate.given.seconds).uint(mandate.valid_until.seconds).bytes(mandate.nonce);
  return out.take();
}

Result<std::uint64_t> read_number(wire::CborReader& reader, std::uint64_t least, std::uint64_t most) {
  DETENTE_TRY(value, reader.uint());
  if (value < least || value > most) return fail(Fault::kMalformed, "a number out of range in a mandate");
  return value;
}

Result<OfficerId> read_principal(wire::CborReader& reader) {
  DETENTE_TRY(number, read_number(reader, 1, UINT16_MAX));
  return OfficerId{static_cast<std::uint16_t>(number)};
}

Result<WallTime> read_time(wire::CborReader& reader) {
  DETENTE_TRY(seconds, read_number(reader, 0, UINT32_MAX));
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

Result<std::vector<LineId>> read_lines(wire::CborReader& reader) {
  DETENTE_TRY(count, reader.array());
  if (count > kMandateLinesMax) return fail(Fault::kMalformed, "a mandate of more than 64 lines");
  std::vector<LineId> out;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(line, read_number(reader, 1, UINT16_MAX));
    const LineId id{static_cast<std::uint16_t>(line)};
    if (!out.empty() && id <= out.back()) return fail(Fault::kMalformed, "a mandate whose lines do not ascend");
    out.push_back(id);
  }
  return out;
}

Result<Mandate> parse_mandate(ByteView bytes) {
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(11));
  DETENTE_TRY(format, reader.text());
  if (format != kMandateFormat) return fail(Fault::kUnsupported, "this is no mandate of version 1");
  Mandate out;
  DETENTE_TRY(side, read_name(reader));
  DETENTE_TRY(counterpart, read_name(reader));
  DETENTE_TRY(accord, read_array<32>(reader, "a mandate"));
  DETENTE_TRY(principal, read_principal(reader));
  DETENTE_TRY(act, read_number(reader, 1, std::size(kGraveActs)));
  DETENTE_TRY(lines, read_lines(reader));
  DETENTE_TRY(letter, read_array<32>(reader, "a mandate"));
  DETENTE_TRY(given, read_time(reader));
  DETENTE_TRY(valid_until, read_time(reader));
  DETENTE_TRY(nonce, read_array<16>(reader, "a mandate"));
  DETENTE_TRY_VOID(reader.expect_end());
  if (valid_until < given || valid_until.seconds - given.seconds > kMandateSecondsMax)
    return fail(Fault::kMalformed, "a mandate that is valid for no time, or for more than 90 days");
  return Mandate{std::move(side), std::move(counterpart), accord, principal, static_cast<GraveAct>(act), std::move(lines),
                 letter, given, valid_until, nonce};
}

// COSE's Sig_structure, as of an officer's signature under an entry; what is signed begins with another word.
Bytes to_be_signed(OfficerId principal, const Digest& accord, GraveAct act, const Digest& mandate) {
  Bytes kid;
  append_be(kid, principal.value, 2);
  wire::CborMap header;
  header.at(1).integer(accord::kCoseEdDsa);
  header.at(4).bytes(kid);
  wire::CborWriter payload;
  payload.array(4).text("detente/1 mandate").bytes(accord).uint(static_cast<std::uint64_t>(act)).bytes(mandate);
  return accord::sig_structure(header.take(), {}, payload.take());
}

}  // namespace

const char* to_string(GraveAct act) {
  switch (act) {
    case GraveAct::kCut: return "cut";
    case GraveAct::kLift: return "lift";
    case GraveAct::kRestore: return "restore";
    case GraveAct::kAnnounce: return "announce";
  }
  return "?";
}

std::optional<GraveAct> grave_act_from(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kGraveActs), std::end(kGraveActs),
                                         [name](GraveAct act) { return to_string(act) == name; });
  return found == std::end(kGraveActs) ? std::nullopt : std::optional(*found);
}

void write_mandate_proof(wire::CborWriter& out, const MandateProof& proof) {
  out.array(3).uint(proof.principal.value).bytes(proof.mandate).bytes(proof.signature);
}

Result<MandateProof> read_mandate_proof(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(principal, read_principal(reader));
  DETENTE_TRY(mandate, read_array<32>(reader, "a mandate"));
  DETENTE_TRY(signature, read_array<crypto::kSignatureSize>(reader, "a mandate"));
  return MandateProof{principal, mandate, signature};
}

bool verify_mandate(const MandateProof& proof, const Digest& accord, GraveAct act, const crypto::VerifyKey& key) {
  return key.verify(to_be_signed(proof.principal, accord, act, proof.mandate), proof.signature);
}

MandateProof MandateFile::proof() const {
  return {mandate.principal, crypto::sha256(encode_mandate(mandate)), signature};
}

MandateFile sign_mandate(Mandate mandate, const crypto::SignKey& key) {
  MandateFile out{std::move(mandate), {}};
  const Mandate& text = out.mandate;
  out.signature = key.sign(to_be_signed(text.principal, text.accord, text.act, out.proof().mandate));
  return out;
}

Bytes encode_mandate_file(const MandateFile& file) {
  return wire::CborWriter().array(2).bytes(encode_mandate(file.mandate)).bytes(file.signature).take();
}

Result<MandateFile> parse_mandate_file(ByteView bytes) {
  if (bytes.size() > kMandateFileMax) return fail(Fault::kLimit, "too long for a mandate");
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(text, reader.bytes());
  DETENTE_TRY(mandate, parse_mandate(text));
  DETENTE_TRY(signature, read_array<crypto::kSignatureSize>(reader, "a mandate"));
  DETENTE_TRY_VOID(reader.expect_end());
  return MandateFile{std::move(mandate), signature};
}

}  // namespace detente::record
