// Entries in canonical form, alone and as acts to sign, officers' signatures over them, and the bodies of the kinds that this
// system knows. spec/record.md sections 2 to 5.
#include "accord/accord_for_test.h"
#include "fuzz.h"
#include "line/adoption.h"
#include "line/message.h"
#include "line/proposal.h"
#include "line/release.h"
#include "line/restoration.h"
#include "line/register_act.h"
#include "line/suspension.h"
#include "line/watch_acts.h"
#include "record/act_file.h"
#include "record/announcement.h"
#include "record/entry.h"
#include "record/epoch_body.h"
#include "record/mandate.h"
#include "wire/cbor.h"

namespace detente::fuzz {

namespace {

constexpr Digest kAccord{1, 2, 3};

// What the officer of the seeds signed.
record::Entry genuine() {
  record::Entry entry;
  entry.header.line = LineId{1};
  entry.header.author = OfficerId{2};
  entry.header.time = {1770000000};
  entry.header.precedence = record::Precedence::kFlash;
  entry.header.subject = "Patrol boats";
  entry.header.action = {"commander"};
  entry.header.references = {{record::Whose::kOthers, {1}, 3, {4}}};
  entry.body = to_bytes(as_bytes("Turn back."));
  entry.signatures.push_back(record::sign_entry(entry.header, entry.body, kAccord, 1, OfficerId{2},
                                                1770000001, accord::test::sign_key(5)));
  return entry;
}

record::MandateFile mandate_seed() {
  record::Mandate out;
  out.side = "south";
  out.counterpart = "north";
  out.accord = kAccord;
  out.principal = OfficerId{2};
  out.lines = {LineId{1}, LineId{3}};
  out.letter = {7};
  out.given = WallTime{1770000000};
  out.valid_until = WallTime{1770009999};
  out.nonce = {8};
  return record::sign_mandate(std::move(out), accord::test::sign_key(5));
}

// Header, body and signatures one after the other.
std::optional<record::EntryBytes> split(ByteView input) {
  wire::CborReader reader(input);
  const auto header = reader.item();
  if (!header) return std::nullopt;
  const auto body = reader.item();
  if (!body) return std::nullopt;
  const auto signatures = reader.item();
  if (!signatures || !reader.empty()) return std::nullopt;
  return record::EntryBytes{to_bytes(*header), to_bytes(*body), to_bytes(*signatures)};
}

void check_signatures(const record::Entry& entry) {
  static const crypto::VerifyKey* const key =
      new crypto::VerifyKey(accord::test::sign_key(5).verify_key());
  static const record::Entry* const good = new record::Entry(genuine());
  for (const record::OfficerSignature& signature : entry.signatures) {
    if (!record::verify_officer(entry.header, entry.body, kAccord, signature, *key)) continue;
    FUZZ_EXPECT(signature == good->signatures[0] && entry.body == good->body);
    FUZZ_EXPECT(record::encode_header(entry.header, record::HeaderPart::kIntent) ==
                record::encode_header(good->header, record::HeaderPart::kIntent));
  }
}

void check_bodies(ByteView body) {
  if (const auto level = line::parse_receipt_body(body))
    FUZZ_EXPECT(equal(line::receipt_body(*level), body));
  if (const auto before = record::parse_epoch_body(body))
    FUZZ_EXPECT(equal(record::epoch_body(*before), body));
  if (const auto bulletin = line::parse_bulletin_body(body))
    FUZZ_EXPECT(equal(line::bulletin_body(*bulletin), body));
  if (const auto act = line::parse_call_body(body)) FUZZ_EXPECT(equal(line::call_body(*act), body));
  if (const auto deed = line::parse_presence_body(body)) FUZZ_EXPECT(equal(line::presence_body(*deed), body));
  if (const auto claim = line::parse_on_watch_body(body)) FUZZ_EXPECT(equal(line::on_watch_body(*claim), body));
  if (const auto zones = line::parse_zone_rules_body(body)) FUZZ_EXPECT(equal(line::zone_rules_body(*zones), body));
  if (const auto until = line::parse_hours_body(body)) FUZZ_EXPECT(equal(line::hours_body(*until), body));
  if (const auto act = line::parse_register_body(body))
    FUZZ_EXPECT(equal(act->cut ? line::cut_body(*act->cut) : line::clear_body(*act->clear), body));
  if (const auto outage = line::parse_outage_body(body)) FUZZ_EXPECT(equal(line::outage_body(*outage), body));
  if (const auto announcement = record::parse_announcement_content(body))
    FUZZ_EXPECT(equal(record::announcement_content(*announcement), body));
  if (const auto adoption = line::parse_adoption_body(body)) FUZZ_EXPECT(equal(line::adoption_body(*adoption), body));
  if (const auto release = line::parse_release_body(body)) FUZZ_EXPECT(equal(line::release_body(*release), body));
  if (const auto proposal = line::parse_proposal_body(body))
    FUZZ_EXPECT(equal(line::proposal_body(*proposal), body));
  if (const auto lines = line::parse_restoration_content(body))
    FUZZ_EXPECT(equal(line::restoration_content(*lines), body));
  if (const auto test = line::parse_restoration_test_body(body))
    FUZZ_EXPECT(equal(line::restoration_test_body(*test), body));
  if (const auto report = line::parse_restoration_report_body(body))
    FUZZ_EXPECT(equal(line::restoration_report_body(*report), body));
  if (const auto act = line::parse_suspension_body(body)) FUZZ_EXPECT(equal(line::suspension_body(*act), body));
  if (const auto answer = line::parse_answer_body(body)) FUZZ_EXPECT(equal(line::answer_body(*answer), body));
}

}  // namespace

void run(ByteView input) {
  if (const auto file = record::parse_act_file(input)) {
    FUZZ_EXPECT(equal(record::encode_act_file(*file), input));
    static_cast<void>(record::act_digest(*file));
    if (const auto referred = record::referred_entry(*file)) check_signatures(*referred);
    check_signatures(file->entry);
  }
  if (const auto header = record::decode_header(input))
    FUZZ_EXPECT(equal(record::encode_header(*header), input));
  if (const auto mandate = record::parse_mandate_file(input)) {
    FUZZ_EXPECT(equal(record::encode_mandate_file(*mandate), input));
    // A signature is of one text: nothing that reads is signed unless it is the seed.
    static const record::MandateFile* const good = new record::MandateFile(mandate_seed());
    if (record::verify_mandate(mandate->proof(), kAccord, mandate->mandate.act, accord::test::sign_key(5).verify_key()))
      FUZZ_EXPECT(mandate->mandate == good->mandate);
  }
  check_bodies(input);
  const auto bytes = split(input);
  if (!bytes) return;
  const auto entry = record::decode_entry(*bytes);
  if (!entry) return;
  FUZZ_EXPECT(record::encode_entry(*entry) == *bytes);
  FUZZ_EXPECT(bytes->size() <= record::kEntryBytesMax);
  check_signatures(*entry);
  check_bodies(entry->body);
  // What a desk may submit still fits when the station has added its part.
  if (line::check_submission(*entry,
                             {entry->header.line, "west", true, record::Precedence::kFlash})) {
    record::Entry placed = *entry;
    placed.header.seen.emplace().size = UINT64_MAX;
    placed.header.cut_epoch = UINT32_MAX;
    FUZZ_EXPECT(record::encode_entry(placed).size() <= record::kEntryBytesMax);
  }
}

Seeds seeds() {
  const auto joined = [](const record::Entry& entry) {
    const record::EntryBytes bytes = record::encode_entry(entry);
    return concat(bytes.header, bytes.body, bytes.signatures);
  };
  record::Entry rich = genuine();
  rich.header.seen = record::LogPosition{{1}, 9, {2}};
  rich.header.cut_epoch = 1;
  rich.header.due = rich.header.reply_by = WallTime{1770009999};
  rich.header.info = {"duty-officer", "clerk"};
  rich.header.label = "CONFIDENTIAL";
  rich.header.copies = {{{5}, {6}}};
  record::Attachment& document = rich.header.attachments.emplace_back();
  document.digest = {7};
  document.length = 100000;
  document.media_type = "application/pdf";
  record::Entry plain;
  plain.header.line = LineId{1};
  plain.body = to_bytes(as_bytes("Good morning."));
  record::Entry receipt = plain;
  receipt.header.kind = record::kPersonReceipt;
  receipt.header.body_form = record::BodyForm::kCbor;
  receipt.body = line::receipt_body(line::ReceiptLevel::kBrought);
  record::Entry answer = receipt;
  answer.header.kind = record::kProposalAnswer;
  answer.body = line::answer_body({line::AnswerAct::kAccept, "agreed"});
  const record::ReferredEntry referred{record::encode_entry(plain), {1}};
  answer.header.references = {{record::Whose::kOthers, {1}, 3, record::leaf_of(referred.bytes, referred.salt)}};
  return {{"signed", joined(genuine())},
          {"act-to-sign", record::encode_act_file({"south", "north", kAccord, 1, answer, referred})},
          {"mandate", record::encode_mandate_file(mandate_seed())},
          {"body-cut-by-mandate", line::cut_body({{{LineId{1}, 1}}, line::kAllMedia, {}, "", false, mandate_seed().proof()})},
          {"body-lift-by-mandate", line::clear_body({{{LineId{1}, 1}}, line::ClearGround::kLifted, mandate_seed().proof()})},
          {"act-signed", record::encode_act_file({"south", "north", kAccord, 1, genuine(), {}})},
          {"rich", joined(rich)},
          {"plain", joined(plain)},
          {"receipt", joined(receipt)},
          {"header", record::encode_header(rich.header)},
          {"body-receipt", receipt.body},
          {"body-first-epoch", record::epoch_body(std::nullopt)},
          {"body-epoch", record::epoch_body(rich.header.seen)},
          {"body-call", line::call_body({line::CallDeed::kCalledOff, 20'000, 1, "a holiday"})},
          {"body-presence", line::presence_body(line::PresenceDeed::kReady)},
          {"body-on-watch", line::on_watch_body({WallTime{1770000000}, "duty-officer"})},
          {"body-zones", line::zone_rules_body({{"Asia/Seoul", {8}}, {"UTC", {9}}})},
          {"body-hours", line::hours_body(WallTime{1770000000})},
          {"body-outage", line::outage_body({{1770000000}, {1770009999}, "power"})},
          {"body-proposal", line::proposal_body({line::Matter::kRestoration, line::restoration_content({{LineId{1}, 7}}),
                                                 WallTime{1770009999}, WallTime{1770000000}, "Monday"})},
          {"body-restoration", line::restoration_content({{LineId{1}, 7}, {LineId{3}, 1}})},
          {"body-answer", line::answer_body({line::AnswerAct::kReject, "not on a holiday"})},
          {"body-bulletin", line::bulletin_body(Bytes{1, 2, 3})}};
}

}  // namespace detente::fuzz
