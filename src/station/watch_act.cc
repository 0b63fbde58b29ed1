#include "station/watch_act.h"

#include <algorithm>

#include "station/signatures.h"

namespace detente::station {

namespace {

template <typename T>
std::optional<WatchActBody> body_of(Result<T> parsed) {
  if (!parsed) return std::nullopt;
  return WatchActBody(std::move(*parsed));
}

std::optional<WatchActBody> read_body(const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kCheckCall: return body_of(line::parse_call_body(entry.body));
    case record::kPresence: return body_of(line::parse_presence_body(entry.body));
    case record::kOnWatch: return body_of(line::parse_on_watch_body(entry.body));
    case record::kZoneRules: return body_of(line::parse_zone_rules_body(entry.body));
    case record::kOutage: return body_of(line::parse_outage_body(entry.body));
    case record::kHoursExtension: {
      const Result<WallTime> until = line::parse_hours_body(entry.body);
      if (!until) return std::nullopt;
      return WatchActBody(HoursSigned{*until});
    }
    case record::kCircuitTest: return WatchActBody(CircuitTestSeen{});
    case record::kMessage:
    case record::kPersonReceipt: return WatchActBody(SignOfLife{entry.header.kind == record::kPersonReceipt});
    default: return std::nullopt;
  }
}

bool is_persons(const WatchActBody& body) {
  return std::holds_alternative<line::CallAct>(body) || std::holds_alternative<line::PresenceDeed>(body) ||
         std::holds_alternative<HoursSigned>(body) || std::holds_alternative<SignOfLife>(body);
}

bool vouched_for(const Running& running, const Counterpart& counterpart, const accord::Annex& annex,
                 const record::Entry& entry, const record::LogKey& log, std::uint64_t index) {
  if (!annex.provable()) return true;
  if (entry.signatures.empty()) return false;
  return !signed_by(entry, judge_signatures(running, counterpart, log, index, entry)).faulty;
}

}  // namespace

WallTime latest_said(WallTime claimed, WallTime stored_at, const std::optional<ClockAhead>& ahead) {
  constexpr std::int64_t kNeverCompared = 86400;
  const std::int64_t said = std::int64_t{claimed.seconds} + (ahead ? ahead->error - ahead->seconds : kNeverCompared);
  return {static_cast<std::uint32_t>(std::clamp<std::int64_t>(said, 0, stored_at.seconds))};
}

std::string officer_words(const accord::Roster& roster, OfficerId officer) {
  if (officer == kStationItself) return "";
  const accord::SignedCredential* found = roster.by_number(officer);
  return (found == nullptr ? "officer" : found->credential.post) + " " + std::to_string(officer.value);
}

std::optional<WatchAct> read_watch_act(const Running& running, const Counterpart& counterpart,
                                       const accord::Annex& annex, const record::LogKey& log,
                                       const record::StoredEntry& stored) {
  const Result<record::Entry> entry = record::decode_entry(stored.bytes);
  if (!entry) return std::nullopt;
  auto body = read_body(*entry);
  if (!body) return std::nullopt;
  WatchAct out;
  out.own = log.own;
  out.place = {log.epoch, stored.index};
  out.entry_class = entry->header.entry_class;
  out.flash = entry->header.kind == record::kMessage && entry->header.precedence == record::Precedence::kFlash;
  out.at = std::min(entry->header.time, stored.stored_at);
  out.stored_at = stored.stored_at;
  const LinkView& link = running.links[counterpart.peer.value];
  out.latest = latest_said(entry->header.time, stored.stored_at,
                           link.offset_s ? std::optional(ClockAhead{*link.offset_s, link.offset_error_s}) : std::nullopt);
  out.officer = officer_words(log.own ? running.own_roster : counterpart.roster, entry->header.author);
  out.references = entry->header.references;
  if (is_persons(*body)) out.vouched = vouched_for(running, counterpart, annex, *entry, log, stored.index);
  if (!entry->signatures.empty()) out.accord_version = entry->signatures.front().accord_version;
  out.body = std::move(*body);
  return out;
}

}  // namespace detente::station
