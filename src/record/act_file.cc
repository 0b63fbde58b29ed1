#include "record/act_file.h"

#include "crypto/hash.h"
#include "record/cbor_fields.h"
#include "wire/text.h"

namespace detente::record {

namespace {

void write_entry(wire::CborWriter& out, const EntryBytes& bytes) {
  out.bytes(bytes.header).bytes(bytes.body).bytes(bytes.signatures);
}

Result<EntryBytes> read_entry(wire::CborReader& reader) {
  EntryBytes out;
  for (Bytes* part : {&out.header, &out.body, &out.signatures}) {
    DETENTE_TRY(bytes, reader.bytes());
    *part = to_bytes(bytes);
  }
  return out;
}

Result<std::optional<ReferredEntry>> read_referred(wire::CborReader& reader) {
  DETENTE_TRY(type, reader.peek());
  if (type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
    return std::optional<ReferredEntry>();
  }
  DETENTE_TRY_VOID(reader.array(4));
  ReferredEntry out;
  DETENTE_TRY(bytes, read_entry(reader));
  out.bytes = std::move(bytes);
  DETENTE_TRY(salt, read_array<16>(reader, "an act to sign"));
  out.salt = salt;
  return std::optional(std::move(out));
}

Result<std::optional<MandateFile>> read_mandate(wire::CborReader& reader) {
  DETENTE_TRY(type, reader.peek());
  if (type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
    return std::optional<MandateFile>();
  }
  DETENTE_TRY(bytes, reader.bytes());
  DETENTE_TRY(file, parse_mandate_file(bytes));
  return std::optional(std::move(file));
}

Result<ActFile> read_file(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(10));
  DETENTE_TRY(format, reader.text());
  if (format != kActFormat) return fail(Fault::kUnsupported, "this is no act to sign of version 1");
  ActFile out;
  DETENTE_TRY(side, read_name(reader));
  DETENTE_TRY(counterpart, read_name(reader));
  DETENTE_TRY(accord, read_array<32>(reader, "an act to sign"));
  DETENTE_TRY(version, reader.uint());
  if (version == 0 || version > UINT32_MAX) return fail(Fault::kMalformed, "an accord's version beyond its bound");
  out = {std::move(side), std::move(counterpart), accord, static_cast<std::uint32_t>(version), {}, {}, {}};
  DETENTE_TRY(bytes, read_entry(reader));
  DETENTE_TRY(entry, decode_entry(bytes));
  out.entry = std::move(entry);
  if (out.entry.header.seen || out.entry.header.cut_epoch != 0)
    return fail(Fault::kMalformed, "an act to sign that has what only its station adds");
  DETENTE_TRY(refers_to, read_referred(reader));
  out.refers_to = std::move(refers_to);
  DETENTE_TRY(mandate, read_mandate(reader));
  out.mandate = std::move(mandate);
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

}  // namespace

Bytes encode_act_file(const ActFile& file) {
  wire::CborWriter out;
  out.array(10).text(kActFormat).text(file.side).text(file.counterpart).bytes(file.accord).uint(file.accord_version);
  write_entry(out, encode_entry(file.entry));
  if (file.refers_to) {
    write_entry(out.array(4), file.refers_to->bytes);
    out.bytes(file.refers_to->salt);
  } else {
    out.null();
  }
  if (file.mandate)
    out.bytes(encode_mandate_file(*file.mandate));
  else
    out.null();
  return out.take();
}

Result<ActFile> parse_act_file(ByteView bytes) {
  if (bytes.size() > kActFileMax) return fail(Fault::kLimit, "too long for an act to sign");
  wire::CborReader reader(bytes);
  DETENTE_TRY(file, read_file(reader));
  // Whatever a reader would let pass: what is signed is what these bytes say, and one text has one file.
  if (!equal(encode_act_file(file), bytes)) return fail(Fault::kMalformed, "an act to sign that is written in another way");
  return file;
}

Digest act_digest(const ActFile& file) {
  Header header = file.entry.header;
  header.author = kStationItself;
  wire::CborWriter out;
  out.array(4).text("detente/1 act").bytes(file.accord).raw(encode_header(header, HeaderPart::kIntent)).bytes(file.entry.body);
  return crypto::sha256(out.take());
}

Result<Entry> referred_entry(const ActFile& file) {
  const auto& references = file.entry.header.references;
  if (references.size() != 1 || !file.refers_to)
    return fail(Fault::kMalformed, "the act refers to something that is not in the file: prepare it again");
  DETENTE_TRY(entry, decode_entry(file.refers_to->bytes));
  if (leaf_of(file.refers_to->bytes, file.refers_to->salt) != references.front().leaf)
    return fail(Fault::kMalformed, "what the file shows as referred to is not what the act refers to: do not sign it");
  return entry;
}

}  // namespace detente::record
