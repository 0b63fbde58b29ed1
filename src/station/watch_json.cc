// Watch: what it answers. spec/api.md, "Watch".
#include <algorithm>
#include <utility>

#include "base/civil.h"
#include "station/submission.h"
#include "station/watch.h"
#include "watch/calendar.h"
#include "wire/text.h"

namespace detente::station {

namespace {

Json time_json(const std::optional<WallTime>& time) { return time ? Json(time->seconds) : Json(); }

std::string state_words(const watch::BookCall& call, watch::SideIndex own) {
  using watch::CallState;
  const bool we_call = call.call.caller == own;
  switch (call.state) {
    case CallState::kUnanswered: {
      const auto silent = watch::silent_side(call.call, call.facts, call.state);
      return silent && *silent == own ? "they called and we did not answer" : "we called and they did not answer";
    }
    case CallState::kNotCalled:
      return we_call ? "we did not call, though it was our turn" : "they did not call, though it was their turn";
    case CallState::kDue:
    case CallState::kOverdue:
      if (const auto& theirs = call.facts.of(static_cast<watch::SideIndex>(1 - own), watch::FactKind::kCalled))
        return "they called at " + format_utc(theirs->at) + ", answer with: detente answer LINE --as YOU";
      if (const auto& ours = call.facts.of(own, watch::FactKind::kCalled))
        return "called at " + format_utc(ours->at) + ", waiting for their answer";
      return std::string(watch::to_string(call.state)) + (we_call ? ": our turn to call" : ": their turn to call");
    case CallState::kOwnStationDown: return "not known: this station did not run";
    case CallState::kOwnPathDown: return "not known: our path was down";
    case CallState::kNotWatched:
      return call.facts.gap ? "not known: " + watch::words_of(*call.facts.gap) : "not known: this station saw nothing of it";
    default: return watch::to_string(call.state);
  }
}

}  // namespace

Json Watch::call_json(const OneLine& line, const watch::BookCall& call) const {
  const auto& sides = line.counterpart->accord.accord.sides;
  Json out = call_fields(call.call.id);
  out["number"] = call.call.number;
  out["at"] = call.call.at.seconds;
  out["at_words"] = line.watch->schedule()->words(call.call);
  out["caller"] = sides[call.call.caller].name;
  out["our_turn"] = call.call.caller == line.watch->own();
  out["kind"] = to_string(call.call.kind);
  out["late_from"] = call.call.late_from.seconds;
  out["unanswered_from"] = call.call.unanswered_from.seconds;
  out["state"] = watch::to_string(call.state);
  out["state_words"] = state_words(call, line.watch->own());
  out["facts"] = Json::array();
  for (watch::SideIndex side = 0; side < 2; ++side)
    for (const auto kind : {watch::FactKind::kCalled, watch::FactKind::kAnswered, watch::FactKind::kDeclined,
                            watch::FactKind::kCalledOff})
      if (const auto& deed = call.facts.of(side, kind))
        out["facts"].push_back({{"side", sides[side].name},
                                {"kind", to_string(static_cast<line::CallDeed>(kind))},
                                {"at", deed->at.seconds},
                                {"officer", wire::display_line(deed->officer)}});
  out["entries"] = Json::array();
  for (const EntryRef& entry : line.watch->entries_of(call.call.id))
    if (!entry.former)
      out["entries"].push_back({{"whose", entry.own ? "own" : "far"},
                                {"epoch", to_hex(entry.place.epoch)},
                                {"index", entry.place.index},
                                {"class", entry.drill ? "drill" : "live"}});
  return out;
}

Json Watch::presence_json(const OneLine& line, bool own) const {
  if (const auto waiting = own ? unsent_query(line) : std::nullopt)
    return {{"asked_at", waiting->at.seconds}, {"asked_by", wire::display_line(waiting->officer)}, {"state", to_string(PresenceState::kNotThere)},
            {"epoch", ""}, {"index", Json()}, {"answered_at", Json()}, {"answered_by", ""}, {"until", Json()}};
  const auto& query = line.watch->presence(own);
  if (!query) return {};
  const PresenceState state = line.watch->presence_state(*query, now());
  return {{"asked_at", query->at.seconds},
          {"asked_by", wire::display_line(query->officer)},
          {"state", to_string(state)},
          {"epoch", to_hex(query->place.epoch)},
          {"index", query->place.index},
          {"answered_at", query->answer ? Json(query->answered_at.seconds) : Json()},
          {"answered_by", wire::display_line(query->answered_by)},
          {"until", query->held ? Json(query->held->seconds + line.watch->presence_minutes() * 60) : Json()}};
}

Json Watch::hours_json(const OneLine& line) const {
  const WallTime time = now();
  const auto hours = line.watch->hours(time);
  if (!hours) return {{"state", "always"}, {"words", "open at all hours"}};
  Json out{{"state", hours->hours.is_open() ? "open" : "closed"},
           {"words", hours->words},
           {"until", time_json(hours->hours.until)},
           {"proposed", Json()}};
  if (const auto proposed = line.watch->proposed_extension(time))
    out["proposed"] = {{"by", proposed->first ? "us" : "them"}, {"until", proposed->second.seconds}};
  return out;
}

Json Watch::outages_json(const OneLine& line) const {
  Json out = Json::array();
  const auto add = [&](const OneLine& of) {
    for (const auto& [own, outage] : of.watch->outages().to_come(now()))
      out.push_back({{"by", own ? "us" : "them"},
                     {"line", of.annex->name},
                     {"from", outage.from.seconds},
                     {"until", outage.until.seconds},
                     {"words", wire::display_line(outage.words)},
                     {"now", outage.from <= now()}});
  };
  add(line);
  if (const OneLine* all = find(line.counterpart->peer, kAccordLine); all != nullptr && all != &line) add(*all);
  return out;
}

Json Watch::on_watch_json(const WatchPeople::OnLine& on) const {
  const accord::Roster& roster = running_.own_roster;
  const OfficerId number = roster.newest_number(on.officer);
  Json numbers = Json::array();
  for (const accord::SignedCredential* one : roster.all())
    if (roster.first_number(one->credential.number) == on.officer) numbers.push_back(one->credential.number.value);
  return {{"officer", officer_words(roster, number)}, {"number", number.value}, {"numbers", std::move(numbers)}, {"since", on.since.seconds}};
}

Json Watch::line_json(const Counterpart& counterpart, const accord::Annex& annex) const {
  const OneLine& line = *find(counterpart.peer, annex.line);
  Json out{{"ok", true}, {"counterpart", counterpart.name()}, {"line", annex.name}, {"now", now().seconds}};
  out["hours"] = hours_json(line);
  out["on_watch_here"] = Json::array();
  for (const auto& on : people_.on(line.name)) out["on_watch_here"].push_back(on_watch_json(on));
  out["on_watch_there"] = Json();
  if (const auto claim = line.watch->claim(false))
    out["on_watch_there"] = {{"claimed_at", claim->second.seconds},
                             {"since", time_json(claim->first.since)},
                             {"who", wire::display_line(claim->first.who)}};
  out["last_answer"] = Json();
  out["silence"] = Json();
  out["open_call"] = Json();
  out["call_to_make"] = Json();
  out["next_call"] = Json();
  if (const watch::CallBook* book = line.watch->book()) {
    const auto& sides = counterpart.accord.accord.sides;
    if (const auto answer = line.watch->last_answer())
      out["last_answer"] = {{"side", sides[answer->side].name},
                            {"at", answer->deed.at.seconds},
                            {"officer", wire::display_line(answer->deed.officer)}};
    if (book->silence().row() > 0)
      out["silence"] = {{"row", book->silence().row()}, {"since", book->silence().since().seconds}};
    if (const auto open = line.watch->open_call(now())) out["open_call"] = call_json(line, *open);
    if (const auto ours = line.watch->call_to_make(now())) out["call_to_make"] = call_json(line, *ours);
    if (const auto next = line.watch->schedule()->next({now().seconds + 1}))
      out["next_call"] = call_json(line, {*next, watch::CallState::kPending, {}});
  }
  out["presence"] = {{"ours", presence_json(line, true)}, {"theirs", presence_json(line, false)}};
  out["outages"] = outages_json(line);
  const auto difference = zone_difference_.find(counterpart.peer);
  out["zone_trouble"] = line.watch->zone_trouble();
  out["zones_differ"] = difference == zone_difference_.end() ? "" : difference->second;
  return out;
}

Result<Json> Watch::calls_json(const Counterpart& counterpart, const accord::Annex& annex, watch::Day from,
                               watch::Day until) const {
  const OneLine& line = *find(counterpart.peer, annex.line);
  Json out{{"ok", true}, {"counterpart", counterpart.name()}, {"line", annex.name}, {"from", from}, {"until", until},
           {"calls", Json::array()}};
  watch::Day live = watch::day_at(now()) - watch::CallBook::kLiveDays;
  // The book is of the accord in force.
  if (line.accord_since) live = std::max(live, watch::day_at(*line.accord_since) + 2);
  if (line.watch->book() == nullptr && !line.accord_since) return out;
  if (from < live) DETENTE_TRY_VOID(add_old_calls(line, from, std::min(until, live), out["calls"]));
  if (line.watch->book() == nullptr) return out;
  // A date may begin half a day before or after the same date in UTC.
  const watch::Day first = std::max(from, watch::day_at(now()) - watch::CallBook::kLiveDays);
  for (const watch::PlannedCall& planned : line.watch->schedule()->planned(watch::begin_of(first - 1), watch::begin_of(until + 1))) {
    if (planned.id.day < first || planned.id.day >= until) continue;
    if (const auto call = line.watch->book()->call(planned.id)) out["calls"].push_back(call_json(line, *call));
  }
  return out;
}

// Older than the book: from the log's own lines.
Result<void> Watch::add_old_calls(const OneLine& line, watch::Day from, watch::Day until, Json& out) const {
  std::map<std::pair<std::string, std::uint64_t>, Json> calls;  // of the accord that is read
  std::string accord;
  DETENTE_TRY_VOID(file_->read(1, [&](const Json& one) -> Result<void> {
    const std::string what = one.value("what", "");
    if (what == "accord" && one.value("counterpart", "") == line.counterpart->name()) {
      const std::string before = std::exchange(accord, one.value("digest", ""));
      if (before.empty() || before == accord) return {};
      // What was open then and goes on is the next one's.
      auto former = std::exchange(calls, {});
      for (const Json& held : one.value("going_on", Json::array()))
        if (held.value("line", "") == line.name)
          if (auto node = former.extract(std::pair(held.value("date", ""), held.value("place", std::uint64_t{0})))) calls.insert(std::move(node));
      for (auto& [key, call] : former) {
        if (call["state"] == "") call["state_words"] = "not over when another accord came into force, which does not have it";
        out.push_back(std::move(call));
      }
    }
    if ((what != "call" && what != "outcome") || one.value("line", "") != line.name) return {};
    const std::string date = one.value("date", "");
    const auto day = watch::parse_day(date);
    if (!day || *day < from || *day >= until) return {};
    const std::uint64_t place = one.value("place", std::uint64_t{0});
    Json& call = calls[{date, place}];
    if (call.is_null())
      call = {{"date", date}, {"place", place}, {"at", Json()},        {"caller", ""},
              {"state", ""},  {"state_words", ""}, {"facts", Json::array()}, {"entries", Json::array()}};
    if (what == "outcome") {
      call["caller"] = one.value("caller", "");
      call["state"] = call["state_words"] = one.value("state", "");
      if (one.contains("hour")) call["at"] = one["hour"];
      if (const auto gap = gap_in(one)) call["state_words"] = "not known: " + watch::words_of(*gap);
      return {};
    }
    const bool own = one.value("side", "") == "own";
    call["facts"].push_back({{"side", own ? running_.dir.name() : line.counterpart->name()},
                             {"kind", one.value("act", "")},
                             {"at", one.value("time", std::uint64_t{0})},
                             {"officer", wire::display_line(one.value("officer", ""))},
                             {"class", one.value("class", "live")}});
    if (one.contains("epoch"))
      call["entries"].push_back(
          {{"whose", own ? "own" : "far"}, {"epoch", one["epoch"]}, {"index", one["index"]}, {"class", one.value("class", "live")}});
    return {};
  }));
  for (auto& [key, call] : calls) {
    const auto day = watch::parse_day(key.first);
    const bool of_book = day && line.watch->book() != nullptr && line.watch->book()->call({*day, static_cast<std::uint8_t>(key.second)});
    if (!of_book) out.push_back(std::move(call));
  }
  return {};
}

Result<Json> Watch::calendar_json(const Counterpart& counterpart, const accord::Annex& annex, watch::Day from,
                                  watch::Day until) const {
  const OneLine& line = *find(counterpart.peer, annex.line);
  Json out{{"ok", true},     {"counterpart", counterpart.name()}, {"line", annex.name}, {"from", from},
           {"until", until}, {"today", watch::day_at(now())},
           {"planned", line.watch->schedule() != nullptr}};
  out["marks"] = Json::array();
  for (std::size_t mark = 0; mark < watch::kDayMarks; ++mark)
    out["marks"].push_back(watch::words_of(static_cast<watch::DayMark>(mark)).name);
  out["days"] = Json::array();
  for (watch::Day day = from; day < until; ++day) {
    const watch::DayCounts counts = line.watch->day(day);
    if (counts == watch::DayCounts{}) continue;
    Json marks = Json::array();
    for (const std::uint8_t count : counts.marks) marks.push_back(count);
    out["days"].push_back({day, std::move(marks)});
  }
  return out;
}

Json Watch::heard_json(const Counterpart& counterpart, const accord::Annex& annex) const {
  const OneLine* line = find(counterpart.peer, annex.line);
  if (line == nullptr || !line->heard) return {};
  const Deed& heard = *line->heard;
  return {{"outlet", wire::display_line(heard.bearer)},
          {"at", heard.at.seconds},
          {"words", wire::display_line(heard.words)},
          {"officer", officer_words(running_.own_roster, heard.officer)},
          {"capture", heard.capture}};
}

Json Watch::own_json() const {
  Json out{{"ok", true}, {"now", now().seconds}, {"station", running_.station_id}};
  out["on_watch"] = Json::array();
  out["open"] = Json::array();
  for (const auto& [key, line] : lines_) {
    for (const auto& on : people_.on(line.name)) {
      Json one = on_watch_json(on);
      one["line"] = line.name;
      out["on_watch"].push_back(std::move(one));
    }
    add_open_matters(line, out["open"]);
  }
  out["alarms"] = alarms_json();
  out["hooks"] = hooks_json();
  out["log"] = {{"lines", file_->lines()}, {"bytes", file_->bytes()}, {"trouble", trouble_ ? Json(*trouble_) : Json()}};
  out["unknown_zones"] = unknown_zones_;
  return out;
}

void Watch::add_open_matters(const OneLine& line, Json& out) const {
  const auto add = [&](std::string words) { out.push_back({{"line", line.name}, {"class", "live"}, {"words", std::move(words)}}); };
  if (line.watch->book() != nullptr)
    if (const auto call = line.watch->open_call(now());
        call && (line.watch->is_to_answer(*call) || call->state == watch::CallState::kDue ||
                 call->state == watch::CallState::kOverdue))
      add("check call of " + line.watch->schedule()->words(call->call) + ": " + state_words(*call, line.watch->own()));
  if (const auto& theirs = line.watch->presence(false);
      theirs && line.watch->presence_state(*theirs, now()) == PresenceState::kWaiting)
    add("they ask whether anybody is at the machine, since " + format_utc(theirs->at));
  if (const auto proposed = line.watch->proposed_extension(now()); proposed && !proposed->first)
    add("they propose to extend the hours until " + format_utc(proposed->second));
  add_unread(line, out);
}

// FLASH by itself and with what to type; what is of a drill or test is never counted among what is not.
void Watch::add_unread(const OneLine& line, Json& out) const {
  const auto flashes = flash_facts(line);
  const ReadMarks& marks = running_.marks_of(line.counterpart->peer, line.annex->line);
  const auto add = [&](record::EntryClass of, const std::string& words) {
    out.push_back({{"line", line.name}, {"class", class_name(of)}, {"words", words}});
  };
  for (const watch::FlashFacts& flash : flashes)
    add(record::EntryClass::kLive, "FLASH of " + format_utc(flash.at) + " that nobody has acknowledged: detente ack " + line.name + " " + flash.index + " --as YOU");
  if (const std::uint64_t later = marks.flashes() - flashes.size(); later > 0)
    add(record::EntryClass::kLive, std::to_string(later) + " later FLASH that nobody has acknowledged: detente inbox " + line.name);
  for (const auto of : {record::EntryClass::kLive, record::EntryClass::kDrill, record::EntryClass::kTest}) {
    const std::uint64_t unread = marks.count(of) - (of == record::EntryClass::kLive ? marks.flashes() : 0);
    if (unread > 0) add(of, std::to_string(unread) + (flashes.empty() || of != record::EntryClass::kLive ? "" : " more") + (unread == 1 ? " entry" : " entries") + " that nobody has acknowledged");
  }
  if (marks.behind() > 0)
    add(record::EntryClass::kLive, std::to_string(marks.behind()) + " entries of the record are still being looked at: what waits for an acknowledgement is not all known");
}

}  // namespace detente::station
