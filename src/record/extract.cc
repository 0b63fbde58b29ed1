// The extract's bytes. spec/record.md section 9, "Form".
#include "record/extract.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "wire/cbor.h"
#include "wire/reader.h"
#include "wire/text.h"

namespace detente::record {
namespace {

// Keys of an item's map.
enum Key : int {
  kOrigin = 1,
  kIndex = 2,
  kSize = 3,
  kInclusion = 4,
  kCheckpoint = 5,
  kCosignature = 6,
  kHeader = 7,
  kBody = 8,
  kSignatures = 9,
  kSalt = 10,
  kInner = 11,
  kLeaf = 12,
};

tl::unexpected<Error> bad_extract(std::string what) {
  return fail(Fault::kMalformed, "extract: " + std::move(what));
}

// ---- writing ----

void write_accord_part(wire::CborWriter& out, const ExtractAccord& accord) {
  out.array(2).text(accord.note).map(accord.annexes.size());
  for (const auto& [line, text] : accord.annexes) out.uint(line.value).text(text);
}

void write_shown(wire::CborMap& map, const Shown& shown) {
  if (const auto* whole = std::get_if<ShownWhole>(&shown)) {
    map.at(kHeader).bytes(whole->bytes.header);
    map.at(kBody).bytes(whole->bytes.body);
    map.at(kSignatures).bytes(whole->bytes.signatures);
    map.at(kSalt).bytes(whole->salt);
  } else if (const auto* header = std::get_if<ShownHeader>(&shown)) {
    map.at(kHeader).bytes(header->header);
    map.at(kInner).bytes(header->inner);
  } else {
    map.at(kLeaf).bytes(std::get<ShownLeaf>(shown).leaf);
  }
}

Bytes encode_item(const ExtractItem& item) {
  wire::CborMap map;
  map.at(kOrigin).text(item.origin);
  map.at(kIndex).uint(item.index);
  map.at(kSize).uint(item.size);
  wire::CborWriter& hashes = map.at(kInclusion).array(item.inclusion.size());
  for (const Digest& hash : item.inclusion) hashes.bytes(hash);
  if (item.checkpoint)
    map.at(kCheckpoint)
        .array(2)
        .uint(item.checkpoint->station.value)
        .bytes(item.checkpoint->signature);
  else
    map.at(kCheckpoint).null();
  if (item.cosignature)
    map.at(kCosignature)
        .array(3)
        .uint(item.cosignature->station.value)
        .uint(item.cosignature->time.seconds)
        .bytes(item.cosignature->signature);
  else
    map.at(kCosignature).null();
  write_shown(map, item.shown);
  return map.take();
}

// ---- reading ----

template <std::size_t N>
Result<ByteArray<N>> fixed(wire::CborReader& reader) {
  DETENTE_TRY(bytes, reader.bytes());
  const auto array = to_array<N>(bytes);
  if (!array) return bad_extract("a byte string that is not " + std::to_string(N) + " bytes long");
  return *array;
}

Result<std::uint64_t> bounded(wire::CborReader& reader, std::uint64_t least, std::uint64_t most) {
  DETENTE_TRY(value, reader.uint());
  if (value < least || value > most) return bad_extract("a number out of its range");
  return value;
}

Result<std::size_t> counted(wire::CborReader& reader, std::size_t least, std::size_t most,
                            const char* what) {
  DETENTE_TRY(count, reader.array());
  if (count < least || count > most)
    return fail(Fault::kLimit, "extract: " + std::to_string(count) + " " + what + "; from " +
                                   std::to_string(least) + " to " + std::to_string(most) +
                                   " are allowed");
  return count;
}

Result<OfficerId> station_number(wire::CborReader& reader) {
  DETENTE_TRY(number, bounded(reader, 1, UINT16_MAX));
  return OfficerId{static_cast<std::uint16_t>(number)};
}

Result<ExtractAccord> read_accord(wire::CborReader& reader) {
  ExtractAccord out;
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(note, reader.text());
  if (note.size() > accord::kAccordNoteMax) return bad_extract("an accord above 128 KiB");
  out.note = note;
  DETENTE_TRY(pairs, reader.map());
  if (pairs > accord::kLinesMax) return bad_extract("more annexes than an accord has lines");
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(line, bounded(reader, 0, UINT16_MAX));
    DETENTE_TRY(text, reader.text());
    if (text.size() > accord::kAnnexTextMax) return bad_extract("an annex above 64 KiB");
    out.annexes.emplace(LineId{static_cast<std::uint16_t>(line)}, text);
  }
  return out;
}

// What an item's map may hold, before it is known which form it is.
struct Parts {
  ExtractItem item;
  std::uint32_t seen = 0;  // bit k: key k is there
  EntryBytes bytes;
  Salt salt{};
  Digest inner{};
  Digest leaf{};
};

Result<void> read_inclusion(wire::CborReader& reader, Proof& out) {
  DETENTE_TRY(count, counted(reader, 0, kInclusionHashesMax, "inclusion hashes"));
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(hash, fixed<32>(reader));
    out.push_back(hash);
  }
  return {};
}

Result<bool> take_null(wire::CborReader& reader) {
  DETENTE_TRY(type, reader.peek());
  if (type != wire::CborType::kNull) return false;
  DETENTE_TRY_VOID(reader.null());
  return true;
}

Result<void> read_checkpoint(wire::CborReader& reader, ExtractItem& item) {
  DETENTE_TRY(absent, take_null(reader));
  if (absent) return {};
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(station, station_number(reader));
  DETENTE_TRY(signature, fixed<crypto::kSignatureSize>(reader));
  item.checkpoint = ExtractCheckpoint{station, signature};
  return {};
}

Result<void> read_cosignature(wire::CborReader& reader, ExtractItem& item) {
  DETENTE_TRY(absent, take_null(reader));
  if (absent) return {};
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(station, station_number(reader));
  DETENTE_TRY(time, bounded(reader, 0, UINT32_MAX));
  DETENTE_TRY(signature, fixed<crypto::kSignatureSize>(reader));
  item.cosignature =
      ExtractCosignature{station, WallTime{static_cast<std::uint32_t>(time)}, signature};
  return {};
}

Result<void> read_into(wire::CborReader& reader, Bytes& out) {
  DETENTE_TRY(bytes, reader.bytes());
  if (bytes.size() > kEntryBytesMax) return bad_extract("a part of an entry above 1,024 bytes");
  out = to_bytes(bytes);
  return {};
}

template <std::size_t N>
Result<void> read_into(wire::CborReader& reader, ByteArray<N>& out) {
  DETENTE_TRY(bytes, fixed<N>(reader));
  out = bytes;
  return {};
}

Result<void> read_number(wire::CborReader& reader, std::uint64_t& out) {
  DETENTE_TRY(value, bounded(reader, 0, wire::kVarintMax));
  out = value;
  return {};
}

Result<void> read_field(wire::CborReader& reader, std::uint64_t key, Parts& parts) {
  switch (key) {
    case kOrigin: {
      DETENTE_TRY(origin, reader.text());
      parts.item.origin = origin;
      return {};
    }
    case kIndex: return read_number(reader, parts.item.index);
    case kSize: return read_number(reader, parts.item.size);
    case kInclusion: return read_inclusion(reader, parts.item.inclusion);
    case kCheckpoint: return read_checkpoint(reader, parts.item);
    case kCosignature: return read_cosignature(reader, parts.item);
    case kHeader: return read_into(reader, parts.bytes.header);
    case kBody: return read_into(reader, parts.bytes.body);
    case kSignatures: return read_into(reader, parts.bytes.signatures);
    case kSalt: return read_into(reader, parts.salt);
    case kInner: return read_into(reader, parts.inner);
    case kLeaf: return read_into(reader, parts.leaf);
    default: return bad_extract("an item with field " + std::to_string(key) + ", which is not known");
  }
}

constexpr std::uint32_t bits(std::initializer_list<int> keys) {
  std::uint32_t out = 0;
  for (const int key : keys) out |= std::uint32_t{1} << key;
  return out;
}

Result<Shown> shown_of(const Parts& parts) {
  constexpr std::uint32_t kCommon =
      bits({kOrigin, kIndex, kSize, kInclusion, kCheckpoint, kCosignature});
  switch (parts.seen) {
    case kCommon | bits({kHeader, kBody, kSignatures, kSalt}):
      return ShownWhole{parts.bytes, parts.salt};
    case kCommon | bits({kHeader, kInner}): return ShownHeader{parts.bytes.header, parts.inner};
    case kCommon | bits({kLeaf}): return ShownLeaf{parts.leaf};
    default: return bad_extract("an item that is neither a whole entry, a header nor a leaf alone");
  }
}

Result<ExtractItem> read_item(wire::CborReader& reader) {
  Parts parts;
  DETENTE_TRY(pairs, reader.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(key, reader.uint());
    DETENTE_TRY_VOID(read_field(reader, key, parts));
    parts.seen |= std::uint32_t{1} << key;
  }
  DETENTE_TRY(shown, shown_of(parts));
  parts.item.shown = std::move(shown);
  return std::move(parts.item);
}

// ---- what both hold ----

Result<void> check_shown(const ExtractItem& item, LineId line) {
  Header header;
  if (const auto* whole = std::get_if<ShownWhole>(&item.shown)) {
    DETENTE_TRY(entry, decode_entry(whole->bytes));
    header = std::move(entry.header);
  } else if (const auto* alone = std::get_if<ShownHeader>(&item.shown)) {
    DETENTE_TRY(decoded, decode_header(alone->header));
    if (encode_header(decoded) != alone->header)
      return bad_extract("a header that is not in its one canonical form");
    header = std::move(decoded);
  } else {
    return {};
  }
  if (header.line != line) return bad_extract("a header of another line than its log's");
  return {};
}

Result<void> check_item(const ExtractItem& item) {
  DETENTE_TRY(log, parse_log_origin(item.origin));
  if (item.index >= item.size || item.size > wire::kVarintMax)
    return bad_extract("an index outside of the tree");
  if (item.inclusion.size() > kInclusionHashesMax) return bad_extract("too many inclusion hashes");
  if (item.cosignature && !item.checkpoint) return bad_extract("a cosignature without a checkpoint");
  return check_shown(item, log.line);
}

Result<void> check_extract(const Extract& extract) {
  if (extract.accords.empty() || extract.accords.size() > kExtractAccordsMax)
    return fail(Fault::kLimit, "extract: from 1 to 16 accords are allowed");
  if (extract.credentials.size() > kExtractCredentialsMax)
    return fail(Fault::kLimit, "extract: more than 256 credentials");
  if (extract.items.empty() || extract.items.size() > kExtractItemsMax)
    return fail(Fault::kLimit, "extract: from 1 to 10000 items are allowed; make several files");
  for (std::size_t i = 0; i < extract.credentials.size(); ++i) {
    if (extract.credentials[i].size() > accord::kCredentialSizeMax)
      return bad_extract("a credential above its bound");
    if (i > 0 && extract.credentials[i - 1] >= extract.credentials[i])
      return bad_extract("the credentials are not in order");
  }
  for (std::size_t i = 0; i < extract.items.size(); ++i) {
    const ExtractItem& item = extract.items[i];
    if (i > 0 && std::tie(extract.items[i - 1].origin, extract.items[i - 1].index) >=
                     std::tie(item.origin, item.index))
      return bad_extract("the items are not in order");
    DETENTE_TRY_VOID(check_item(item));
  }
  return {};
}

}  // namespace

Result<LogName> parse_log_origin(std::string_view origin) {
  const std::string bad = "the name of a log that is not of the form detente/…: " +
                          wire::display_line(origin.substr(0, 200));
  std::vector<std::string_view> parts;
  for (std::string_view rest = origin; parts.size() < 7;) {
    const std::size_t slash = rest.find('/');
    parts.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() != 6 || parts[0] != "detente") return bad_extract(bad);
  const auto lineage = from_hex(parts[1]);
  const auto epoch = from_hex(parts[5]);
  std::uint16_t line = 0;
  const auto [end, error] =
      std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), line);
  if (error != std::errc() || end != parts[2].data() + parts[2].size()) return bad_extract(bad);
  if (!lineage || !epoch || lineage->size() != sizeof(Digest) || epoch->size() != sizeof(EpochId))
    return bad_extract(bad);
  if (!wire::check_name(parts[3]) || !wire::check_name(parts[4])) return bad_extract(bad);
  LogName out{*to_array<32>(*lineage), LineId{line}, std::string(parts[3]), std::string(parts[4]),
              *to_array<16>(*epoch)};
  if (log_origin(out.lineage, out.line, out.side + "/" + out.post, out.epoch) != origin)
    return bad_extract(bad);
  return out;
}

Result<Bytes> encode_extract(const Extract& extract) {
  DETENTE_TRY_VOID(check_extract(extract));
  wire::CborWriter out;
  out.array(4).text(kExtractFormat).array(extract.accords.size());
  for (const ExtractAccord& accord : extract.accords) write_accord_part(out, accord);
  out.array(extract.credentials.size());
  for (const Bytes& credential : extract.credentials) out.bytes(credential);
  out.array(extract.items.size());
  for (const ExtractItem& item : extract.items) out.raw(encode_item(item));
  Bytes bytes = out.take();
  if (bytes.size() > kExtractBytesMax)
    return fail(Fault::kLimit, "extract: above 16 MiB; put fewer entries into one file");
  return bytes;
}

Result<Extract> decode_extract(ByteView bytes) {
  if (bytes.size() > kExtractBytesMax)
    return fail(Fault::kLimit, "extract: larger than 16 MiB; this cannot be an extract");
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(4));
  DETENTE_TRY(format, reader.text());
  if (format != kExtractFormat)
    return fail(Fault::kUnsupported, "extract: its format is not " + std::string(kExtractFormat) +
                                         "; a newer program may read it");
  Extract out;
  DETENTE_TRY(accords, counted(reader, 1, kExtractAccordsMax, "accords"));
  for (std::size_t i = 0; i < accords; ++i) {
    DETENTE_TRY(accord, read_accord(reader));
    out.accords.push_back(std::move(accord));
  }
  DETENTE_TRY(credentials, counted(reader, 0, kExtractCredentialsMax, "credentials"));
  for (std::size_t i = 0; i < credentials; ++i) {
    DETENTE_TRY(credential, reader.bytes());
    out.credentials.push_back(to_bytes(credential));
  }
  DETENTE_TRY(items, counted(reader, 1, kExtractItemsMax, "items"));
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY(item, read_item(reader));
    out.items.push_back(std::move(item));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  DETENTE_TRY_VOID(check_extract(out));
  return out;
}

}  // namespace detente::record
