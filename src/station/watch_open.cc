// Watch: how it takes up what was before: the watch log, then the newest entries of
// the record (a crash may lie between an entry and its line in the log), then what
// waits in the outbox.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/civil.h"
#include "core/outbox.h"
#include "io/os_clock.h"
#include "station/schedules.h"
#include "station/watch_replay.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kScanWindow = 2000;
constexpr std::size_t kScanStep = 256;
constexpr std::uint32_t kDownSeconds = 90;  // longer than the pause between two signs that the station runs

Result<watch::CallId> call_id_of(const Json& line) {
  DETENTE_TRY(day, watch::parse_day(line.at("date").get<std::string>()));
  return watch::CallId{day, line.at("place").get<std::uint8_t>()};
}

WallTime time_in(const Json& line, const char* key) { return {line.at(key).get<std::uint32_t>()}; }

std::optional<EntryRef> entry_in(const Json& line, bool own) {
  if (!line.contains("epoch")) return std::nullopt;
  const auto bytes = from_hex(line.at("epoch").get<std::string>());
  const auto epoch = bytes ? to_array<16>(*bytes) : std::nullopt;
  if (!epoch) return std::nullopt;
  return EntryRef{own, {*epoch, line.at("index").get<std::uint64_t>()}, line.value("class", "live") == "drill"};
}

WallTime read_alive(const io::Path& path) {
  const auto bytes = io::read_file(path, 64);
  if (!bytes) return {};
  std::uint32_t out = 0;
  for (const std::uint8_t c : *bytes)
    if (c >= '0' && c <= '9') out = out * 10 + (c - '0');
  return {out};
}

// Under an annex of the same words a date and place is the same hour.
std::map<std::uint32_t, watch::Schedule> former_schedules(const Counterpart& counterpart, const accord::Annex& annex) {
  std::map<std::uint32_t, watch::Schedule> out;
  const std::string& words = counterpart.accord.annex_texts.at(annex.line);
  for (const auto& accord : counterpart.former) {
    const accord::Annex* then = accord->annex(annex.line);
    if (then == nullptr || accord->annex_texts.at(annex.line) == words) continue;
    const ZonesHere here = load_zones({then, 1}, accord->accord.not_before);
    if (auto schedule = schedule_of(accord->accord, *then, here.zones)) out.emplace(accord->accord.version, std::move(*schedule));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Watch>> Watch::open(Running& running, spdlog::logger& log) {
  std::unique_ptr<Watch> out(new Watch(running, log));
  out->make_lines();
  out->from_log_ = std::make_unique<Replay>();
  Replay& replay = *out->from_log_;
  auto file = WatchLog::open(running.dir.watch_log_file(), [&](const Json& line) { return out->read_line(replay, line); });
  if (!file) return tl::unexpected<Error>(file.error());
  out->file_.emplace(std::move(*file));
  if (out->file_->torn_bytes() > 0)
    log.warn("the watch log ended within a line, which was cut off: the station was stopped while it wrote it");
  out->compare_end();
  out->note_start(replay);
  out->read_heard();
  return out;
}

Watch::Watch(Running& running, spdlog::logger& log)
    : running_(running),
      log_(log),
      alarms_(escalation_steps(running.config)),
      hooks_(std::make_unique<io::HookRunner>(running.driver->context())),
      hook_book_(running.config.hooks) {}

Watch::~Watch() = default;

void Watch::begin() {
  begin_books(*from_log_);
  from_log_.reset();
}

void Watch::note_start(Replay& replay) {
  const WallTime time = io::os_wall_time();
  Json line{{"what", "start"}};
  const WallTime last = std::max(replay.newest, read_alive(running_.dir.alive_file()));
  if (replay.begin && last.seconds + kDownSeconds < time.seconds) {
    line["down_from"] = last.seconds;
    replay.downs.push_back({last, time});
  }
  if (!replay.begin) replay.begin = time;
  if (const auto done = file_->append(time, line); !done) trouble_ = done.error().message;
  if (time < last) {  // while this station did not run
    const watch::ClockGap gap{watch::GapKind::kSetBack, last, time};
    take_gap(gap);
    take_back(replay, gap);
  }
  for (const auto& counterpart : running_.counterparts) {
    const std::string digest = to_hex(counterpart->accord.digest);
    const auto known = replay.accords.find(counterpart->name());
    if (known != replay.accords.end() && known->second.digest == digest) continue;
    note_accord(*counterpart, {});
    follow_accord(replay, counterpart->name(), {digest, counterpart->accord.accord.version}, time, {});
  }
}

void Watch::make_lines() {
  for (const auto& counterpart : running_.counterparts) make_lines_of(*counterpart);
}

void Watch::make_lines_of(const Counterpart& counterpart) {
  const accord::AccordInForce& accord = counterpart.accord;
  std::vector<accord::Annex> annexes;
  for (const auto& [id, annex] : accord.annexes) annexes.push_back(annex);
  const ZonesHere here = load_zones(annexes, accord.accord.not_before);
  for (const Error& missing : here.missing) {
    log_.warn("{}: {}", counterpart.name(), missing.message);
    unknown_zones_.push_back(missing.message);
  }
  auto& zones = zones_[counterpart.peer];
  zones.clear();
  for (const auto& [name, rules] : here.zones)
    if (zones.size() < line::kZoneDigestsMax) zones.push_back({name, rules->digest()});
  const bool first = accord.accord.sides[0].name == running_.dir.name();
  for (const auto& [id, annex] : accord.annexes) {
    auto schedule = schedule_of(accord.accord, annex, here.zones);
    if (!schedule) log_.warn("{}", schedule.error().message);
    OneLine& line = lines_[PlaceKey{counterpart.peer, id}];
    line.counterpart = &counterpart;
    line.annex = &annex;
    line.name = counterpart.name() + "/" + annex.name;
    line.scanned = {};
    line.watch = std::make_unique<LineWatch>(schedule ? std::optional(std::move(*schedule)) : std::nullopt,
                                             static_cast<watch::SideIndex>(first ? 0 : 1),
                                             annex.hours.presence_minutes);
    line.watch->set_former(former_schedules(counterpart, annex));
    line.watch->name_sides({accord.accord.sides[0].name, accord.accord.sides[1].name});
  }
}

Result<void> Watch::read_line(Replay& replay, const Json& line) {
  try {
    const std::string what = line.at("what").get<std::string>();
    const WallTime at = time_in(line, "at");
    if (!replay.begin) replay.begin = at;
    replay.newest = at;  // not the latest of all: the clock may have been ahead for a while
    if (what == "start" && line.contains("down_from")) replay.downs.push_back({time_in(line, "down_from"), at});
    if (what == "call") return read_call(replay, line);
    if (const auto gap = what == "clock" ? gap_of(line) : std::nullopt) take_back(replay, *gap);
    if (what == "register") return read_register(replay, line);
    if (what == "outage") return read_outage(line);
    if (what == "query") read_query(line);
    if (what == "left") people_.leave_all(OfficerId{line.at("officer").get<std::uint16_t>()});
    if (what == "accord")
      DETENTE_TRY_VOID(read_accord(replay, line));
    if (what == "life") {
      const watch::LifeFact life{time_in(line, "time")};
      const std::string name = line.at("line").get<std::string>();
      replay.facts[name].push_back(life);
      if (watch::PastCalls* past = past_of(replay, name)) past->add(life);
    }
    if (what == "deed") {
      DETENTE_TRY(deed, parse_deed(line.at("deed")));
      take_deed(deed);
    }
    if (what == "outcome") return read_outcome(replay, line);
    if (what == "hook") read_hook(line);
    if (what.starts_with("alarm")) read_alarm(what, line);
    return {};
  } catch (const Json::exception&) {
    return fail(Fault::kMalformed, "a line of the watch log that this version cannot read");
  }
}

watch::PastCalls* Watch::past_of(Replay& replay, const std::string& name) {
  const OneLine* line = named(name);
  return line == nullptr ? nullptr : &replay.past.try_emplace(name, line->watch->own()).first->second;
}

Result<void> Watch::read_outcome(Replay& replay, const Json& line) {
  DETENTE_TRY(call, call_id_of(line));
  const std::string name = line.at("line").get<std::string>(), text = line.at("state").get<std::string>();
  OneLine* found = named(name);
  if (found == nullptr) return {};
  found->outcomes[call] = {text, gap_in(line)};
  const auto& sides = found->counterpart->accord.accord.sides;
  const watch::SideIndex caller = line.value("caller", "") == sides[0].name ? 0 : 1;
  if (const auto state = watch::call_state_from(text))
    past_of(replay, name)->add(call, caller, *state, {line.value("hour", line.at("at").get<std::uint32_t>())});
  return {};
}

Result<void> Watch::read_register(Replay& replay, const Json& line) {
  const std::string name = line.at("line").get<std::string>();
  const bool cut = line.at("cut").get<bool>();
  const WallTime at = time_in(line, "time");
  if (OneLine* found = named(name)) found->cut = cut;
  replay.facts[name].push_back(cut ? watch::BookFact(watch::CutFact{at}) : watch::BookFact(watch::RestoreFact{at}));
  if (watch::PastCalls* past = cut ? nullptr : past_of(replay, name)) past->add(watch::RestoreFact{at});
  return {};
}

Result<void> Watch::read_outage(const Json& line) {
  OneLine* found = named(line.at("line").get<std::string>());
  WatchAct act;
  act.own = line.at("side").get<std::string>() == "own";
  const auto entry = entry_in(line, act.own);
  if (found == nullptr || !entry) return {};
  act.place = entry->place;
  act.body = line::Outage{time_in(line, "from"), time_in(line, "until"), line.at("words").get<std::string>()};
  static_cast<void>(found->watch->take(act, io::os_wall_time()));
  return {};
}

Result<void> Watch::read_call(Replay& replay, const Json& line) {
  const std::string name = line.at("line").get<std::string>();
  const bool own = line.at("side").get<std::string>() == "own";
  DETENTE_TRY(id, call_id_of(line));
  const WallTime at = time_in(line, "time");
  bool former = line.contains("former");
  if (line.value("class", "live") == "drill") {
    const watch::DrillFact drill{at, id.day};
    replay.facts[name].push_back(drill);
    if (watch::PastCalls* past = past_of(replay, name)) past->add(drill);
  } else {
    const auto deed = call_deed_from(line.at("act").get<std::string>());
    const OneLine* found = named(name);
    const bool is_lost = line.contains("carried") && deed != line::CallDeed::kCalled;  // a reply that nobody there can see
    if (deed && found != nullptr && !is_lost && !former) {
      const auto side = static_cast<watch::SideIndex>(own ? found->watch->own() : 1 - found->watch->own());
      const watch::CallFact fact{id, fact_kind(*deed), side, at, line.at("officer").get<std::string>()};
      past_of(replay, name)->add(fact);
      const auto then = replay.accords.find(found->counterpart->name());
      former = then != replay.accords.end() && !found->watch->is_of_this_accord(id, then->second.version);
      if (!former) replay.facts[name].push_back(fact);
    }
  }
  if (auto entry = entry_in(line, own)) {
    entry->former = former;
    replay.entries.push_back({name, id, *entry});
  }
  return {};
}

void Watch::begin_books(Replay& replay) {
  const WallTime time = io::os_wall_time();
  for (auto& [key, line] : lines_) line.watch->set_days(time);
  for (const Replay::Call& call : replay.entries)
    if (OneLine* line = named(call.line)) static_cast<void>(line->watch->add_entry(call.id, call.entry));
  replay_ = &replay;
  for (auto& [key, line] : lines_) {
    if (line.accord_since) line.watch->follow(*line.accord_since, line.version_before);
    scan(line);
    auto& facts = replay.facts[line.name];
    for (const watch::DownFact& down : replay.downs)
      if (!line.accord_since || down.until > *line.accord_since) facts.push_back(down);
    for (const auto& fact : waiting_calls(line)) facts.push_back(fact);
    for (const auto& fact : unwatched_calls(line, time)) facts.push_back(fact);
    std::optional<watch::PastCalls> past;
    if (const auto held = replay.past.find(line.name); held != replay.past.end() && line.accord_since) {
      past = std::move(held->second);
      past->drop_unsettled();
    }
    line.watch->begin(begin_of_book(replay, line), std::move(facts), time, std::move(past));
    line.path_down = false;  // the book is told anew
    note_closed(line, time);
    show_rows(line);
  }
  replay_ = nullptr;
  end_what_was_retired();
}

void Watch::remember(const OneLine& line, const WatchAct& act) {
  if (line.watch->is_former(act)) return;
  auto& facts = replay_->facts[line.name];
  const auto& call = std::get<line::CallAct>(act.body);
  if (const auto fact = line.watch->call_fact(act))
    facts.emplace_back(*fact);
  else
    facts.emplace_back(watch::DrillFact{act.at, static_cast<watch::Day>(call.day)});
}

void Watch::remember(const OneLine& line, WallTime seen) {
  replay_->facts[line.name].emplace_back(watch::LifeFact{seen});
}

// Calls of the outbox: no path has carried them, and this side has called all the same.
std::vector<watch::CallFact> Watch::waiting_calls(const OneLine& line) const {
  std::vector<watch::CallFact> out;
  const record::LineKey key{line.counterpart->accord.lineage, line.annex->line};
  for (const record::OutboxItem& item : running_.store->outbox(key)) {
    const auto waiting = core::decode_outbox_item(item.item);
    const record::Entry* entry = waiting ? &waiting->entry : nullptr;
    if (entry == nullptr || entry->header.kind != record::kCheckCall || entry->header.entry_class != record::EntryClass::kLive)
      continue;
    const auto signed_under = entry->signatures.empty() ? std::nullopt : std::optional(entry->signatures.front().accord_version);
    const auto act = line::parse_call_body(entry->body);
    if (act && !line.watch->is_former(*act, signed_under, entry->header.time))
      out.push_back({call_id(*act), fact_kind(act->deed), line.watch->own(), entry->header.time,
                     officer_words(running_.own_roster, entry->header.author)});
  }
  return out;
}

// A host that slept over a call, or a path that was down, leaves no other trace than what the log says of that call.
// What it says of calls that are still to come it said by a clock that was ahead.
std::vector<watch::UnwatchedFact> Watch::unwatched_calls(const OneLine& line, WallTime time) {
  std::vector<watch::UnwatchedFact> out;
  if (line.watch->schedule() == nullptr) return out;
  for (const auto& [id, outcome] : line.outcomes) {
    if (!watch::is_not_seen(outcome.state)) continue;
    const auto call = line.watch->schedule()->find(id);
    if (call && call->unanswered_from <= time)
      out.push_back({call->at, id, outcome.state == watch::to_string(watch::CallState::kOwnPathDown),
                     outcome.state == watch::to_string(watch::CallState::kNotWatched), outcome.gap});
  }
  return out;
}

// Calls that ended while this station did not run.
void Watch::note_closed(OneLine& line, WallTime time) {
  if (line.watch->book() == nullptr) return;
  const auto today = watch::day_at(time);
  for (const watch::BookCall& call : line.watch->book()->calls(today - watch::CallBook::kLiveDays, today + 2))
    if (time >= call.call.unanswered_from) note_outcome(line, call);
}

// That which was scanned last from where that ended, and what its side began since: an older one gets nothing more. At first the
// newest of them all.
std::vector<LogWindow> Watch::logs_to_scan(const OneLine& line, bool own) const {
  const record::LineKey key{line.counterpart->accord.lineage, line.annex->line};
  const auto& last = line.scanned[own ? 0 : 1];
  if (!last) return newest_entries(running_.store->logs(key), own, kScanWindow);
  const auto newest = running_.store->newest_log(key, own);
  if (newest && newest->log == last->log) return {{*newest, last->next}};
  auto out = newest_entries(running_.store->logs(key), own, UINT64_MAX);
  const auto at = std::find_if(out.begin(), out.end(), [&](const LogWindow& one) { return one.info.log == last->log; });
  out.erase(out.begin(), at);
  if (!out.empty()) out.front().from = last->next;
  return out;
}

void Watch::scan(OneLine& line, const record::Reader::LogInfo& info, std::uint64_t from) {
  while (from < info.size) {
    const auto entries = running_.store->entries(info.log, from, info.size, kScanStep);
    if (entries.empty()) break;  // the store has failed and says so elsewhere
    for (const record::StoredEntry& stored : entries) {
      take(line, info.log, stored, false);
      from = stored.index + 1;
    }
  }
  line.scanned[info.log.own ? 0 : 1] = Scanned{info.log, from};
  if (info.log.own) return;
  for (const record::StoredEntry& stored : running_.store->early_entries(info.log)) take(line, info.log, stored, true);
}

void Watch::scan(OneLine& line) {
  for (const bool own : {true, false})
    for (const auto& [info, from] : logs_to_scan(line, own)) scan(line, info, from);
  if (const auto claim = line.watch->claim(true); claim && !line.told_on_watch) line.told_on_watch = claim->first;
}

}  // namespace detente::station
