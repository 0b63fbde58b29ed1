#include "station/bulletins.h"

#include <utility>

#include "line/message.h"
#include "station/log_window.h"
#include "station/watch.h"

namespace detente::station {

namespace {
constexpr std::uint64_t kLookBack = 2000;

constexpr auto kSaveAgain = std::chrono::seconds(10);
constexpr auto kJudgeAgain = std::chrono::seconds(10);
constexpr auto kJudgePause = std::chrono::milliseconds(10);  // an entry: ten microseconds of reading, or a few signatures to verify

// The roster has it already; a start would not. Until it is on the disk, or the directory says that it has no place there.
void save_later(Running& running, const std::string& side, Bytes bulletin) {
  running.driver->after(kSaveAgain, [&running, side, bulletin = std::move(bulletin)] {
    const auto saved = running.dir.add_bulletin(side, bulletin);
    if (!saved && saved.error().fault == Fault::kIo) save_later(running, side, bulletin);
  });
}

void tell_watch(Running& running) {
  if (running.watch != nullptr) running.watch->on_roster_changed();
}

// So that reading all that was agreed with that side takes some hundredths of the time at most.
Duration judge_again_after(const Running& running, const Counterpart& counterpart) {
  std::uint64_t entries = 0;
  for (const auto& info : running.store->logs({counterpart.accord.lineage, kAccordLine})) entries += info.size;
  return kJudgeAgain + kJudgePause * static_cast<std::int64_t>(entries);
}

// At once, but of what comes from the other side not for each of many: all that was agreed with that side is read for it.
void judge(Running& running, Counterpart& counterpart, bool at_once) {
  BulletinLimits& limits = counterpart.bulletins;
  if (limits.judges_later && !at_once) return;
  const Instant now = running.driver->now().mono;
  const Instant next = limits.judged && !at_once ? *limits.judged + judge_again_after(running, counterpart) : now;
  if (next <= now) {
    limits.judged = now;
    return running.driver->judge_again(counterpart.peer);
  }
  limits.judges_later = true;
  running.driver->after(next - now, [&running, peer = counterpart.peer] {
    Counterpart& then = *running.counterparts[peer.value];
    then.bulletins.judges_later = false;
    judge(running, then, false);
  });
}

void look_later(Running& running, const Counterpart& counterpart) {
  running.driver->after(kBulletinEvery, [&running, peer = counterpart.peer] {
    Counterpart& then = *running.counterparts[peer.value];
    then.bulletins.looks_later = false;
    take_missed_bulletins(running, then);
  });
}

// The link follows the roster at once: a station that its side revoked is not heard from now on, and one
// that has its place is.
// `by_a_person` of this side, who does not do so without end.
bool follow_roster(Running& running, Counterpart& counterpart, const std::optional<core::FarKeys>& before, bool by_a_person) {
  const FarStation far = far_station(counterpart);
  const auto now = far.keys();
  running.driver->set_far(counterpart.peer, now, far.former(counterpart));
  judge(running, counterpart, by_a_person);
  return before.has_value() != now.has_value() ||
         (now && (now->noise != before->noise || now->log != before->log || now->cosign != before->cosign));
}

}  // namespace

Result<bool> take_bulletin(Running& running, Counterpart& counterpart,
                           const record::StoredEntry& stored) {
  DETENTE_TRY(entry, record::decode_entry(stored.bytes));
  if (entry.header.kind != record::kBulletinEntry) return false;
  DETENTE_TRY(bytes, line::parse_bulletin_body(entry.body));
  if (counterpart.roster.holds(bytes)) return false;
  if (!counterpart.bulletins.taken.take(running.driver->now().mono)) {
    if (!std::exchange(counterpart.bulletins.looks_later, true)) look_later(running, counterpart);
    return false;
  }
  const auto before = far_station(counterpart).keys();
  DETENTE_TRY_VOID(counterpart.roster.apply(bytes));
  const auto saved = running.dir.save_bulletin(counterpart.roster, bytes);
  // Who was revoked is out at once, whatever the disk says.
  follow_roster(running, counterpart, before, false);
  tell_watch(running);
  if (!saved) {
    if (saved.error().fault == Fault::kIo) save_later(running, counterpart.name(), bytes);
    return tl::unexpected<Error>(saved.error());
  }
  return true;
}

Result<Json> take_carried_bulletin(Running& running, Counterpart& counterpart, ByteView bulletin) {
  accord::Roster& roster = counterpart.roster;
  DETENTE_TRY(parsed, accord::read_bulletin(bulletin, roster.roots(), counterpart.name()));
  const auto before = far_station(counterpart).keys();
  DETENTE_TRY(news, roster.apply(bulletin));
  DETENTE_TRY(saved, running.dir.save_bulletin(roster, bulletin));
  const bool other = follow_roster(running, counterpart, before, true);
  tell_watch(running);
  return Json{{"ok", true}, {"number", parsed.number}, {"new", news || saved}, {"other_station", other}};
}

void take_missed_bulletins(Running& running, Counterpart& counterpart) {
  const record::LineKey line{counterpart.accord.lineage, kAccordLine};
  for (const auto& [info, from] : newest_entries(running.store->logs(line), false, kLookBack))
    for (const record::StoredEntry& stored : running.store->entries(info.log, from, info.size, kLookBack))
      static_cast<void>(take_bulletin(running, counterpart, stored));
}

Result<Json> publish_bulletin(Running& running, ByteView bulletin) {
  DETENTE_TRY(parsed,
              accord::read_bulletin(bulletin, running.own_roster.roots(), running.dir.name()));
  DETENTE_TRY(news, running.own_roster.apply(bulletin));
  DETENTE_TRY(saved, running.dir.save_bulletin(running.own_roster, bulletin));
  if (news)
    for (const auto& counterpart : running.counterparts) {
      counterpart->own_was_lost = !running.own_roster.revoked_stations(running.config.post).empty();
      counterpart->own_is_lost = running.own_roster.revoked(running.keys.number);
      follow_roster(running, *counterpart, far_station(*counterpart).keys(), true);
    }
  tell_watch(running);
  Json sent = Json::array();
  for (const auto& counterpart : running.counterparts) {
    record::Entry entry;
    entry.header.line = kAccordLine;
    entry.header.kind = record::kBulletinEntry;
    entry.header.body_form = record::BodyForm::kCbor;
    entry.header.time = running.driver->now().wall;
    entry.body = line::bulletin_body(bulletin);
    const auto id = running.driver->submit(counterpart->peer, kAccordLine, std::move(entry));
    Json item{{"counterpart", counterpart->name()}, {"ok", id.has_value()}};
    if (id) {
      item["submission"] = *id;
    } else {
      item["error"] = error_json(id.error())["error"];
      item["next"] = "give the bulletin's file to " + counterpart->name() + ", who imports it";
    }
    sent.push_back(std::move(item));
  }
  return Json{
      {"ok", true}, {"number", parsed.number}, {"new", news || saved}, {"sent", std::move(sent)}};
}

}  // namespace detente::station
