#include "bench_silent_station.h"

#include <malloc.h>

#include <deque>
#include <filesystem>

#include "base/check.h"
#include "base/civil.h"
#include "io/sqlite_store.h"
#include "io/zone_source.h"
#include "line/message.h"
#include "sim/memory_store.h"
#include "sim/pair.h"
#include "station/line_watch.h"
#include "station/watch_log.h"

namespace detente::cli {

namespace {

using station::Json;

constexpr std::uint32_t kMinute = 60, kHour = 3600, kDay = 86400;
constexpr std::uint32_t kQuarter = 15 * kMinute;
constexpr std::uint32_t kRestartHour = 3;  // no call is open then, in any of the zones
constexpr std::uint32_t kNewOfficerYears = 5;
constexpr Duration kOneWay = std::chrono::milliseconds(10);
constexpr PeerId kPeer{0};

// Seoul and Pyongyang differ from 2015 to 2018; Berlin and New York change twice a year, on other days.
struct LineTerms {
  const char* name;
  const char* zone;
  const char* their_zone;
};
constexpr std::array<LineTerms, kSilentLines> kLines = {{{"military-west", "Asia/Seoul", "Asia/Pyongyang"},
                                                         {"military-east", "Asia/Seoul", "Asia/Pyongyang"},
                                                         {"liaison", "Asia/Pyongyang", "Asia/Seoul"},
                                                         {"navy", "Europe/Berlin", "America/New_York"},
                                                         {"leaders", "America/New_York", "Europe/Berlin"}}};

WallTime at(const char* text) { return parse_utc(text).value(); }

sim::PairOptions pair_options() {
  sim::PairOptions out;
  out.lines.push_back({kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}});
  for (std::size_t i = 0; i < kLines.size(); ++i)
    out.lines.push_back({LineId{static_cast<std::uint16_t>(i + 1)}, kLines[i].name, true,
                         record::Precedence::kFlash, 1000, {}});
  return out;
}

Result<watch::Schedule> schedule_of(const LineTerms& terms, const watch::ZoneBook& zones) {
  accord::Annex annex;
  for (const std::uint16_t minute : {std::uint16_t{540}, std::uint16_t{960}})
    annex.check_calls.push_back({minute, terms.zone, 0x7f, accord::CallKind::kOrdinary, "",
                                 {{"north", minute, terms.their_zone}}, {}});
  return watch::Schedule::make(annex, {"south", "north"}, {2008, 1, 1}, zones);
}

// One station of either kind.
struct End {
  End(std::uint64_t seed, record::Store& store) : keys(seed), jitter(seed), disk(&store) {}
  SeededRandom keys;
  SeededRandom jitter;
  record::Store* disk;
  std::optional<core::Station> station;
};

class Run final : public SilentStation {
 public:
  Run(const SilenceSetting& setting, std::unique_ptr<io::SqliteStore> store)
      : setting_(setting),
        store_(std::move(store)),
        pair_(1, pair_options()),
        near_(11, *store_),
        far_(12, far_store_),
        root_(crypto::SignKey::generate(near_.keys)),
        roster_("south", root_.verify_key()) {}

  Result<void> begin();
  Result<SilentYear> year() override;
  Result<FirstExchange> answer() override;

 private:
  struct LineOf {
    LineId id;
    const LineTerms* terms = nullptr;
    std::unique_ptr<station::LineWatch> watch;
  };
  struct UnderWay {
    Instant at;
    bool to_near;
    Bytes datagram;
  };

  Now now() const { return {mono_, wall_}; }
  End& end(bool near) { return near ? near_ : far_; }
  void start_end(bool near);
  void collect(bool near);
  void deliver_due();
  void run(Duration span);
  void pass(std::uint32_t seconds);

  Result<void> open_log();
  Result<void> note(const Json& line) {
    DETENTE_TRY(number, log_->append(wall_, line));
    static_cast<void>(number);
    return {};
  }
  Result<void> make_books(std::map<std::string, std::vector<watch::BookFact>> facts);
  Result<void> quarter();
  Result<void> look(LineOf& line);
  Result<void> close_call(LineOf& line, const watch::BookEvent& event);
  Result<void> call(LineOf& line, const watch::BookCall& open);
  Result<void> note_tries();
  Result<void> restart();
  Result<void> renew();
  record::Entry call_entry(bool near, LineId line, line::CallDeed deed, const watch::CallId& id);
  std::size_t queued();

  SilenceSetting setting_;
  std::unique_ptr<io::SqliteStore> store_;
  sim::MemoryStore far_store_;
  sim::Pair pair_;
  End near_, far_;
  std::deque<UnderWay> network_;
  Instant mono_{1'000'000};
  WallTime wall_ = at("2008-01-01T00:00:00Z");
  const WallTime from_ = wall_;
  crypto::SignKey root_;
  accord::Roster roster_;
  std::optional<crypto::SignKey> officer_key_;
  OfficerId officer_{0};
  std::uint32_t renewals_ = 0;
  std::uint64_t counter_ = 0, datagrams_ = 0, hour_datagrams_ = 0;
  std::size_t closed_ = 0, alarms_ = 0, signs_of_life_ = 0;
  double awake_seconds_ = 0;
  std::vector<LineOf> lines_;
  std::optional<station::WatchLog> log_;
  std::map<std::string, std::vector<watch::BookFact>> read_facts_;  // while the log is opened
};

// ---- the two stations and the network ----

void Run::start_end(bool near) {
  End& one = end(near);
  one.station.emplace(one.keys, one.jitter, *one.disk);
  one.station->add_peer(pair_.setup(near ? 0 : 1));
  DETENTE_CHECK(one.station->start(now()).has_value());
  collect(near);
}

void Run::collect(bool near) {
  End& one = end(near);
  for (auto effects = one.station->take_effects(); !effects.empty(); effects = one.station->take_effects())
    for (core::Effect& effect : effects) {
      if (auto* send = std::get_if<core::SendDatagram>(&effect)) {
        if (near) ++datagrams_, ++hour_datagrams_;
        if (end(!near).station) network_.push_back({mono_ + kOneWay, !near, std::move(send->datagram)});
      } else if (auto* persist = std::get_if<core::Persist>(&effect)) {
        DETENTE_CHECK(one.disk->commit(persist->batches).has_value());
        one.station->on_persisted(now(), persist->token);
      }
    }
}

void Run::deliver_due() {
  while (!network_.empty() && network_.front().at <= mono_) {
    const UnderWay next = std::move(network_.front());
    network_.pop_front();
    End& to = end(next.to_near);
    if (!to.station) continue;
    static_cast<void>(to.station->on_datagram(now(), core::SocketId{0}, next.datagram));
    collect(next.to_near);
  }
}

// Both clocks go on.
void Run::run(Duration span) {
  const Instant until = mono_ + span;
  const Instant began = mono_;
  const WallTime wall = wall_;
  const auto set_time = [&](Instant time) {
    mono_ = time;
    wall_.seconds = wall.seconds + static_cast<std::uint32_t>((time - began).count() / 1'000'000);
  };
  for (;;) {
    Instant due = until;
    if (!network_.empty()) due = std::min(due, network_.front().at);
    for (End* one : {&near_, &far_})
      if (one->station)
        if (const auto deadline = one->station->next_deadline()) due = std::min(due, std::max(*deadline, mono_));
    set_time(due);
    if (due >= until) break;
    deliver_due();
    for (const bool near : {true, false})
      if (end(near).station) {
        const auto deadline = end(near).station->next_deadline();
        if (!deadline || *deadline > mono_) continue;
        end(near).station->on_deadline(now());
        collect(near);
      }
  }
  awake_seconds_ += static_cast<double>(span.count()) / 1e6;
}

// So much wall time, of which the machine is awake its part.
void Run::pass(std::uint32_t seconds) {
  const WallTime until{wall_.seconds + seconds};
  const std::uint64_t awake_us = std::uint64_t{seconds} * setting_.awake_minutes * 1'000'000 / (24 * 60);
  run(Duration{static_cast<std::int64_t>(awake_us)});
  wall_ = until;
}

// ---- the watch ----

Result<void> Run::open_log() {
  log_.reset();
  read_facts_.clear();
  DETENTE_TRY(log, station::WatchLog::open(setting_.directory + "/watch.log", [&](const Json& line) -> Result<void> {
    if (line.value("what", "") != "call") return {};
    watch::CallId id;
    id.day = line.at("date").get<watch::Day>();
    id.entry = line.at("place").get<std::uint8_t>();
    read_facts_[line.at("line").get<std::string>()].push_back(
        watch::CallFact{id, watch::FactKind::kCalled, watch::SideIndex{0},
                        WallTime{line.at("time").get<std::uint32_t>()}, line.at("officer").get<std::string>()});
    return {};
  }));
  log_.emplace(std::move(log));
  return {};
}

Result<void> Run::make_books(std::map<std::string, std::vector<watch::BookFact>> facts) {
  watch::ZoneBook zones;
  for (const char* name : {"Asia/Seoul", "Asia/Pyongyang", "Europe/Berlin", "America/New_York"}) {
    DETENTE_TRY(rules, io::load_zone(name, at("2007-01-01T00:00:00Z"), at("2057-01-01T00:00:00Z")));
    zones[name] = std::make_shared<const watch::ZoneRules>(std::move(rules));
  }
  lines_.clear();
  for (std::size_t i = 0; i < kLines.size(); ++i) {
    DETENTE_TRY(schedule, schedule_of(kLines[i], zones));
    LineOf line{LineId{static_cast<std::uint16_t>(i + 1)}, &kLines[i],
                std::make_unique<station::LineWatch>(std::move(schedule), watch::SideIndex{0}, 10u)};
    line.watch->set_days(wall_);
    line.watch->begin(from_, std::move(facts[kLines[i].name]), wall_);
    lines_.push_back(std::move(line));
  }
  return {};
}

record::Entry Run::call_entry(bool near, LineId line, line::CallDeed deed, const watch::CallId& id) {
  record::Entry entry;
  entry.header.line = line;
  entry.header.kind = record::kCheckCall;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.time = wall_;
  entry.header.author = officer_;
  entry.body = line::call_body({deed, static_cast<std::uint32_t>(id.day), id.entry, ""});
  entry.signatures.push_back(record::sign_entry(entry.header, entry.body, pair_.lineage(), 1, officer_,
                                                near ? ++counter_ : 1, *officer_key_));
  return entry;
}

Result<void> Run::call(LineOf& line, const watch::BookCall& open) {
  const line::CallAct act{line::CallDeed::kCalled, static_cast<std::uint32_t>(open.call.id.day), open.call.id.entry, ""};
  DETENTE_TRY_VOID(line.watch->check(act, wall_));
  DETENTE_TRY(submitted, near_.station->submit(now(), kPeer, line.id,
                                               call_entry(true, line.id, line::CallDeed::kCalled, open.call.id)));
  static_cast<void>(submitted);
  collect(true);
  line.watch->add_fact(watch::CallFact{open.call.id, watch::FactKind::kCalled, watch::SideIndex{0}, wall_,
                                       station::officer_words(roster_, officer_)});
  return {};
}

// As Watch does it: what became of the call, and that no path carried it.
Result<void> Run::close_call(LineOf& line, const watch::BookEvent& event) {
  ++closed_;
  const watch::CallId id = event.call->id;
  const Json place{{"date", id.day}, {"place", id.entry}};
  Json outcome{{"what", "outcome"}, {"line", line.terms->name}};
  outcome.update(place);
  outcome["caller"] = event.call->caller == 0 ? "south" : "north";
  outcome["state"] = watch::to_string(event.state);
  DETENTE_TRY_VOID(note(outcome));
  const auto held = line.watch->book()->call(id);
  near_.station->withdraw(now(), kPeer, line.id,
                          [&](const record::Entry& entry) {
                            const auto act = line::parse_call_body(entry.body);
                            return entry.header.kind == record::kCheckCall && act && station::call_id(*act) == id;
                          },
                          "the check call is over and no path carried it");
  collect(true);
  const auto& deed = held ? held->facts.of(0, watch::FactKind::kCalled) : std::nullopt;
  if (!deed) return {};
  Json called{{"what", "call"}, {"line", line.terms->name}, {"side", "own"}, {"act", "called"}};
  called.update(place);
  called.update(Json{{"time", deed->at.seconds}, {"officer", deed->officer}, {"carried", 0}});
  return note(called);
}

Result<void> Run::look(LineOf& line) {
  DETENTE_TRY_VOID(line.watch->advance(wall_));
  for (const watch::BookEvent& event : line.watch->take_events()) {
    if (event.kind == watch::BookEvent::Kind::kAlarm) {
      ++(event.alarm->kind == watch::AlarmKind::kSignOfLife ? signs_of_life_ : alarms_);
      DETENTE_TRY_VOID(note({{"what", "alarm"}, {"line", line.terms->name}, {"row", event.alarm->row}}));
    } else if (event.kind == watch::BookEvent::Kind::kClosed) {
      DETENTE_TRY_VOID(close_call(line, event));
    }
  }
  const auto open = line.watch->open_call(wall_);
  if (!open || open->call.caller != 0 || wall_ < open->call.at || open->facts.of(0, watch::FactKind::kCalled)) return {};
  return call(line, *open);
}

Result<void> Run::note_tries() {
  const Json paths{{"path1", {std::exchange(hour_datagrams_, 0), 0}}};
  return note({{"what", "tries"}, {"counterpart", "north"}, {"from", wall_.seconds - kHour}, {"paths", paths}});
}

Result<void> Run::restart() {
  near_.station.reset();
  DETENTE_TRY_VOID(open_log());
  DETENTE_TRY_VOID(make_books(std::exchange(read_facts_, {})));
  DETENTE_TRY_VOID(note({{"what", "start"}}));
  start_end(true);
  return {};
}

// A year of the officer's credential is over; every fifth year the officer goes, too. The other side is told, and does
// not hear it.
Result<void> Run::renew() {
  if (renewals_++ % kNewOfficerYears == 0) officer_key_ = crypto::SignKey::generate(near_.keys);
  officer_ = OfficerId{static_cast<std::uint16_t>(renewals_)};
  const accord::Credential credential{.role = accord::CredentialRole::kOfficer,
                                      .side = "south",
                                      .post = "duty-officer",
                                      .number = officer_,
                                      .sign_key = officer_key_->verify_key(),
                                      .agree_key = crypto::AgreeKey::generate(near_.keys).public_key(),
                                      .cosign_key = std::nullopt,
                                      .lines = std::nullopt,
                                      .not_before = wall_,
                                      .not_after = {wall_.seconds + 366 * kDay},
                                      .person = std::nullopt};
  DETENTE_TRY(bytes, accord::issue_credential(credential, root_));
  DETENTE_TRY(bulletin, accord::issue_bulletin("south", renewals_, wall_, std::span<const Bytes>(&bytes, 1), {}, root_));
  DETENTE_TRY(applied, roster_.apply(bulletin));
  DETENTE_CHECK(applied);
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = record::kBulletinEntry;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.time = wall_;
  entry.body = line::bulletin_body(bulletin);
  DETENTE_TRY(submitted, near_.station->submit(now(), kPeer, kAccordLine, std::move(entry)));
  static_cast<void>(submitted);
  collect(true);
  return {};
}

Result<void> Run::quarter() {
  pass(kQuarter);
  for (LineOf& line : lines_) DETENTE_TRY_VOID(look(line));
  if (wall_.seconds % kHour == 0) DETENTE_TRY_VOID(note_tries());
  if (wall_.seconds % kDay != kRestartHour * kHour) return {};
  DETENTE_TRY_VOID(store_->maintain());
  const std::uint32_t day = (wall_.seconds - from_.seconds) / kDay;
  if (day > 0 && day % 365 == 0) DETENTE_TRY_VOID(renew());
  if (day > 0 && day % setting_.restart_days == 0) DETENTE_TRY_VOID(restart());
  return {};
}

Result<void> Run::begin() {
  DETENTE_TRY_VOID(open_log());
  DETENTE_TRY_VOID(make_books({}));
  start_end(false);
  start_end(true);
  run(std::chrono::seconds(5));
  DETENTE_TRY_VOID(renew());
  run(std::chrono::seconds(5));
  if (!near_.station->peer(kPeer).link().up() || queued() > 0) return fail(Fault::kState, "the two stations did not meet");
  far_.station.reset();
  network_.clear();
  wall_.seconds = from_.seconds + kQuarter;
  return {};
}

std::size_t Run::queued() {
  std::size_t out = 0;
  for (const auto& [id, line] : near_.station->peer(kPeer).lines())
    out += line->queued() + (line->own().size() - line->own().receipted_size());
  return out;
}

Result<SilentYear> Run::year() {
  SilentYear out;
  const std::uint64_t datagrams = datagrams_;
  const double awake = awake_seconds_;
  const std::size_t closed = closed_, alarms = alarms_;
  for (std::uint32_t i = 0; i < 365 * kDay / kQuarter; ++i) DETENTE_TRY_VOID(quarter());
  out.datagrams = datagrams_ - datagrams;
  out.awake_hours = (awake_seconds_ - awake) / kHour;
  out.closed = closed_ - closed;
  out.alarms = alarms_ - alarms;
  out.queued = queued();
  for (const LineOf& line : lines_) out.live_calls += line.watch->book()->live_calls();
  out.heap_bytes = mallinfo2().uordblks;
  out.watch_log_bytes = log_->bytes();
  DETENTE_TRY_VOID(store_->maintain());
  out.record_bytes = std::filesystem::file_size(setting_.directory + "/record.db");
  return out;
}

Result<FirstExchange> Run::answer() {
  LineOf& line = lines_.front();
  const auto ours_is_open = [&] {
    const auto open = line.watch->open_call(wall_);
    return open && open->call.caller == 0 && open->facts.of(0, watch::FactKind::kCalled);
  };
  for (std::size_t i = 0; i < 4 * kDay / kQuarter && !ours_is_open(); ++i) DETENTE_TRY_VOID(quarter());
  if (!ours_is_open()) return fail(Fault::kState, "no call of ours came due in four days");
  const watch::CallId id = line.watch->open_call(wall_)->call.id;

  FirstExchange out;
  const Instant began = mono_;
  const auto since = [&] { return static_cast<double>((mono_ - began).count()) / 1000; };
  const auto heard_by = [](End& reader, LineId of) {
    const auto& far = reader.station->peer(kPeer).line(of)->far();
    return reader.disk->entries(far.key(), 0, far.durable_size(), 1000);
  };
  const auto has_act = [&](End& reader, line::CallDeed deed) {
    for (const record::StoredEntry& stored : heard_by(reader, line.id)) {
      const auto entry = record::decode_entry(stored.bytes);
      const auto act = entry ? line::parse_call_body(entry->body) : Result<line::CallAct>(fail(Fault::kMalformed, ""));
      if (act && act->deed == deed && station::call_id(*act) == id) return true;
    }
    return false;
  };
  const auto until = [&](const auto& condition) -> Result<void> {
    while (!condition()) {
      if (mono_ - began > std::chrono::minutes(5)) return fail(Fault::kState, "the two stations did not meet again in five minutes");
      run(std::chrono::milliseconds(1));
    }
    return {};
  };
  start_end(false);
  DETENTE_TRY_VOID(until([&] { return has_act(far_, line::CallDeed::kCalled); }));
  out.arrived_ms = since();
  DETENTE_TRY(submitted, far_.station->submit(now(), kPeer, line.id, call_entry(false, line.id, line::CallDeed::kAnswered, id)));
  static_cast<void>(submitted);
  collect(false);
  DETENTE_TRY_VOID(until([&] { return has_act(near_, line::CallDeed::kAnswered); }));
  out.answered_ms = since();
  line.watch->add_fact(watch::CallFact{id, watch::FactKind::kAnswered, watch::SideIndex{1}, wall_, "their officer"});
  DETENTE_TRY_VOID(look(line));
  out.signs_of_life = signs_of_life_;
  out.silent_row = line.watch->book()->silence().row();
  run(std::chrono::seconds(60));
  out.queued = queued();
  for (const record::StoredEntry& stored : heard_by(far_, kAccordLine))
    if (const auto entry = record::decode_entry(stored.bytes); entry && entry->header.kind == record::kBulletinEntry)
      ++out.their_bulletins;
  return out;
}

}  // namespace

Result<std::unique_ptr<SilentStation>> SilentStation::start(const SilenceSetting& setting) {
  DETENTE_TRY(store, io::SqliteStore::open(setting.directory + "/record.db"));
  auto run = std::make_unique<Run>(setting, std::move(store));
  DETENTE_TRY_VOID(run->begin());
  return run;
}

}  // namespace detente::cli
