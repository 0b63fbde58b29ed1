#include "station/entry_json.h"

#include "station/cuts.h"
#include "station/document_json.h"
#include "station/mandates.h"
#include "station/proposal_words.h"
#include "station/proposals.h"
#include "station/side_rules.h"

#include "base/civil.h"
#include "core/outbox.h"
#include "crypto/hash.h"
#include "line/message.h"
#include "station/line_watch.h"
#include "station/submission.h"
#include "station/suspensions.h"
#include "station/vouched.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr const char* kBodyForms[] = {"text", "code", "pad", "blob", "cbor"};
constexpr const char* kReceiptLevels[] = {"read", "brought to the office", "seen by the principal"};

// By so much an author's time lies in the future here; clocks differ by less than a minute.
std::uint32_t ahead_of_clock(const Running& running, WallTime time) {
  constexpr std::uint32_t kAheadSeconds = 60;
  const std::uint32_t now = running.driver->now().wall.seconds;
  return time.seconds > now && time.seconds - now > kAheadSeconds ? time.seconds - now : 0;
}

Json safe_texts(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const std::string& text : texts) out.push_back(wire::display_line(text));
  return out;
}

Json references_json(const EntryView& view, const record::Header& header) {
  Json out = Json::array();
  for (const record::Reference& reference : header.references) {
    const bool own = (reference.whose == record::Whose::kAuthors) == view.log.own;
    out.push_back({{"whose", own ? "own" : "far"},
                   {"epoch", to_hex(reference.epoch)},
                   {"index", reference.index},
                   {"leaf", to_hex(reference.leaf)}});
  }
  return out;
}

std::string on_watch_words(const line::OnWatch& claim) {
  if (!claim.since) return "nobody is on watch, says the station";
  return "on watch since " + format_utc(*claim.since) + (claim.who.empty() ? "" : ": " + claim.who) + ", says the station";
}

std::string call_words(const line::CallAct& act) {
  const std::string date = watch::date_text(static_cast<watch::Day>(act.day));
  return std::string(to_string(act.deed)) + ": check call of " + date + ", place " + std::to_string(act.place) +
         (act.words.empty() ? "" : " (" + act.words + ")");
}

std::string presence_words(line::PresenceDeed deed) {
  return deed == line::PresenceDeed::kAsked ? "is anybody at the machine?" : deed == line::PresenceDeed::kReady ? "ready" : "not now";
}

std::string outage_words(const line::Outage& outage) {
  return "not to be heard from " + format_utc(outage.from) + " to " + format_utc(outage.until) +
         (outage.words.empty() ? "" : ": " + outage.words);
}

// What an act of the watch says, for a person; empty for everything else.
std::string act_words(const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kCheckCall: return line::parse_call_body(entry.body).map(call_words).value_or("");
    case record::kPresence: return line::parse_presence_body(entry.body).map(presence_words).value_or("");
    case record::kOnWatch: return line::parse_on_watch_body(entry.body).map(on_watch_words).value_or("");
    case record::kOutage: return line::parse_outage_body(entry.body).map(outage_words).value_or("");
    case record::kHoursExtension:
      return line::parse_hours_body(entry.body).map([](WallTime until) { return "open until " + format_utc(until); }).value_or("");
    default: return "";
  }
}

void add_body(Json& out, const Counterpart& counterpart, const accord::Roster& roster, const record::Entry& entry,
              const std::string& without_effect) {
  const record::Header& header = entry.header;
  out["body_form"] = kBodyForms[static_cast<std::size_t>(header.body_form)];
  if (header.body_form == record::BodyForm::kText)
    out["text"] = wire::display_text(as_string(entry.body));
  std::string words = header.kind == record::kRegister     ? register_act_words(counterpart, entry)
                      : header.kind == record::kSuspension ? suspension_words(roster, entry)
                      : header.kind >= record::kProposal   ? restoration_words(counterpart, entry)
                                                           : act_words(entry);
  if (!without_effect.empty() && words.empty()) words = "nothing that can be read: it is not of its kind's form";
  if (!without_effect.empty()) words = "WITHOUT EFFECT, since " + without_effect + "; it says: " + words;
  if (!words.empty()) out["act"] = wire::display_line(words);
  if (header.kind == record::kPersonReceipt)
    if (const auto level = line::parse_receipt_body(entry.body))
      out["level"] = kReceiptLevels[static_cast<std::size_t>(*level)];
}

// By whose order, where the act says that there is one.
void add_mandate(Json& out, const Running& running, const EntryView& view, const record::Entry& entry) {
  const auto proof = mandate_of(entry);
  if (!proof) return;
  const Counterpart& counterpart = *view.counterpart;
  const auto whose = view.log.own ? record::Whose::kAuthors : record::Whose::kOthers;
  const auto act = grave_act_of(entry, matter_answered(running, counterpart, whose, entry));
  if (!act) return;
  const accord::Roster& roster = view.log.own ? running.own_roster : counterpart.roster;
  out["mandate"] = mandate_json(counterpart.lineage(), roster, *act, proof, entry.header.time);
  const std::string words = mandate_words(counterpart.lineage(), roster, *act, proof, entry.header.time);
  if (out.contains("act")) out["act"] = out["act"].get<std::string>() + "; " + wire::display_line(words);
}

// How far it has come: ours by their receipt, theirs by ours.
bool receipted(const Running& running, const EntryView& view) {
  const core::Line* line = running.driver->station().peer(view.counterpart->peer).line(view.annex->line);
  if (view.early) return false;
  if (line != nullptr && view.log.own && view.log == line->own().key())
    return view.stored.index < line->own().receipted_size();
  if (line != nullptr && !view.log.own && line->far().known() && view.log == line->far().key())
    return view.stored.index < line->far().durable_size();
  const auto newest = running.store->newest_cosignature(view.log);
  return newest && view.stored.index < newest->size;
}

std::vector<Verdict> judge(const Running& running, const EntryView& view, const record::Entry& entry) {
  if (entry.signatures.empty()) return {};
  return judge_signatures(running, *view.counterpart, view.log, view.stored.index, entry);
}

Json signatures_json(const record::Entry& entry, const std::vector<Verdict>& verdicts) {
  Json out = Json::array();
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const record::OfficerSignature& signature = entry.signatures[i];
    const Verdict& verdict = verdicts[i];
    out.push_back({{"officer", signature.officer.value},
                   {"post", verdict.post},
                   {"counter", signature.counter},
                   {"accord_version", signature.accord_version},
                   {"signature", to_base64(signature.signature)},
                   {"verdict", to_string(verdict.value)},
                   {"why", verdict.why}});
  }
  return out;
}

Json place_json(const EntryView& view) {
  return {{"counterpart", view.counterpart->name()}, {"line", view.annex->name},
          {"line_number", view.annex->line.value},   {"whose", view.log.own ? "own" : "far"},
          {"epoch", to_hex(view.log.epoch)},         {"index", view.stored.index}};
}

std::string author_post(const Running& running, const EntryView& view, OfficerId author) {
  const accord::Roster& roster = view.log.own ? running.own_roster : view.counterpart->roster;
  const accord::SignedCredential* found = roster.by_number(author);
  return found == nullptr ? "" : found->credential.post;
}

// The station that wrote it first: what a lost one wrote, nobody's signature mends.
void add_verdict(Json& out, const SignedBy& by, const Vouch& vouch) {
  out["signed_by"] = by.valid;
  out["verdict"] = !vouch.vouched ? kAfterLastValid : by.faulty ? to_string(by.faulty->value) : "valid";
  out["verdict_why"] = !vouch.vouched ? vouch.why : by.faulty ? "the signature " + by.faulty->why : "";
}

}  // namespace

Json checkpoint_json(const std::optional<record::StoredCheckpoint>& checkpoint) {
  if (!checkpoint) return {};
  return {{"size", checkpoint->size},
          {"root", to_hex(checkpoint->root)},
          {"signature", checkpoint->signature ? Json(to_base64(*checkpoint->signature)) : Json()}};
}

Json cosignature_json(const std::optional<record::StoredCosignature>& cosignature) {
  if (!cosignature) return {};
  return {
      {"size", cosignature->size},
      {"root", to_hex(cosignature->root)},
      {"time", cosignature->time.seconds == 0 ? Json() : Json(cosignature->time.seconds)},
      {"signature", cosignature->signature ? Json(to_base64(*cosignature->signature)) : Json()}};
}

Json entry_json(Running& running, const EntryView& view) {
  Json out = place_json(view);
  const Result<record::Entry> entry = record::decode_entry(view.stored.bytes);
  if (!entry) {  // a later version's entry, say: held and cosigned, not understood
    out["unreadable"] = entry.error().message;
    return out;
  }
  out["older_epoch"] = view.log.epoch != running.newest_log(view.counterpart->peer, view.annex->line, view.log.own).epoch;
  const record::Header& header = entry->header;
  const bool station = header.author == kStationItself;
  out["station"] = wire::display_line(view.log.station_id);
  out["author"] = header.author.value;
  out["author_post"] = station ? "" : author_post(running, view, header.author);
  out["class"] = class_name(header.entry_class);
  out["kind"] = header.kind;
  out["kind_name"] = kind_name(header.kind);
  out["precedence"] = record::precedence_name(header.precedence);
  out["time"] = header.time.seconds;
  out["ahead_s"] = ahead_of_clock(running, header.time);
  out["stored_at"] = view.stored.stored_at.seconds;
  out["due"] = header.due ? Json(header.due->seconds) : Json();
  out["reply_by"] = header.reply_by ? Json(header.reply_by->seconds) : Json();
  out["label"] = wire::display_line(header.label);
  out["subject"] = wire::display_line(header.subject);
  out["action"] = safe_texts(header.action);
  out["info"] = safe_texts(header.info);
  out["references"] = references_json(view, header);
  const accord::Roster& roster = view.log.own ? running.own_roster : view.counterpart->roster;
  const SignedBy by = signed_by(*entry, judge(running, view, *entry));
  add_body(out, *view.counterpart, roster, *entry,
           why_without_effect(running, *view.counterpart, *view.annex, view.log.own, *entry, by));
  add_mandate(out, running, view, *entry);
  out["attachments"] = Json::array();
  for (const record::Attachment& attachment : header.attachments)
    out["attachments"].push_back(attachment_json(running, *view.counterpart, view.log.own, attachment));
  out["leaf"] = to_hex(view.stored.leaf);
  out["early"] = view.early;
  const bool act = header.kind == record::kRegister || header.kind == record::kProposal || header.kind == record::kProposalAnswer ||
                   header.kind == record::kSuspension;
  const bool may_be_late = act ? !entry->signatures.empty() : header.kind == record::kMessage && !view.log.own;
  out["late_s"] = may_be_late ? seconds_late(header.time, view.stored.stored_at) : 0;
  out["receipted"] = receipted(running, view);
  const PeerId peer = view.counterpart->peer;
  out["crossed"] = !view.log.own && crossed_with_cut(running.driver->station().peer(peer).registers(), header,
                                                     view.stored.stored_at);
  add_verdict(out, by, vouch_for(*running.store, roster, view.log, view.stored.index));
  out["unread"] = !view.log.own &&
                  running.marks[{peer, view.annex->line}].unread(view.log, view.stored.index);
  return out;
}

std::uint32_t seconds_late(WallTime signed_at, WallTime stored_at) {
  constexpr std::uint32_t kWorthAWord = 3600;
  const std::uint32_t late = stored_at.seconds - std::min(signed_at, stored_at).seconds;
  return late < kWorthAWord ? 0 : late;
}

Json waiting_json(const Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  Json out = Json::array();
  const core::Line* line = running.driver->station().peer(counterpart.peer).line(annex.line);
  if (line == nullptr) return out;
  std::map<core::SubmissionId, std::string> if_cut;
  for (const record::OutboxItem& item : running.store->outbox({counterpart.accord.lineage, annex.line}))
    if (const auto held = core::decode_outbox_item(item.item)) if_cut[item.id] = core::to_string(core::if_cut_of(held->state));
  line->each_waiting([&](core::SubmissionId id, const record::Entry& entry) {
    const record::Header& header = entry.header;
    const accord::SignedCredential* author = running.own_roster.by_number(header.author);
    Json one{{"counterpart", counterpart.name()},
             {"line", annex.name},
             {"line_number", annex.line.value},
             {"whose", "own"},
             {"waiting", "waiting-" + std::to_string(id)},
             {"submission", id},
             {"if_cut", if_cut.contains(id) ? Json(if_cut[id]) : Json()},
             {"station", running.station_id},
             {"author", header.author.value},
             {"author_post", author == nullptr ? "" : author->credential.post},
             {"class", class_name(header.entry_class)},
             {"kind", header.kind},
             {"kind_name", kind_name(header.kind)},
             {"precedence", record::precedence_name(header.precedence)},
             {"time", header.time.seconds},
             {"ahead_s", ahead_of_clock(running, header.time)},
             {"subject", wire::display_line(header.subject)},
             {"signed_by", entry.signatures.size()},
             {"digest", to_hex(crypto::sha256(entry.body))}};
    add_body(one, counterpart, running.own_roster, entry, "");
    out.push_back(std::move(one));
  });
  return out;
}

Json full_entry_json(Running& running, const EntryView& view) {
  Json out = entry_json(running, view);
  out["header"] = to_base64(view.stored.bytes.header);
  out["salt"] = to_base64(view.stored.salt);
  Json evidence{{"policy", accord::to_string(view.annex->evidence)},
                {"checkpoint", Json()},
                {"cosignature", Json()},
                {"signatures", Json::array()}};
  if (!view.early) {
    evidence["checkpoint"] =
        checkpoint_json(running.store->checkpoint_covering(view.log, view.stored.index + 1));
    evidence["cosignature"] =
        cosignature_json(running.store->cosignature_covering(view.log, view.stored.index + 1));
  }
  if (const Result<record::Entry> entry = record::decode_entry(view.stored.bytes)) {
    const record::Header& header = entry->header;
    out["body"] = to_base64(entry->body);
    out["cut_epoch"] = header.cut_epoch;
    if (header.seen)
      out["seen"] = {{"epoch", to_hex(header.seen->epoch)},
                     {"size", header.seen->size},
                     {"root", to_hex(header.seen->root)}};
    out["copies"] = Json::array();
    for (const record::Copy& copy : header.copies)
      out["copies"].push_back({{"accord", to_hex(copy.accord)}, {"content", to_hex(copy.content)}});
    evidence["signatures"] = signatures_json(*entry, judge(running, view, *entry));
  }
  out["evidence"] = std::move(evidence);
  out["ok"] = true;
  return out;
}

}  // namespace detente::station
