#include "line/message.h"

#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::line {

namespace {

constexpr std::uint64_t kOfficerCounterMax = std::uint64_t{1} << 48;
// What the station still adds to the header when the entry gets its place: seen and cut epoch.
constexpr std::size_t kStationsPart = 70;

Result<void> check_signatures(const record::Entry& entry, const LineRules& rules) {
  if (entry.signatures.empty()) return {};
  if (!rules.provable)
    return fail(Fault::kDenied, "line " + rules.name +
                                    " is unattested: its words carry no signature. Send without --as, "
                                    "or use a provable line");
  if (entry.signatures.size() > 4)
    return fail(Fault::kLimit, "an entry carries at most four officers' signatures");
  if (entry.header.author != entry.signatures.front().officer)
    return fail(Fault::kMalformed, "the first signature is not the author's");
  for (const record::OfficerSignature& signature : entry.signatures)
    if (signature.counter > kOfficerCounterMax)
      return fail(Fault::kLimit, "an officer's counter that no clock can have reached");
  return {};
}

Result<void> check_header(const record::Header& header, const LineRules& rules) {
  if (header.precedence > rules.highest)
    return fail(Fault::kLimit, std::string("line ") + rules.name + " allows at most precedence " +
                                   record::precedence_name(rules.highest) + "; this is " +
                                   record::precedence_name(header.precedence));
  if (!header.label.empty())
    DETENTE_TRY_VOID(wire::check_text(header.label, record::kLabelBytesMax));
  if (!header.subject.empty())
    DETENTE_TRY_VOID(wire::check_text(header.subject, record::kSubjectBytesMax));
  if (header.action.size() > 16 || header.info.size() > 16)
    return fail(Fault::kLimit, "at most 16 action and 16 info addressees fit one entry");
  for (const auto* posts : {&header.action, &header.info})
    for (const std::string& post : *posts) DETENTE_TRY_VOID(wire::check_name(post));
  if (!header.attachments.empty() && !rules.documents)
    return fail(Fault::kDenied, "line " + rules.name + " carries no documents by the accord; use one whose media "
                                    "have \"document\"");
  if (header.attachments.size() > kDocumentsMax)
    return fail(Fault::kLimit, "an entry carries at most four documents; send the others with another message");
  for (const record::Attachment& attachment : header.attachments) {
    DETENTE_TRY_VOID(wire::check_text(attachment.media_type, record::kMediaTypeBytesMax));
    if (!attachment.file_name.empty())
      DETENTE_TRY_VOID(wire::check_text(attachment.file_name, record::kFileNameBytesMax));
  }
  if (header.references.size() > 4)
    return fail(Fault::kLimit, "an entry refers to at most four others");
  return {};
}

// What `entry` leaves to its text, with a header of so many bytes.
std::size_t text_room(const record::Entry& entry, std::size_t header_bytes) {
  const record::EntryBytes beside = record::encode_entry({{}, {}, entry.signatures});
  const std::size_t rest =
      header_bytes + beside.body.size() + beside.signatures.size() + kStationsPart + 2;
  return rest < record::kEntryBytesMax ? record::kEntryBytesMax - rest : 0;
}

}  // namespace

std::size_t text_bytes_max(const record::Entry& entry) {
  return text_room(entry, record::encode_header(entry.header).size());
}

Result<void> check_submission(const record::Entry& entry, const LineRules& rules) {
  if (entry.header.line != rules.id)
    return fail(Fault::kMalformed, "an entry written for another line");
  DETENTE_TRY_VOID(check_header(entry.header, rules));
  DETENTE_TRY_VOID(check_signatures(entry, rules));
  // What the other side would refuse to read would stop this log for ever.
  const Bytes header = record::encode_header(entry.header);
  if (const auto read = record::decode_header(header); !read)
    return fail(Fault::kMalformed, "a header that nobody could read: " + read.error().message);
  const std::size_t most = text_room(entry, header.size());
  if (entry.body.size() > most)
    return fail(Fault::kLimit,
                "the text has " + std::to_string(entry.body.size()) + " bytes; " +
                    std::to_string(most) +
                    " fit one entry with this header. Shorten it or send it in parts");
  if (entry.header.kind == record::kMessage && entry.header.body_form == record::BodyForm::kText) {
    if (entry.body.empty() && !entry.header.attachments.empty()) return {};
    if (entry.body.empty()) return fail(Fault::kMalformed, "the message is empty; write a text");
    DETENTE_TRY_VOID(wire::check_text(as_string(entry.body), record::kEntryBytesMax));
    if (!wire::shows_anything(as_string(entry.body)))
      return fail(Fault::kMalformed, "the text is of spaces and of characters that nobody sees: the other side would be shown nothing");
  }
  return {};
}

Bytes receipt_body(ReceiptLevel level) {
  return wire::CborWriter().array(1).uint(static_cast<std::uint64_t>(level)).take();
}

Result<ReceiptLevel> parse_receipt_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(1));
  DETENTE_TRY(level, reader.uint());
  DETENTE_TRY_VOID(reader.expect_end());
  if (level > 2) return fail(Fault::kMalformed, "a receipt of an unknown level");
  return static_cast<ReceiptLevel>(level);
}

Bytes bulletin_body(ByteView bulletin) { return wire::CborWriter().bytes(bulletin).take(); }

Result<Bytes> parse_bulletin_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(bulletin, reader.bytes());
  DETENTE_TRY_VOID(reader.expect_end());
  return to_bytes(bulletin);
}

}  // namespace detente::line
