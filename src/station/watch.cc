#include "station/watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/civil.h"
#include "line/register_act.h"
#include "record/proposal_body.h"
#include "station/submission.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::uint32_t kAliveSeconds = 60;

// Of what only a person writes, and can write again; nothing for the rest.
std::optional<std::string> words_of_person(const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kMessage: return std::string(as_string(entry.body));
    case record::kRegister: {
      const auto act = line::parse_register_body(entry.body);
      return act && act->cut ? act->cut->reason : std::string();
    }
    case record::kProposal: {
      const auto proposal = record::parse_proposal_body(entry.body);
      return proposal ? proposal->words : std::string();
    }
    case record::kProposalAnswer: {
      const auto answer = record::parse_answer_body(entry.body);
      return answer ? answer->words : std::string();
    }
    default: return std::nullopt;
  }
}

std::string silence_words(std::uint32_t row, WallTime since) {
  return std::to_string(row) + (row == 1 ? " check call" : " check calls in a row") + " without an answer, the first at " +
         format_utc(since);
}

// For this side's people: nothing of it is sent.
std::string missed_words(const std::string& line, std::uint32_t row, WallTime since) {
  return std::to_string(row) + (row == 1 ? " check call" : " check calls in a row") +
         " that this side did not make or did not answer, the first at " + format_utc(since) +
         "; is anybody on watch here? Which they are: detente calls " + line + " --from " + format_utc(since).substr(0, 10) +
         ". The next call or answer of an officer ends this alarm";
}

// Somebody is at the desk again.
bool is_at_desk(const watch::CallFact& fact) { return fact.kind != watch::FactKind::kCalledOff; }

}  // namespace

Json Watch::call_fields(const watch::CallId& call) { return {{"date", watch::date_text(call.day)}, {"place", call.entry}}; }

// ---- small helpers ----

const Watch::OneLine* Watch::find(PeerId peer, LineId line) const {
  const auto found = lines_.find({peer, line});
  return found == lines_.end() ? nullptr : &found->second;
}

Watch::OneLine* Watch::find(PeerId peer, LineId line) {
  const auto found = lines_.find({peer, line});
  return found == lines_.end() ? nullptr : &found->second;
}

Watch::OneLine* Watch::named(const std::string& name) {
  for (auto& [key, line] : lines_)
    if (line.name == name) return &line;
  return nullptr;
}

std::vector<std::pair<bool, line::Outage>> Watch::outages_of(const OneLine& line) const {
  auto out = line.watch->outages().to_come(now());
  if (line.annex->line == kAccordLine) return out;
  if (const OneLine* all = find(line.counterpart->peer, kAccordLine))
    for (auto& one : all->watch->outages().to_come(now())) out.push_back(std::move(one));
  return out;
}

std::vector<std::string> Watch::every_line() const {
  std::vector<std::string> out;
  for (const auto& [key, line] : lines_)
    if (key.line != kAccordLine) out.push_back(line.name);
  return out;
}

void Watch::note(const Json& line, WallTime at) {
  const auto done = file_->append(at, line);
  if (done) return trouble_.reset();
  if (!trouble_) log_.error("the watch log takes nothing: {}", done.error().message);
  trouble_ = done.error().message;
}

void Watch::tell(const OneLine& line, const char* event, Json more) {
  Json out{{"event", event},
           {"counterpart", line.counterpart->name()},
           {"line", line.annex->name},
           {"line_number", line.annex->line.value}};
  out.update(more);
  running_.events.add_told(std::move(out), now());
}

void Watch::submit(const Counterpart& counterpart, LineId line, record::Kind kind, Bytes body) {
  record::Entry entry;
  entry.header.line = line;
  entry.header.kind = kind;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.time = now();
  entry.body = std::move(body);
  // An older one that no path has carried yet says what is not so any more.
  running_.driver->withdraw(
      counterpart.peer, line, [kind](const record::Entry& one) { return one.header.kind == kind; },
      "a newer one takes its place");
  if (const auto done = running_.driver->submit(counterpart.peer, line, std::move(entry)); !done)
    log_.warn("{}: {}", counterpart.name(), done.error().message);
}

// ---- time ----

void Watch::tick() {
  const WallTime time = now();
  if (time.seconds >= alive_written_.seconds + kAliveSeconds || time < alive_written_) {
    alive_written_ = time;
    const std::string text = std::to_string(time.seconds) + "\n";
    if (const auto done = io::write_file(running_.dir.alive_file(), as_bytes(text), io::kSecretMode); !done)
      log_.warn("{}", done.error().message);
    write_heard();
    keep_end();
  }
  look_at_clock(time);
  look_at_paths(time);
  for (auto& [key, line] : lines_) {
    advance(line, time);
    look_at_query(line);
    look_at_receipts(key.peer, line);
    look_at_register(line);
    if (line.zones_told && may_note(line, line.far_notes)) {
      line.zones_told = false;
      compare_zones(line);
    }
  }
  escalate();
  look_at_vigilance(time);
  look_at_credentials(time);
  look_at_people(time);
  count_tries(time);
}

void Watch::advance(OneLine& line, WallTime time) {
  if (const auto done = line.watch->advance(time); !done) {
    log_.warn("{}: {}", line.name, done.error().message);
    if (const auto again = replay_again(); !again) log_.error("{}", again.error().message);
    return;
  }
  const auto events = line.watch->take_events();
  for (const watch::BookEvent& event : events) on_book_event(line, event);
  if (!events.empty()) show_rows(line);
}

// An alarm of a row is raised at few of its lengths, and says how long the row is now.
void Watch::show_rows(const OneLine& line) {
  const watch::CallBook* book = line.watch->book();
  if (book == nullptr) return;
  if (const auto& row = book->silence(); row.row() > 0) alarms_.reword({"silence", line.name}, silence_words(row.row(), row.since()));
  if (const auto& row = book->missed(); row.row() > 0) alarms_.reword({"missed-call", line.name}, missed_words(line.name, row.row(), row.since()));
}

void Watch::on_book_event(OneLine& line, const watch::BookEvent& event) {
  using Kind = watch::BookEvent::Kind;
  if (event.kind == Kind::kAlarm) return on_book_alarm(line, *event.alarm);
  Json more = call_fields(event.call->id);
  const bool ours = event.call->caller == line.watch->own();
  more["caller"] = line.counterpart->accord.accord.sides[event.call->caller].name;
  more["at"] = event.call->at.seconds;
  if (event.kind == Kind::kClosed) {
    withdraw_call(line, event.call->id);
    const auto call = line.watch->book()->call(event.call->id);
    if (call) note_outcome(line, *call);
    more["state"] = watch::to_string(call ? call->state : event.state);
    return tell(line, "call-closed", std::move(more));
  }
  more["our_turn"] = ours;
  tell(line, event.kind == Kind::kDue ? "call-due" : "call-overdue", std::move(more));
}

void Watch::on_book_alarm(OneLine& line, const watch::Alarm& alarm) {
  Json more{{"row", alarm.row}, {"since", alarm.since.seconds}};
  if (alarm.kind == watch::AlarmKind::kSignOfLife) {
    note({{"what", "life"}, {"line", line.name}, {"time", alarm.at.seconds}});
    const std::string& far = line.counterpart->name();
    raise(line.name, "sign-of-life",
          alarm.row == 0 ? far + " gave a sign of life, the first since the cut ended at " + format_utc(alarm.since)
                         : far + " gave a sign of life after " + std::to_string(alarm.row) + " silent check call" +
                               (alarm.row == 1 ? "" : "s") + " since " + format_utc(alarm.since));
    end(line.name, "sign-of-life");  // it asks for a person, and its cause does not last
    end(line.name, "silence", alarm.row == 0 ? "" : silence_words(alarm.row, alarm.since));
    return tell(line, "sign-of-life", std::move(more));
  }
  if (alarm.kind == watch::AlarmKind::kMissed) {
    raise(line.name, "missed-call", missed_words(line.name, alarm.row, alarm.since));
    return tell(line, "missed-call", std::move(more));
  }
  raise(line.name, "silence", silence_words(alarm.row, alarm.since));
  tell(line, "silence", std::move(more));
}

void Watch::note_outcome(OneLine& line, const watch::BookCall& call) {
  const char* const state = watch::to_string(call.state);
  // What was not seen may be known after all, and a deed may come long after the call was over.
  const auto [held, is_new] = line.outcomes.try_emplace(call.call.id, Outcome{state, {}});
  const bool may_change = watch::is_not_seen(held->second.state) || watch::is_by_deeds(call.state);
  if (!is_new && (held->second.state == state || !may_change)) return;
  held->second = {state, call.facts.gap};
  Json out{{"what", "outcome"}, {"line", line.name}};
  out.update(call_fields(call.call.id));
  out["caller"] = line.counterpart->accord.accord.sides[call.call.caller].name;
  out["state"] = state;
  out["hour"] = call.call.at.seconds;
  if (call.facts.gap) out["gap"] = gap_json(*call.facts.gap);
  note(out);
  while (line.outcomes.size() > 1024) line.outcomes.erase(line.outcomes.begin());
}

void Watch::withdraw_call(OneLine& line, const watch::CallId& id) {
  const auto call = line.watch->book()->call(id);
  if (!call) return;
  for (const line::CallDeed act : withdraw_acts(line, *call, "the check call is over and no path carried it"))
    if (act != line::CallDeed::kCalled) line.watch->take_back(id, fact_kind(act));
}

// An act of a call that no path carried is not sent months later, as if it were of that day. That this side called, or
// replied, stands in the watch log; a reply that nobody there can see answers nothing.
std::set<line::CallDeed> Watch::withdraw_acts(const OneLine& line, const watch::BookCall& call, const char* why) {
  std::set<line::CallDeed> out;
  const auto is_of_call = [&](const record::Entry& entry) {
    if (entry.header.kind != record::kCheckCall) return false;
    const auto act = line::parse_call_body(entry.body);
    if (!act || call_id(*act) != call.call.id || act->deed == line::CallDeed::kCalledOff) return false;
    out.insert(act->deed);
    return true;
  };
  running_.driver->withdraw(line.counterpart->peer, line.annex->line, is_of_call, why);
  for (const line::CallDeed act : out) {
    const auto& deed = call.facts.of(line.watch->own(), fact_kind(act));
    if (!deed) continue;
    Json told{{"what", "call"}, {"line", line.name}, {"side", "own"}, {"act", to_string(act)}};
    told.update(call_fields(call.call.id));
    told.update(Json{{"time", deed->at.seconds}, {"officer", deed->officer}, {"carried", 0}});
    note(told);
  }
  return out;
}

// ---- what comes in ----

void Watch::on_event(const core::DeskEvent& event) {
  const auto look = [this](PeerId peer, LineId id) {
    OneLine* line = find(peer, id);
    if (line == nullptr || std::exchange(line->look_wanted, true)) return;
    running_.driver->post([this, peer, id] {
      OneLine* then = find(peer, id);  // unless it was retired meanwhile
      if (then == nullptr) return;
      then->look_wanted = false;
      scan(*then);
    });
  };
  if (const auto* changed = std::get_if<core::RegisterChanged>(&event))
    if (OneLine* line = find(changed->peer, changed->line)) return look_at_register(*line);
  if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event))
    if (OneLine* line = find(receipt->peer, receipt->line)) return look_at_query(*line);
  if (const auto* failed = std::get_if<core::SubmissionFailed>(&event)) return take_back(*failed);
  if (const auto* queued = std::get_if<core::EntryQueued>(&event)) take_durable(queued->peer, queued->line, queued->submission);
  if (const auto* placed = std::get_if<core::EntryPlaced>(&event)) {
    take_durable(placed->peer, placed->line, placed->submission);
    look(placed->peer, placed->line);
  }
  if (const auto* arrived = std::get_if<core::EntryArrived>(&event)) look(arrived->peer, arrived->line);
}

// What waited and what a person had written goes back to its author, who may have left his terminal: its words stand in the
// watch log, and an alarm says so. What a station writes by itself it writes again by itself.
void Watch::take_back(const core::SubmissionFailed& failed) {
  if (OneLine* line = find(failed.peer, failed.line)) line->not_durable.erase(failed.submission);
  if (!failed.given_back) return;
  const std::optional<std::string> words = words_of_person(*failed.given_back);
  if (!words) return;
  const Counterpart& counterpart = *running_.counterparts[failed.peer.value];
  const accord::Annex* annex = counterpart.annex_or_retired(failed.line);
  const std::string line = counterpart.name() + "/" + (annex == nullptr ? std::to_string(failed.line.value) : annex->name);
  const record::Header& header = failed.given_back->header;
  const bool left = failed.submission == 0;
  const std::string author = header.author.value == 0 ? "the desk" : officer_words(running_.own_roster, header.author);
  const std::string kind = kind_name(header.kind);
  note({{"what", failed.dropped ? "dropped" : "returned"}, {"line", line}, {"author", author}, {"kind", kind},
        {"text", failed.dropped ? "" : wire::display_line(*words)},
        {"why", left ? "no receipt for it has come; " + failed.error.message : failed.error.message}});
  const std::string what = left ? " had left, and no receipt for it has come, so that nobody here knows whether it is there: "
                                       : " was not sent: ";
  on_core_alarm(line, failed.dropped ? "dropped" : "returned",
                (kind == "answer" ? "an " : "a ") + kind + " of " + author + (failed.dropped ? ", which he wanted dropped," : "") + what +
                    failed.error.message + (failed.dropped ? "" : ". Its text: detente log " + line));
}

// FLASH rings whatever the hours say. A test does not: nobody is asked for it.
void Watch::ring(OneLine& line, const WatchAct& act, bool early) {
  if (!started_ || act.own || !act.flash || act.entry_class == record::EntryClass::kTest) return;
  const std::pair place(act.place.epoch, act.place.index);
  const bool rung = early ? !line.rung.insert(place).second : line.rung.erase(place) > 0;
  if (rung) return;
  tell(line, "ring", {{"act", "flash"}, {"officer", act.officer}, {"class", class_name(act.entry_class)},
                      {"epoch", to_hex(act.place.epoch)}, {"index", act.place.index}});
}

void Watch::take(OneLine& line, const record::LogKey& log, const record::StoredEntry& stored, bool early) {
  const auto act = read_watch_act(running_, *line.counterpart, *line.annex, log, stored);
  if (!act) return;
  if (const auto seen = line.watch->see_person(*act, now()); seen && replay_ != nullptr) remember(line, *seen);
  ring(line, *act, early);
  if (const auto* zones = std::get_if<std::vector<line::ZoneDigest>>(&act->body)) return take_zones(line, *act, *zones);
  if (const auto* call = std::get_if<line::CallAct>(&act->body)) return take_call(line, *act, *call);
  if (!line.watch->take(*act, now())) return;
  if (const auto* outage = std::get_if<line::Outage>(&act->body); outage != nullptr && may_note(line, *act))
    note_outage(line, *act, *outage);
  if (act->own || !started_) return;
  if (const auto* deed = std::get_if<line::PresenceDeed>(&act->body))
    tell(line, *deed == line::PresenceDeed::kAsked ? "presence-asked" : "presence-answered",
         {{"officer", act->officer}});
  if (std::holds_alternative<line::OnWatch>(act->body)) tell(line, "claim");
  if (std::holds_alternative<line::Outage>(act->body)) tell(line, "outage");
  if (std::holds_alternative<HoursSigned>(act->body)) tell(line, "hours");
}

void Watch::take_call(OneLine& line, const WatchAct& act, const line::CallAct& call) {
  if (!act.vouched)
    log_.warn("{}: a check call's act without a valid signature does not count (entry {})", line.name,
              act.place.index);
  const auto fact = line.watch->call_fact(act);
  const bool drill = act.entry_class == record::EntryClass::kDrill;
  line.watch->see_ring(act);
  // An entry is seen twice when it came ahead of others, and at every start.
  if (!(fact || drill) || !line.watch->add_entry(call_id(call), {act.own, act.place, drill, line.watch->is_former(act)})) return;
  if ((!drill && line.watch->is_planned(call_id(call))) || may_note(line, act)) note_call(line, act, call);
  if (replay_ != nullptr) return remember(line, act);
  static_cast<void>(line.watch->take(act, now()));
  if (act.own && fact && is_at_desk(*fact)) end(line.name, "missed-call");
  const bool former = line.watch->is_former(act);
  if (!former) settle_outcome(line, call_id(call));
  if (act.own || !started_) return;
  Json more{{"act", to_string(call.deed)}, {"officer", act.officer}, {"class", class_name(act.entry_class)}};
  more.update(call_fields(call_id(call)));
  tell(line, call.deed == line::CallDeed::kCalled && !former ? "ring" : "call", std::move(more));
}

Result<void> Watch::check(const Counterpart& counterpart, const accord::Annex& annex,
                          const record::Entry& entry) const {
  const OneLine* line = find(counterpart.peer, annex.line);
  if (line == nullptr || entry.header.entry_class != record::EntryClass::kLive) return {};
  if (entry.header.kind == record::kCheckCall) {
    DETENTE_TRY(act, line::parse_call_body(entry.body));
    return line->watch->check(act, now());
  }
  if (entry.header.kind == record::kHoursExtension) {
    DETENTE_TRY(until, line::parse_hours_body(entry.body));
    if (line->watch->schedule() == nullptr)
      return fail(Fault::kState, "the accord plans no hours on this line: it is open at all hours");
    DETENTE_TRY(made, watch::extend_hours(*line->watch->schedule(), now(), until, {"we", "they"}));
    static_cast<void>(made);
  }
  if (entry.header.kind == record::kOutage) {
    DETENTE_TRY(outage, line::parse_outage_body(entry.body));
    const auto known = line->watch->outages().to_come(now());
    const bool is_known = std::any_of(known.begin(), known.end(), [&](const auto& one) {
      return one.first && one.second.from == outage.from;
    });
    if (!is_known && outage.until <= now())
      return fail(Fault::kMalformed, "an outage is announced beforehand, and this one is over already");
    if (!is_known && line->watch->outages().is_full(true, now()))
      return fail(Fault::kLimit, "this side has announced " + std::to_string(kOutagesMax) + " outages of this line that are not over, "
                                 "which is the most; take one back first: detente outage end LINE --from TIME, or announce one "
                                 "span for several");
  }
  return {};
}

void Watch::on_submitted(const Counterpart& counterpart, const accord::Annex& annex, const record::Entry& entry,
                         core::SubmissionId submission) {
  OneLine* line = find(counterpart.peer, annex.line);
  if (entry.header.author != kStationItself) last_deed_ = now();
  if (line == nullptr || entry.header.kind != record::kCheckCall ||
      entry.header.entry_class != record::EntryClass::kLive)
    return;
  const auto act = line::parse_call_body(entry.body);
  if (!act) return;
  line->not_durable[submission] = {call_id(*act), fact_kind(act->deed), line->watch->own(), entry.header.time,
                                   officer_words(running_.own_roster, entry.header.author)};
}

void Watch::take_durable(PeerId peer, LineId id, core::SubmissionId submission) {
  OneLine* line = find(peer, id);
  if (line == nullptr) return;
  const auto held = line->not_durable.extract(submission);
  if (!held) return;
  line->watch->add_fact(held.mapped());
  if (is_at_desk(held.mapped())) end(line->name, "missed-call");
  settle_outcome(*line, held.mapped().call);
}

// ---- what the other side is told ----

void Watch::start() {
  begin();
  started_ = true;
  tell_lost_end();
  look_at_zones();
  for (const auto& counterpart : running_.counterparts) tell_zones(*counterpart);
  for (auto& [key, line] : lines_) tell_on_watch(line);
  tick();
}

void Watch::tell_zones(const Counterpart& counterpart) {
  const auto& ours = zones_[counterpart.peer];
  const auto told = told_zones_.find({counterpart.peer, true});
  if (ours.empty() || (told != told_zones_.end() && told->second == ours)) return;
  submit(counterpart, kAccordLine, record::kZoneRules, line::zone_rules_body(ours));
}

void Watch::take_zones(OneLine& line, const WatchAct& act, const std::vector<line::ZoneDigest>& zones) {
  if (line.annex->line != kAccordLine) return;
  told_zones_[{line.counterpart->peer, act.own}] = zones;
  // What an old entry says may be settled by a newer one: at a start all of them are read before anything is said.
  if (!act.own && started_) line.zones_told = true;  // they are compared at the next tick, unless they change too often
}

void Watch::compare_zones(const OneLine& line) {
  const PeerId peer = line.counterpart->peer;
  const auto told = told_zones_.find({peer, false});
  if (told == told_zones_.end()) return;  // not known, which settles nothing
  std::string differ;
  for (const line::ZoneDigest& theirs : told->second)
    for (const line::ZoneDigest& ours : zones_[peer])
      if (ours.zone == theirs.zone && ours.digest != theirs.digest)
        differ += (differ.empty() ? "" : ", ") + wire::display_line(ours.zone);
  zone_difference_[peer] = differ;
  differ.empty() ? ask_no_more(line.name, "zone-rules") : ask_person(line.name, "zone-rules", zone_difference_words(differ));
}

std::string Watch::zone_difference_words(const std::string& zones) {
  return "the two sides' zone rules differ for " + zones +
         ": check calls may be expected at different instants. Bring the zone data of both machines up to date and start "
         "the stations again";
}

void Watch::look_at_zones() {
  for (auto& [key, line] : lines_) {
    const std::string trouble = line.watch->zone_trouble();
    trouble.empty() ? ask_no_more(line.name, "zone-unknown") : ask_person(line.name, "zone-unknown", trouble);
    if (key.line == kAccordLine) compare_zones(line);
  }
}

void Watch::tell_on_watch(OneLine& line) {
  using accord::WatchTold;
  const WatchTold told = line.annex->hours.on_watch;
  if (told == WatchTold::kNothing) return;
  line::OnWatch claim;
  claim.since = people_.staffed_since(line.name);
  const auto on = people_.on(line.name);
  if (claim.since && told == WatchTold::kPost && !on.empty())
    if (const auto* held = running_.own_roster.by_number(on.front().officer)) claim.who = held->credential.post;
  if (line.told_on_watch ? *line.told_on_watch == claim : !claim.since) return;
  line.told_on_watch = claim;
  submit(*line.counterpart, line.annex->line, record::kOnWatch, line::on_watch_body(claim));
}

void Watch::close() {
  write_heard();
  note({{"what", "stop"}});
  keep_end();
}

}  // namespace detente::station
