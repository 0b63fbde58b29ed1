#include "station/submission.h"

#include "record/blob.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kTimeMax = UINT32_MAX;
constexpr std::uint64_t kNumberMax = UINT64_MAX;
constexpr std::size_t kMessagesMax = 256;

const char* wait_name(Wait wait) {
  return wait == Wait::kNone ? "none" : wait == Wait::kDurable ? "durable" : "receipt";
}

void read_signatures(JsonReader& in, record::Entry& entry) {
  const Json* list = in.array("signatures", 4);
  if (list == nullptr) return;
  for (const Json& item : *list) {
    Result<JsonReader> reader = JsonReader::of(item, "signatures");
    if (!reader) return in.wrong("signatures", "objects");
    record::OfficerSignature out;
    const auto officer = reader->number("officer", UINT16_MAX);
    const auto counter = reader->number("counter", kNumberMax);
    const auto version = reader->number("accord_version", UINT32_MAX);
    const auto bytes = reader->base64("signature");
    const auto signature = bytes ? to_array<crypto::kSignatureSize>(*bytes) : std::nullopt;
    if (!officer || !counter || !version || !signature || !reader->close())
      return in.wrong(
          "signatures",
          "objects of officer, counter, accord_version and signature (64 bytes, base64)");
    out.officer.value = static_cast<std::uint16_t>(*officer);
    out.counter = *counter;
    out.accord_version = static_cast<std::uint32_t>(*version);
    out.signature = *signature;
    entry.signatures.push_back(out);
  }
}

void read_references(JsonReader& in, std::vector<SubmissionReference>& references) {
  const Json* list = in.array("references", 4);
  if (list == nullptr) return;
  for (const Json& item : *list) {
    Result<JsonReader> reader = JsonReader::of(item, "references");
    if (!reader) return in.wrong("references", "objects");
    SubmissionReference out;
    const auto whose = reader->text("whose");
    const auto index = reader->number("index", kNumberMax);
    out.epoch = reader->hex<16>("epoch");
    out.leaf = reader->hex<32>("leaf");
    if (!whose || (*whose != "own" && *whose != "far") || !index || !reader->close())
      return in.wrong("references",
                      "objects of whose (own or far), index, and epoch and leaf in hex");
    out.whose = *whose == "own" ? record::Whose::kAuthors : record::Whose::kOthers;
    out.index = *index;
    references.push_back(out);
  }
}

void read_attachments(JsonReader& in, record::Header& header) {
  const Json* list = in.array("attachments", 4);
  if (list == nullptr) return;
  for (const Json& item : *list) {
    Result<JsonReader> reader = JsonReader::of(item, "attachments");
    if (!reader) return in.wrong("attachments", "objects");
    record::Attachment out;
    const auto root = reader->hex<32>("root");
    const auto length = reader->number("length", record::kBlobBytesMax);
    out.media_type = reader->text("type").value_or("application/octet-stream");
    out.file_name = reader->text("file_name").value_or("");
    if (!root || !length || !reader->close())
      return in.wrong("attachments", "objects of root (hex), length, and perhaps type and file_name");
    out.digest = *root;
    out.length = *length;
    header.attachments.push_back(std::move(out));
  }
}

void read_header(JsonReader& in, Submission& out) {
  record::Header& header = out.entry.header;
  header.kind = static_cast<record::Kind>(in.number("kind", UINT16_MAX).value_or(record::kMessage));
  header.author.value = static_cast<std::uint16_t>(in.number("author", UINT16_MAX).value_or(0));
  const auto time = in.number("time", kTimeMax);
  out.timed = time.has_value();
  header.time.seconds = static_cast<std::uint32_t>(time.value_or(0));
  if (const auto name = in.text("precedence")) {
    const auto precedence = record::precedence_from(*name);
    if (!precedence) in.wrong("precedence", "routine, priority, immediate or flash");
    header.precedence = precedence.value_or(record::Precedence::kRoutine);
  }
  if (const auto name = in.text("class")) {
    const auto entry_class = class_from(*name);
    if (!entry_class) in.wrong("class", "live, drill or test");
    header.entry_class = entry_class.value_or(record::EntryClass::kTest);
  }
  if (const auto due = in.number("due", kTimeMax))
    header.due = WallTime{static_cast<std::uint32_t>(*due)};
  if (const auto by = in.number("reply_by", kTimeMax))
    header.reply_by = WallTime{static_cast<std::uint32_t>(*by)};
  header.action = in.texts("action", 16);
  header.info = in.texts("info", 16);
  header.label = in.text("label").value_or("");
  header.subject = in.text("subject").value_or("");
}

}  // namespace

const char* class_name(record::EntryClass entry_class) {
  switch (entry_class) {
    case record::EntryClass::kLive: return "live";
    case record::EntryClass::kDrill: return "drill";
    case record::EntryClass::kTest: return "test";
  }
  return "test";
}

std::optional<record::EntryClass> class_from(std::string_view name) {
  if (name == "live") return record::EntryClass::kLive;
  if (name == "drill") return record::EntryClass::kDrill;
  if (name == "test") return record::EntryClass::kTest;
  return std::nullopt;
}

std::string kind_name(record::Kind kind) {
  switch (kind) {
    case record::kMessage: return "message";
    case record::kPersonReceipt: return "person's receipt";
    case record::kEpochOpening: return "epoch";
    case record::kBulletinEntry: return "bulletin";
    case record::kCheckCall: return "check call";
    case record::kPresence: return "presence";
    case record::kOnWatch: return "on watch";
    case record::kZoneRules: return "zone rules";
    case record::kHoursExtension: return "hours extension";
    case record::kOutage: return "outage";
    case record::kCircuitTest: return "circuit test";
    case record::kRegister: return "cut";
    case record::kProposal: return "proposal";
    case record::kProposalAnswer: return "answer";
    case record::kRestorationTest: return "restoration test";
    case record::kRestorationReport: return "restoration report";
    case record::kRelease: return "release of an announcement";
    case record::kSuspension: return "suspension";
    case record::kAdoption: return "adoption";
    default: return "kind " + std::to_string(kind);
  }
}

Json write_submission(const Submission& submission) {
  const record::Header& header = submission.entry.header;
  Json out;
  out["kind"] = header.kind;
  if (header.body_form == record::BodyForm::kText) {
    out["text"] = as_string(submission.entry.body);
  } else {
    out["body"] = to_base64(submission.entry.body);
  }
  out["precedence"] = record::precedence_name(header.precedence);
  out["class"] = class_name(header.entry_class);
  if (submission.timed) out["time"] = header.time.seconds;
  if (header.author != kStationItself) out["author"] = header.author.value;
  if (header.due) out["due"] = header.due->seconds;
  if (header.reply_by) out["reply_by"] = header.reply_by->seconds;
  if (!header.action.empty()) out["action"] = header.action;
  if (!header.info.empty()) out["info"] = header.info;
  if (!header.label.empty()) out["label"] = header.label;
  if (!header.subject.empty()) out["subject"] = header.subject;
  for (const SubmissionReference& reference : submission.references) {
    Json item{{"whose", reference.whose == record::Whose::kAuthors ? "own" : "far"},
              {"index", reference.index}};
    if (reference.epoch) item["epoch"] = to_hex(*reference.epoch);
    if (reference.leaf) item["leaf"] = to_hex(*reference.leaf);
    out["references"].push_back(std::move(item));
  }
  for (const record::Attachment& attachment : header.attachments)
    out["attachments"].push_back({{"root", to_hex(attachment.digest)},
                                  {"length", attachment.length},
                                  {"type", attachment.media_type},
                                  {"file_name", attachment.file_name}});
  for (const record::OfficerSignature& signature : submission.entry.signatures)
    out["signatures"].push_back({{"officer", signature.officer.value},
                                 {"counter", signature.counter},
                                 {"accord_version", signature.accord_version},
                                 {"signature", to_base64(signature.signature)}});
  if (submission.mandate) out["mandate"] = to_base64(record::encode_mandate_file(*submission.mandate));
  out["wait"] = wait_name(submission.wait);
  if (submission.if_cut != core::IfCut::kReturn) out["if_cut"] = to_string(submission.if_cut);
  out["timeout_ms"] = submission.timeout_ms;
  return out;
}

Result<Submission> parse_submission(const Json& json) {
  DETENTE_TRY(in, JsonReader::of(json, "entry"));
  Submission out;
  read_header(in, out);
  read_references(in, out.references);
  read_attachments(in, out.entry.header);
  read_signatures(in, out.entry);
  const auto text = in.text("text");
  const auto body = in.base64("body");
  if (text.has_value() == body.has_value())
    in.wrong("text", "there, or \"body\" in base64, not both");
  if (text) out.entry.body = to_bytes(as_bytes(*text));
  if (body) {
    out.entry.body = *body;
    out.entry.header.body_form = record::BodyForm::kCbor;
  }
  if (const auto bytes = in.base64("mandate")) {
    DETENTE_TRY(mandate, record::parse_mandate_file(*bytes));
    out.mandate = std::move(mandate);
  }
  if (const auto wait = in.text("wait")) {
    if (*wait == "none") {
      out.wait = Wait::kNone;
    } else if (*wait == "receipt") {
      out.wait = Wait::kReceipt;
    } else if (*wait != "durable") {
      in.wrong("wait", "none, durable or receipt");
    }
  }
  if (const auto if_cut = in.text("if_cut")) {
    const auto known = core::if_cut_from(*if_cut);
    if (!known) in.wrong("if_cut", "return, hold or drop");
    out.if_cut = known.value_or(out.if_cut);
  }
  out.timeout_ms = in.number("timeout_ms", kWaitMsMax).value_or(out.timeout_ms);
  DETENTE_TRY_VOID(in.close());
  return out;
}

Result<std::vector<Json>> split_messages(const Json& json) {
  DETENTE_TRY(in, JsonReader::of(json, "entries"));
  static_cast<void>(in.text("wait"));
  static_cast<void>(in.number("timeout_ms", kWaitMsMax));
  const Json* messages = in.array("messages", kMessagesMax);
  DETENTE_TRY_VOID(in.close());
  if (messages == nullptr || messages->empty())
    return fail(Fault::kMalformed, "entries: messages must be 1 to 256 objects");
  std::vector<Json> out(messages->begin(), messages->end());
  for (const char* key : {"wait", "timeout_ms"}) {
    const auto shared = json.find(key);
    for (Json& message : out) {
      if (!message.is_object()) return fail(Fault::kMalformed, "entries: messages must be objects");
      if (message.contains(key))
        return fail(Fault::kMalformed, std::string("entries: ") + key + " is said once for all messages, beside them");
      if (shared != json.end()) message[key] = *shared;
    }
  }
  return out;
}

}  // namespace detente::station
