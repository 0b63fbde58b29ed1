#include "station/suspensions.h"

#include <algorithm>

#include "base/civil.h"
#include "core/outbox.h"
#include "line/suspension.h"
#include "station/log_window.h"
#include "station/verdict.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kLookBack = 2000;

bool is_too_long(const record::Entry& entry, const line::SuspensionAct& act) {
  return act.until.seconds > entry.header.time.seconds &&
         act.until.seconds - entry.header.time.seconds > line::kSuspensionSecondsMax;
}

bool is_officer(const accord::Roster& roster, OfficerId number) {
  const accord::SignedCredential* held = roster.by_number(number);
  return held != nullptr && !held->credential.is_station();
}

}  // namespace

Result<void> check_suspension_submission(const Running& running, const record::Entry& entry) {
  DETENTE_TRY(act, line::parse_suspension_body(entry.body));
  if (entry.header.line != kAccordLine || entry.header.entry_class != record::EntryClass::kLive)
    return fail(Fault::kDenied, "a suspension is a live act on the accord line");
  const auto& chiefs = running.config.chiefs;
  if (chiefs.empty())
    return fail(Fault::kDenied, "station.toml names no post that may suspend: chiefs = [\"duty-chief\"], then start the "
                                "station again");
  for (const record::OfficerSignature& signature : entry.signatures) {
    const accord::SignedCredential* held = running.own_roster.by_number(signature.officer);
    if (held == nullptr || std::find(chiefs.begin(), chiefs.end(), held->credential.post) == chiefs.end())
      return fail(Fault::kDenied, "officer " + std::to_string(signature.officer.value) +
                                      " is no duty chief: station.toml (chiefs) says which posts may suspend");
  }
  if (entry.signatures.empty()) return fail(Fault::kDenied, "a suspension is signed by a duty chief");
  if (!is_officer(running.own_roster, act.number))
    return fail(Fault::kNotFound, "this side has no officer of number " + std::to_string(act.number.value) +
                                      "; detente officer list shows them. A station is declared lost by the root key: "
                                      "detente station revoke");
  if (is_too_long(entry, act))
    return fail(Fault::kLimit, "a suspension lasts 72 hours at most; it can be declared again, and the root key revokes");
  return {};
}

bool take_suspension(Running& running, Counterpart& counterpart, record::Whose whose, const record::Entry& entry) {
  if (entry.header.kind != record::kSuspension || entry.header.line != kAccordLine || entry.signatures.empty() ||
      entry.header.entry_class != record::EntryClass::kLive)
    return false;
  accord::Roster& roster = whose == record::Whose::kAuthors ? running.own_roster : counterpart.roster;
  const auto act = line::parse_suspension_body(entry.body);
  if (!act || !is_officer(roster, act->number) || is_too_long(entry, *act)) return false;
  const bool valid = std::all_of(entry.signatures.begin(), entry.signatures.end(), [&](const auto& signature) {
    return judge_signature(entry, signature, counterpart.lineage(), roster, std::nullopt).value == Verdict::Value::kValid;
  });
  if (!valid) return false;
  roster.suspend({act->number, entry.header.time, act->until});
  return true;
}

void load_suspensions(Running& running, Counterpart& counterpart) {
  const record::LineKey line{counterpart.accord.lineage, kAccordLine};
  const auto logs = running.store->logs(line);
  for (const bool own : {true, false})
    for (const auto& [info, from] : newest_entries(logs, own, kLookBack))
      for (const record::StoredEntry& stored : running.store->entries(info.log, from, info.size, kLookBack))
        if (const auto entry = record::decode_entry(stored.bytes))
          take_suspension(running, counterpart, own ? record::Whose::kAuthors : record::Whose::kOthers, *entry);
  for (const record::OutboxItem& item : running.store->outbox(line))
    if (const auto waiting = core::decode_outbox_item(item.item))
      take_suspension(running, counterpart, record::Whose::kAuthors, waiting->entry);
}

std::string suspension_words(const accord::Roster& roster, const record::Entry& entry) {
  const auto act = line::parse_suspension_body(entry.body);
  if (!act) return "";
  const accord::SignedCredential* held = roster.by_number(act->number);
  const std::string who = "officer " + std::to_string(act->number.value) + (held == nullptr ? "" : " (" + held->credential.post + ")");
  if (act->until <= entry.header.time) return who + " is suspended no longer";
  return who + " is suspended until " + format_utc(act->until);
}

}  // namespace detente::station
