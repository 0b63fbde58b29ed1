#include "record/entry.h"

#include "accord/cose.h"
#include "crypto/hash.h"
#include "wire/cbor.h"

namespace detente::record {

namespace {

// Private labels of the protected header. spec/record.md section 5.
constexpr std::int64_t kCounterLabel = -70001;
constexpr std::int64_t kAccordVersionLabel = -70002;
constexpr std::uint64_t kCoseSign1Tag = 18;

Bytes protected_header(OfficerId officer, std::uint64_t counter, std::uint32_t accord_version) {
  Bytes kid;
  append_be(kid, officer.value, 2);
  wire::CborMap map;
  map.at(1).integer(-8);
  map.at(4).bytes(kid);
  map.at(kCounterLabel).uint(counter);
  map.at(kAccordVersionLabel).uint(accord_version);
  return map.take();
}

void write_signature(wire::CborWriter& writer, const OfficerSignature& signature) {
  writer.tag(kCoseSign1Tag).array(4);
  writer.bytes(protected_header(signature.officer, signature.counter, signature.accord_version));
  writer.map(0).null().bytes(signature.signature);
}

Result<OfficerSignature> read_protected(ByteView bytes) {
  OfficerSignature out;
  wire::CborReader reader(bytes);
  DETENTE_TRY(pairs, reader.map());
  if (pairs != 4) return fail(Fault::kMalformed, "an officer's signature with other header fields");
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(key, reader.integer());
    if (key == 1) {
      DETENTE_TRY(algorithm, reader.integer());
      if (algorithm != -8) return fail(Fault::kUnsupported, "an officer's signature that is not EdDSA");
    } else if (key == 4) {
      DETENTE_TRY(kid, reader.bytes());
      if (kid.size() != 2 || read_be(kid) == 0)
        return fail(Fault::kMalformed, "an officer's signature without the officer's number");
      out.officer = OfficerId{static_cast<std::uint16_t>(read_be(kid))};
    } else if (key == kCounterLabel) {
      DETENTE_TRY(counter, reader.uint());
      out.counter = counter;
    } else if (key == kAccordVersionLabel) {
      DETENTE_TRY(version, reader.uint());
      if (version == 0 || version > UINT32_MAX)
        return fail(Fault::kMalformed, "an officer's signature without the accord's version");
      out.accord_version = static_cast<std::uint32_t>(version);
    } else {
      return fail(Fault::kMalformed, "an officer's signature with other header fields");
    }
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

Result<OfficerSignature> read_signature(wire::CborReader& reader) {
  DETENTE_TRY(tag, reader.tag());
  if (tag != kCoseSign1Tag) return fail(Fault::kMalformed, "a signature that is not COSE_Sign1");
  DETENTE_TRY_VOID(reader.array(4));
  DETENTE_TRY(protected_bytes, reader.bytes());
  DETENTE_TRY(out, read_protected(protected_bytes));
  DETENTE_TRY(unprotected, reader.map());
  if (unprotected != 0) return fail(Fault::kMalformed, "unsigned fields in an officer's signature");
  DETENTE_TRY_VOID(reader.null());
  DETENTE_TRY(signature, reader.bytes());
  const auto array = to_array<crypto::kSignatureSize>(signature);
  if (!array) return fail(Fault::kMalformed, "an officer's signature of a wrong length");
  out.signature = *array;
  return out;
}

Bytes to_be_signed(const Header& header, ByteView body, const Digest& accord,
                   const OfficerSignature& signature) {
  const Bytes intent = encode_header(header, HeaderPart::kIntent);
  wire::CborWriter payload;
  payload.array(4).text("detente/1 officer").bytes(accord).raw(intent).bytes(body);
  return accord::sig_structure(
      protected_header(signature.officer, signature.counter, signature.accord_version), {},
      payload.take());
}

}  // namespace

EntryBytes encode_entry(const Entry& entry) {
  EntryBytes out;
  out.header = encode_header(entry.header);
  out.body = wire::CborWriter().bytes(entry.body).take();
  wire::CborWriter signatures;
  signatures.array(entry.signatures.size());
  for (const OfficerSignature& signature : entry.signatures) write_signature(signatures, signature);
  out.signatures = signatures.take();
  return out;
}

Result<Entry> decode_entry(const EntryBytes& bytes) {
  if (bytes.size() > kEntryBytesMax)
    return fail(Fault::kLimit, "an entry of " + std::to_string(bytes.size()) + " bytes; at most " +
                                   std::to_string(kEntryBytesMax) + " are allowed");
  Entry entry;
  DETENTE_TRY(header, decode_header(bytes.header));
  entry.header = std::move(header);
  wire::CborReader body(bytes.body);
  DETENTE_TRY(content, body.bytes());
  DETENTE_TRY_VOID(body.expect_end());
  entry.body = to_bytes(content);
  wire::CborReader signatures(bytes.signatures);
  DETENTE_TRY(count, signatures.array());
  if (count > 4) return fail(Fault::kLimit, "an entry with more than four signatures");
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(signature, read_signature(signatures));
    entry.signatures.push_back(signature);
  }
  DETENTE_TRY_VOID(signatures.expect_end());
  // Whatever is read another way than it is written would be a second spelling.
  if (encode_entry(entry) != bytes)
    return fail(Fault::kMalformed, "an entry that is not in its one canonical form");
  return entry;
}

Digest inner_hash(const Salt& salt, ByteView body, ByteView signatures) {
  return crypto::sha256({ByteView(salt), body, signatures});
}

Digest leaf_from_inner(ByteView header, const Digest& inner) {
  static constexpr std::uint8_t kLeafPrefix[] = {0};
  return crypto::sha256({ByteView(kLeafPrefix), header, ByteView(inner)});
}

Digest leaf_of(const EntryBytes& bytes, const Salt& salt) {
  return leaf_from_inner(bytes.header, inner_hash(salt, bytes.body, bytes.signatures));
}

Salt salt_for(ByteView period_key, const std::string& origin, std::uint64_t index) {
  Bytes input = to_bytes(as_bytes(origin));
  append_be(input, index, 8);
  const Digest full = crypto::hmac_sha256(period_key, input);
  Salt salt;
  std::copy_n(full.begin(), salt.size(), salt.begin());
  return salt;
}

OfficerSignature sign_entry(const Header& header, ByteView body, const Digest& accord,
                            std::uint32_t accord_version, OfficerId officer, std::uint64_t counter,
                            const crypto::SignKey& key) {
  OfficerSignature out;
  out.officer = officer;
  out.counter = counter;
  out.accord_version = accord_version;
  out.signature = key.sign(to_be_signed(header, body, accord, out));
  return out;
}

bool verify_officer(const Header& header, ByteView body, const Digest& accord,
                    const OfficerSignature& signature, const crypto::VerifyKey& key, crypto::VerifyMemo* memo) {
  const Bytes message = to_be_signed(header, body, accord, signature);
  return memo != nullptr ? memo->verify(key, message, signature.signature) : key.verify(message, signature.signature);
}

std::string log_origin(const Digest& lineage, LineId line, const std::string& station_id,
                       const EpochId& epoch) {
  return "detente/" + to_hex(lineage) + "/" + std::to_string(line.value) + "/" + station_id + "/" +
         to_hex(epoch);
}

}  // namespace detente::record
