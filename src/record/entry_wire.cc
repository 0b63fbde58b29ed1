#include "record/entry_wire.h"

#include <algorithm>

#include "base/check.h"
#include "record/header_fields.h"
#include "wire/cbor.h"
#include "wire/reader.h"

namespace detente::record {

namespace {

constexpr std::uint8_t kEpochFlag = 0x01;
constexpr std::uint8_t kCheckpointFlag = 0x02;
constexpr std::uint8_t kPredecessorsFlag = 0x04;
constexpr std::uint8_t kSignaturesFlag = 0x08;
constexpr std::uint8_t kMoreFlag = 0x10;
constexpr unsigned kPrecedenceShift = 5;

void append_time(Bytes& out, WallTime time, std::uint32_t base_c) {
  wire::append_zigzag(out, static_cast<std::int64_t>(time.seconds) - static_cast<std::int64_t>(base_c));
}

Result<WallTime> read_time(wire::ByteReader& reader, std::uint32_t base_c) {
  DETENTE_TRY(delta, reader.zigzag());
  const std::int64_t seconds = delta + static_cast<std::int64_t>(base_c);
  if (seconds < 0 || seconds > UINT32_MAX)
    return fail(Fault::kMalformed, "a time outside of what 32 bits hold");
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

bool author_is_signer(const WireEntry& entry) {
  return !entry.signatures.empty() && entry.signatures.front().officer == entry.header.author;
}

Bytes encode_more(const WireEntry& entry) {
  wire::CborMap map;
  if (entry.header.author != kStationItself && !author_is_signer(entry))
    map.at(kAuthor).uint(entry.header.author.value);
  if (entry.header.cut_epoch != 0) map.at(kCutEpoch).uint(entry.header.cut_epoch);
  if (!entry.references.empty()) {
    wire::CborWriter& writer = map.at(kReferences).array(entry.references.size());
    for (const WireReference& reference : entry.references) {
      writer.array(reference.leaf ? 4 : 3).uint(static_cast<std::uint64_t>(reference.whose));
      if (reference.epoch) {
        writer.bytes(*reference.epoch);
      } else {
        writer.null();
      }
      writer.uint(reference.index);
      if (reference.leaf) writer.bytes(*reference.leaf);
    }
  }
  if (entry.seen_epoch) map.at(kSeenEpoch).bytes(*entry.seen_epoch);
  if (entry.seen_root) map.at(kSeenRoot).bytes(*entry.seen_root);
  write_rare_fields(map, entry.header);
  return map.empty() ? Bytes() : map.take();
}

Result<void> read_wire_references(wire::CborReader& reader, WireEntry& entry) {
  DETENTE_TRY(count, reader.array());
  if (count == 0 || count > kReferencesMax)
    return fail(Fault::kMalformed, "an entry with a wrong number of references");
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(parts, reader.array());
    if (parts != 3 && parts != 4) return fail(Fault::kMalformed, "a reference of a wrong form");
    WireReference reference;
    DETENTE_TRY(whose, reader.uint());
    if (whose > 1) return fail(Fault::kMalformed, "a reference to nobody's log");
    reference.whose = static_cast<Whose>(whose);
    DETENTE_TRY(type, reader.peek());
    if (type == wire::CborType::kNull) {
      DETENTE_TRY_VOID(reader.null());
    } else {
      DETENTE_TRY(epoch, reader.bytes());
      reference.epoch = to_array<16>(epoch);
      if (!reference.epoch) return fail(Fault::kMalformed, "a reference to a malformed epoch");
    }
    DETENTE_TRY(index, reader.uint());
    reference.index = index;
    if (parts == 4) {
      DETENTE_TRY(leaf, reader.bytes());
      reference.leaf = to_array<32>(leaf);
      if (!reference.leaf) return fail(Fault::kMalformed, "a reference to a malformed leaf");
    }
    entry.references.push_back(reference);
  }
  return {};
}

Result<void> decode_more(ByteView bytes, WireEntry& entry) {
  wire::CborReader reader(bytes);
  DETENTE_TRY(pairs, reader.map());
  if (pairs == 0) return fail(Fault::kMalformed, "an empty map of header fields");
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(key, reader.uint());
    switch (key) {
      case kAuthor: {
        DETENTE_TRY(author, reader.uint());
        if (author == 0 || author > UINT16_MAX)
          return fail(Fault::kMalformed, "an entry with an impossible author");
        entry.header.author = OfficerId{static_cast<std::uint16_t>(author)};
        break;
      }
      case kCutEpoch: {
        DETENTE_TRY(cut_epoch, reader.uint());
        if (cut_epoch == 0 || cut_epoch > wire::kVarintMax)
          return fail(Fault::kMalformed, "an entry with an impossible cut epoch");
        entry.header.cut_epoch = cut_epoch;
        break;
      }
      case kReferences: DETENTE_TRY_VOID(read_wire_references(reader, entry)); break;
      case kSeenEpoch: {
        DETENTE_TRY(epoch, reader.bytes());
        entry.seen_epoch = to_array<16>(epoch);
        if (!entry.seen_epoch) return fail(Fault::kMalformed, "an entry that has seen a malformed epoch");
        break;
      }
      case kSeenRoot: {
        DETENTE_TRY(root, reader.bytes());
        entry.seen_root = to_array<32>(root);
        if (!entry.seen_root) return fail(Fault::kMalformed, "an entry that has seen a malformed root");
        break;
      }
      default: DETENTE_TRY_VOID(read_rare_field(reader, key, entry.header));
    }
  }
  return reader.expect_end();
}

void append_signatures(Bytes& out, const WireEntry& entry) {
  out.push_back(static_cast<std::uint8_t>(entry.signatures.size()));
  for (const OfficerSignature& signature : entry.signatures) {
    wire::append_varint(out, signature.officer.value);
    wire::append_zigzag(out, static_cast<std::int64_t>(signature.counter) -
                                 static_cast<std::int64_t>(entry.header.time.seconds));
    wire::append_varint(out, signature.accord_version);
    append(out, signature.signature);
  }
}

Result<void> read_signatures(wire::ByteReader& reader, WireEntry& entry) {
  DETENTE_TRY(count, reader.u8());
  if (count == 0 || count > kSignaturesMax)
    return fail(Fault::kMalformed, "an entry with a wrong number of signatures");
  for (std::size_t i = 0; i < count; ++i) {
    OfficerSignature signature;
    DETENTE_TRY(officer, reader.varint());
    DETENTE_TRY(delta, reader.zigzag());
    DETENTE_TRY(version, reader.varint());
    DETENTE_TRY(bytes, reader.take(crypto::kSignatureSize));
    const std::int64_t counter = delta + static_cast<std::int64_t>(entry.header.time.seconds);
    if (officer == 0 || officer > UINT16_MAX || version == 0 || version > UINT32_MAX || counter < 0)
      return fail(Fault::kMalformed, "an officer's signature with impossible numbers");
    signature.officer = OfficerId{static_cast<std::uint16_t>(officer)};
    signature.counter = static_cast<std::uint64_t>(counter);
    signature.accord_version = static_cast<std::uint32_t>(version);
    signature.signature = *to_array<crypto::kSignatureSize>(bytes);
    entry.signatures.push_back(signature);
  }
  entry.header.author = entry.signatures.front().officer;
  return {};
}

// Two bits each, in whole pairs of bytes.
std::size_t precedence_bytes(std::size_t count) { return (count + 7) / 8 * 2; }

void append_predecessors(Bytes& out, const std::vector<Predecessor>& predecessors) {
  out.push_back(static_cast<std::uint8_t>(predecessors.size()));
  Bytes packed(precedence_bytes(predecessors.size()));
  for (std::size_t i = 0; i < predecessors.size(); ++i)
    packed[packed.size() - 1 - i / 4] |=
        static_cast<std::uint8_t>(static_cast<unsigned>(predecessors[i].precedence) << (2 * (i % 4)));
  append(out, packed);
  for (const Predecessor& predecessor : predecessors) append(out, predecessor.leaf);
}

Result<void> read_predecessors(wire::ByteReader& reader, WireEntry& entry) {
  DETENTE_TRY(count, reader.u8());
  if (count == 0 || count > kPredecessorsMax)
    return fail(Fault::kMalformed, "an entry with a wrong number of predecessors");
  DETENTE_TRY(packed, reader.take(precedence_bytes(count)));
  const auto precedence = [&](std::size_t i) {
    return static_cast<unsigned>(packed[packed.size() - 1 - i / 4] >> (2 * (i % 4))) & 3u;
  };
  for (std::size_t i = count; i < packed.size() * 4; ++i)
    if (precedence(i) != 0)
      return fail(Fault::kMalformed, "precedences of predecessors that are not there");
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(leaf, reader.take(32));
    entry.predecessors.push_back({*to_array<32>(leaf), static_cast<Precedence>(precedence(i))});
  }
  return {};
}

}  // namespace

Bytes encode_wire_entry(const WireEntry& entry, std::uint32_t base_c) {
  DETENTE_CHECK(entry.predecessors.size() <= kPredecessorsMax && entry.signatures.size() <= kSignaturesMax);
  const Bytes more = encode_more(entry);
  unsigned flags = static_cast<unsigned>(entry.header.precedence) << kPrecedenceShift;
  if (entry.epoch) flags |= kEpochFlag;
  if (entry.checkpoint) flags |= kCheckpointFlag;
  if (!entry.predecessors.empty()) flags |= kPredecessorsFlag;
  if (!entry.signatures.empty()) flags |= kSignaturesFlag;
  if (!more.empty()) flags |= kMoreFlag;
  Bytes out;
  wire::append_varint(out, entry.header.line.value);
  out.push_back(entry.index_low);
  out.push_back(static_cast<std::uint8_t>(flags));
  wire::append_varint(out, entry.header.kind);
  append_time(out, entry.header.time, base_c);
  wire::append_varint(out, entry.seen_size);
  if (entry.epoch) append(out, *entry.epoch);
  if (!entry.predecessors.empty()) append_predecessors(out, entry.predecessors);
  if (!entry.signatures.empty()) append_signatures(out, entry);
  if (!more.empty()) {
    wire::append_varint(out, more.size());
    append(out, more);
  }
  if (entry.checkpoint) append(out, *entry.checkpoint);
  out.push_back(entry.coder);
  append(out, entry.coded_body);
  return out;
}

Result<WireEntry> decode_wire_entry(ByteView body, EntryClass entry_class, std::uint32_t base_c) {
  wire::ByteReader reader(body);
  WireEntry entry;
  entry.header.entry_class = entry_class;
  DETENTE_TRY(line, reader.varint());
  DETENTE_TRY(index_low, reader.u8());
  DETENTE_TRY(flags, reader.u8());
  DETENTE_TRY(kind, reader.varint());
  if (line > UINT16_MAX || kind == 0 || kind > UINT16_MAX || (flags & 0x80) != 0)
    return fail(Fault::kMalformed, "an entry with an impossible line, kind or flag");
  entry.header.line = LineId{static_cast<std::uint16_t>(line)};
  entry.header.kind = static_cast<Kind>(kind);
  entry.header.precedence = static_cast<Precedence>((flags >> kPrecedenceShift) & 3);
  entry.index_low = index_low;
  DETENTE_TRY(time, read_time(reader, base_c));
  entry.header.time = time;
  DETENTE_TRY(seen_size, reader.varint());
  entry.seen_size = seen_size;
  if ((flags & kEpochFlag) != 0) {
    DETENTE_TRY(epoch, reader.take(16));
    entry.epoch = to_array<16>(epoch);
  }
  if ((flags & kPredecessorsFlag) != 0) DETENTE_TRY_VOID(read_predecessors(reader, entry));
  if ((flags & kSignaturesFlag) != 0) DETENTE_TRY_VOID(read_signatures(reader, entry));
  if ((flags & kMoreFlag) != 0) {
    DETENTE_TRY(length, reader.varint());
    DETENTE_TRY(more, reader.take(static_cast<std::size_t>(std::min<std::uint64_t>(length, SIZE_MAX))));
    DETENTE_TRY_VOID(decode_more(more, entry));
  }
  if ((flags & kCheckpointFlag) != 0) {
    DETENTE_TRY(checkpoint, reader.take(crypto::kSignatureSize));
    entry.checkpoint = to_array<crypto::kSignatureSize>(checkpoint);
  }
  DETENTE_TRY(coder, reader.u8());
  entry.coder = coder;
  entry.coded_body = to_bytes(reader.rest());
  return entry;
}

std::uint64_t restore_low8(std::uint8_t low, std::uint64_t near) {
  std::uint64_t candidate = (near & ~std::uint64_t{0xff}) | low;
  if (candidate + 128 < near) return candidate + 256;
  if (candidate > near + 128 && candidate >= 256) return candidate - 256;
  return candidate;
}

ByteArray<8> root_prefix(const Digest& root) {
  ByteArray<8> out;
  std::copy_n(root.begin(), out.size(), out.begin());
  return out;
}

}  // namespace detente::record
