// The header's registry: spec/record.md section 2.
#include "record/cbor_fields.h"
#include "record/entry.h"
#include "record/header_fields.h"

namespace detente::record {

const char* precedence_name(Precedence precedence) {
  switch (precedence) {
    case Precedence::kRoutine: return "routine";
    case Precedence::kPriority: return "priority";
    case Precedence::kImmediate: return "immediate";
    case Precedence::kFlash: return "flash";
  }
  return "unknown";
}

std::optional<Precedence> precedence_from(std::string_view name) {
  for (Precedence p : {Precedence::kRoutine, Precedence::kPriority, Precedence::kImmediate,
                       Precedence::kFlash})
    if (name == precedence_name(p)) return p;
  return std::nullopt;
}

void write_rare_fields(wire::CborMap& map, const Header& header) {
  if (header.due) map.at(kDue).uint(header.due->seconds);
  if (header.reply_by) map.at(kReplyBy).uint(header.reply_by->seconds);
  if (!header.action.empty() || !header.info.empty()) {
    wire::CborWriter& writer = map.at(kAddressees).array(2);
    for (const auto* posts : {&header.action, &header.info}) {
      writer.array(posts->size());
      for (const std::string& post : *posts) writer.text(post);
    }
  }
  if (!header.label.empty()) map.at(kLabel).text(header.label);
  if (!header.copies.empty()) {
    wire::CborWriter& writer = map.at(kCopies).array(header.copies.size());
    for (const Copy& copy : header.copies) writer.array(2).bytes(copy.accord).bytes(copy.content);
  }
  if (header.body_form != BodyForm::kText)
    map.at(kBodyForm).uint(static_cast<std::uint64_t>(header.body_form));
  if (!header.attachments.empty()) {
    wire::CborWriter& writer = map.at(kAttachments).array(header.attachments.size());
    for (const Attachment& attachment : header.attachments) {
      const bool named = !attachment.file_name.empty();
      writer.array(named ? 4 : 3).bytes(attachment.digest).uint(attachment.length);
      writer.text(attachment.media_type);
      if (named) writer.text(attachment.file_name);
    }
  }
  if (!header.subject.empty()) map.at(kSubject).text(header.subject);
}

Bytes encode_header(const Header& header, HeaderPart part) {
  wire::CborMap map;
  map.at(kVersion).uint(1);
  map.at(kLine).uint(header.line.value);
  if (header.entry_class != EntryClass::kLive)
    map.at(kClass).uint(static_cast<std::uint64_t>(header.entry_class));
  map.at(kKind).uint(header.kind);
  if (header.author != kStationItself) map.at(kAuthor).uint(header.author.value);
  map.at(kTime).uint(header.time.seconds);
  if (header.seen && part == HeaderPart::kWhole)
    map.at(kSeen).array(3).bytes(header.seen->epoch).uint(header.seen->size).bytes(header.seen->root);
  if (header.cut_epoch != 0 && part == HeaderPart::kWhole) map.at(kCutEpoch).uint(header.cut_epoch);
  if (header.precedence != Precedence::kRoutine)
    map.at(kPrecedence).uint(static_cast<std::uint64_t>(header.precedence));
  if (!header.references.empty()) {
    wire::CborWriter& writer = map.at(kReferences).array(header.references.size());
    for (const Reference& r : header.references)
      writer.array(4).uint(static_cast<std::uint64_t>(r.whose)).bytes(r.epoch).uint(r.index).bytes(r.leaf);
  }
  write_rare_fields(map, header);
  return map.take();
}

namespace {

Result<std::uint64_t> bounded_field(wire::CborReader& reader, std::uint64_t least, std::uint64_t most) {
  DETENTE_TRY(value, reader.uint());
  if (value < least || value > most)
    return fail(Fault::kMalformed, "a number out of range in a header");
  return value;
}

Result<WallTime> wall_time(wire::CborReader& reader) {
  DETENTE_TRY(seconds, bounded_field(reader, 0, UINT32_MAX));
  return WallTime{static_cast<std::uint32_t>(seconds)};
}

Result<std::string> short_text(wire::CborReader& reader, std::size_t bytes_max) {
  DETENTE_TRY(text, reader.text());
  if (text.empty() || text.size() > bytes_max)
    return fail(Fault::kMalformed, "a text of a wrong length in a header");
  return std::string(text);
}

Result<std::size_t> count(wire::CborReader& reader, std::size_t least, std::size_t most) {
  DETENTE_TRY(items, reader.array());
  if (items < least || items > most)
    return fail(Fault::kMalformed, "a list of a wrong length in a header");
  return items;
}

Result<std::vector<std::string>> posts(wire::CborReader& reader) {
  DETENTE_TRY(items, count(reader, 0, kAddresseesMax));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY(post, short_text(reader, 32));
    out.push_back(std::move(post));
  }
  return out;
}

Result<void> read_addressees(wire::CborReader& reader, Header& header) {
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(action, posts(reader));
  DETENTE_TRY(info, posts(reader));
  if (action.empty() && info.empty())
    return fail(Fault::kMalformed, "addressees that name nobody");
  header.action = std::move(action);
  header.info = std::move(info);
  return {};
}

Result<void> read_references(wire::CborReader& reader, Header& header) {
  DETENTE_TRY(items, count(reader, 1, 4));
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY_VOID(reader.array(4));
    Reference reference;
    DETENTE_TRY(whose, bounded_field(reader, 0, 1));
    DETENTE_TRY(epoch, read_array<16>(reader, "a header"));
    DETENTE_TRY(index, reader.uint());
    DETENTE_TRY(leaf, read_array<32>(reader, "a header"));
    reference = {static_cast<Whose>(whose), epoch, index, leaf};
    header.references.push_back(reference);
  }
  return {};
}

Result<void> read_copies(wire::CborReader& reader, Header& header) {
  DETENTE_TRY(items, count(reader, 1, 8));
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY_VOID(reader.array(2));
    DETENTE_TRY(accord, read_array<32>(reader, "a header"));
    DETENTE_TRY(content, read_array<32>(reader, "a header"));
    header.copies.push_back({accord, content});
  }
  return {};
}

Result<void> read_attachments(wire::CborReader& reader, Header& header) {
  DETENTE_TRY(items, count(reader, 1, 8));
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY(parts, count(reader, 3, 4));
    Attachment attachment;
    DETENTE_TRY(digest, read_array<32>(reader, "a header"));
    DETENTE_TRY(length, reader.uint());
    DETENTE_TRY(type, short_text(reader, kMediaTypeBytesMax));
    attachment = {digest, length, std::move(type), {}};
    if (parts == 4) {
      DETENTE_TRY(name, short_text(reader, kFileNameBytesMax));
      attachment.file_name = std::move(name);
    }
    header.attachments.push_back(std::move(attachment));
  }
  return {};
}

}  // namespace

Result<void> read_rare_field(wire::CborReader& reader, std::uint64_t key, Header& header) {
  switch (key) {
    case kDue: {
      DETENTE_TRY(due, wall_time(reader));
      header.due = due;
      return {};
    }
    case kReplyBy: {
      DETENTE_TRY(reply_by, wall_time(reader));
      header.reply_by = reply_by;
      return {};
    }
    case kAddressees: return read_addressees(reader, header);
    case kLabel: {
      DETENTE_TRY(label, short_text(reader, kLabelBytesMax));
      header.label = std::move(label);
      return {};
    }
    case kCopies: return read_copies(reader, header);
    case kBodyForm: {
      DETENTE_TRY(form, bounded_field(reader, 1, 4));
      header.body_form = static_cast<BodyForm>(form);
      return {};
    }
    case kAttachments: return read_attachments(reader, header);
    case kSubject: {
      DETENTE_TRY(subject, short_text(reader, kSubjectBytesMax));
      header.subject = std::move(subject);
      return {};
    }
    default:
      return fail(Fault::kUnsupported, "an entry whose header has field " + std::to_string(key) +
                                           ", which this version does not know");
  }
}

namespace {

Result<void> read_field(wire::CborReader& reader, std::uint64_t key, Header& header) {
  switch (key) {
    case kVersion: {
      DETENTE_TRY(version, reader.uint());
      if (version != 1)
        return fail(Fault::kUnsupported, "an entry of format version " + std::to_string(version) +
                                             "; this program reads version 1");
      return {};
    }
    case kLine: {
      DETENTE_TRY(line, bounded_field(reader, 0, UINT16_MAX));
      header.line = LineId{static_cast<std::uint16_t>(line)};
      return {};
    }
    case kClass: {
      DETENTE_TRY(entry_class, bounded_field(reader, 1, 2));
      header.entry_class = static_cast<EntryClass>(entry_class);
      return {};
    }
    case kKind: {
      DETENTE_TRY(kind, bounded_field(reader, 1, UINT16_MAX));
      header.kind = static_cast<Kind>(kind);
      return {};
    }
    case kAuthor: {
      DETENTE_TRY(author, bounded_field(reader, 1, UINT16_MAX));
      header.author = OfficerId{static_cast<std::uint16_t>(author)};
      return {};
    }
    case kTime: {
      DETENTE_TRY(time, wall_time(reader));
      header.time = time;
      return {};
    }
    case kSeen: {
      DETENTE_TRY_VOID(reader.array(3));
      DETENTE_TRY(epoch, read_array<16>(reader, "a header"));
      DETENTE_TRY(size, bounded_field(reader, 1, wire::kVarintMax));
      DETENTE_TRY(root, read_array<32>(reader, "a header"));
      header.seen = LogPosition{epoch, size, root};
      return {};
    }
    case kCutEpoch: {
      DETENTE_TRY(cut_epoch, bounded_field(reader, 1, wire::kVarintMax));
      header.cut_epoch = cut_epoch;
      return {};
    }
    case kPrecedence: {
      DETENTE_TRY(precedence, bounded_field(reader, 1, 3));
      header.precedence = static_cast<Precedence>(precedence);
      return {};
    }
    case kReferences: return read_references(reader, header);
    default: return read_rare_field(reader, key, header);
  }
}

}  // namespace

Result<Header> decode_header(ByteView cbor) {
  wire::CborReader reader(cbor);
  DETENTE_TRY(pairs, reader.map());
  Header header;
  bool version = false, line = false, kind = false, time = false;
  for (std::size_t i = 0; i < pairs; ++i) {
    DETENTE_TRY(key, reader.uint());
    version |= key == std::uint64_t{kVersion};
    line |= key == std::uint64_t{kLine};
    kind |= key == std::uint64_t{kKind};
    time |= key == std::uint64_t{kTime};
    DETENTE_TRY_VOID(read_field(reader, key, header));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  if (!version || !line || !kind || !time)
    return fail(Fault::kMalformed, "a header without version, line, kind or time");
  return header;
}

}  // namespace detente::record
