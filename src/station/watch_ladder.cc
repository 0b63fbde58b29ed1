// Watch: what the status ladder asks of it.
#include <algorithm>

#include "station/watch.h"
#include "wire/text.h"

namespace detente::station {

namespace {

// Every schedule has a call within so many days, unless holidays say otherwise.
constexpr std::uint32_t kLookBack = 14;

// A person who was there at the last planned call, or since, is there as far as anybody can know; where none is planned,
// one who was there within a day.
WallTime known_from(const LineWatch& line, WallTime now) {
  constexpr std::uint32_t kDay = 86400, kEarly = 300;  // a call may be answered so long before its hour
  std::optional<WallTime> out;
  if (line.schedule() != nullptr)
    for (const watch::PlannedCall& call : line.schedule()->planned({now.seconds - std::min(now.seconds, kLookBack * kDay)}, now))
      if (call.unanswered_from <= now) out = std::max(out.value_or(WallTime{}), call.begin());
  const std::uint32_t at = out ? out->seconds - std::min(out->seconds, kEarly) : now.seconds - std::min(now.seconds, kDay);
  return {at};
}

void add_calls(const LineWatch& line, WallTime now, watch::PeopleFacts& people) {
  const watch::CallBook* book = line.book();
  people.known_from = known_from(line, now);
  if (book == nullptr) return;
  if (const auto& answer = book->last_answer()) {
    // An answer of ours was to a call of theirs.
    if (answer->side == line.own()) {
      people.called = answer->deed.at;
    } else {
      people.answered = {answer->deed.at, wire::display_line(answer->deed.officer)};
    }
  }
  const auto today = watch::day_at(now);
  for (const watch::BookCall& call : book->calls(today - std::min(today, watch::Day{kLookBack}), today + 2)) {
    const auto& declined =
        call.facts.of(static_cast<watch::SideIndex>(1 - line.own()), watch::FactKind::kDeclined);
    if (declined && (!people.declined || people.declined->at < declined->at))
      people.declined = {declined->at, wire::display_line(declined->officer)};
    const auto silent = watch::silent_side(call.call, call.facts, call.state);
    if (!silent || *silent == line.own()) continue;
    people.unanswered = call.call.at;
    people.their_turn = call.state == watch::CallState::kNotCalled;
  }
  people.unanswered_row = book->silence().row();
  if (!people.unanswered && people.unanswered_row > 0) people.unanswered = book->silence().since();
}

void add_under_way(const LineWatch& line, WallTime now, std::vector<watch::UnderWay>& out) {
  using What = watch::UnderWay::What;
  const auto far = static_cast<watch::SideIndex>(1 - line.own());
  const auto call = line.open_call(now);
  if (call && line.is_to_answer(*call)) {
    out.push_back({What::kTheyCalled, call->facts.of(far, watch::FactKind::kCalled)->at, line.open_until(*call)});
  } else if (call && (call->state == watch::CallState::kDue || call->state == watch::CallState::kOverdue)) {
    const WallTime until = call->call.unanswered_from;
    const auto& ours = call->facts.of(line.own(), watch::FactKind::kCalled);
    if (ours) {
      out.push_back({What::kWeCalled, ours->at, until});
    } else if (call->call.caller == line.own()) {
      out.push_back({What::kOurCall, call->call.at, until});
    } else if (now >= call->call.late_from) {
      out.push_back({What::kTheirCall, call->call.at, until});
    }
  }
  for (const bool own : {true, false})
    if (const auto& query = line.presence(own); query && line.presence_state(*query, now) == PresenceState::kWaiting)
      out.push_back({own ? What::kWeAsked : What::kTheyAsked, query->at, {query->held->seconds + line.presence_minutes() * 60}});
}

void add_presence(const LineWatch& line, WallTime now, watch::PeopleFacts& people) {
  const auto& query = line.presence(true);
  if (!query) return;
  const std::string by = wire::display_line(query->answered_by);
  switch (line.presence_state(*query, now)) {
    case PresenceState::kNotThere:
    case PresenceState::kWaiting: return;
    case PresenceState::kReady:
      people.presence = {watch::Presence::kReady, query->answered_at, by};
      return;
    case PresenceState::kNotNow:
      people.presence = {watch::Presence::kNotNow, query->answered_at, by};
      return;
    case PresenceState::kUnanswered:
      people.presence = {watch::Presence::kUnanswered, query->at, ""};
      return;
  }
}

void add_claim(const LineWatch& line, watch::PeopleFacts& people) {
  const auto claim = line.claim(false);
  if (!claim) return;
  if (claim->first.since) {
    people.claim_on = {claim->second, wire::display_line(claim->first.who)};
    people.claim_since = claim->first.since;
  } else {
    people.claim_off = claim->second;
  }
}

// The one in force, else the next; of several the other side's.
std::optional<watch::OutageFacts> outage_facts(const std::vector<std::pair<bool, line::Outage>>& outages,
                                               WallTime now) {
  std::optional<watch::OutageFacts> out;
  for (const auto& [own, outage] : outages) {
    const bool in_force = outage.from <= now;
    if (out && (out->from <= now || !in_force) && !(in_force && out->ours && !own)) continue;
    out = watch::OutageFacts{
        own, outage.from, outage.until, std::nullopt, wire::display_line(outage.words), ""};
  }
  return out;
}

// The beginning of a text, whole characters of it.
std::string shown_start(const std::string& words) {
  constexpr std::size_t kShownMax = 200;
  if (words.size() <= kShownMax) return wire::display_line(words);
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0) == 0x80) --end;
  return wire::display_line(words.substr(0, end)) + " ...";
}

}  // namespace

std::vector<watch::FlashFacts> Watch::flash_facts(const OneLine& line) const {
  constexpr std::size_t kNamedMax = 20;  // the rest is counted
  std::vector<watch::FlashFacts> out;
  const PeerId peer = line.counterpart->peer;
  const ReadMarks& marks = running_.marks_of(peer, line.annex->line);
  if (marks.flashes() == 0) return out;
  const record::EpochId newest = running_.newest_log(peer, line.annex->line, false).epoch;
  for (const ReadMarks::Unread& flash : marks.first(kNamedMax, ReadMarks::Which::kFlash)) {
    const auto stored = running_.stored(flash.log, flash.index);
    out.push_back({(flash.log.epoch == newest ? "" : to_hex(flash.log.epoch).substr(0, 8) + "/") + std::to_string(flash.index),
                   stored ? stored->stored_at : WallTime{}});
  }
  return out;
}

std::optional<watch::OutageFacts> Watch::over_facts(const OneLine& line, WallTime now) const {
  auto over = line.watch->outages().over(now);
  if (const OneLine* all = find(line.counterpart->peer, kAccordLine); all != nullptr && all != &line)
    if (auto of_all = all->watch->outages().over(now); of_all && (!over || over->until < of_all->until)) over = std::move(of_all);
  if (!over) return std::nullopt;
  return watch::OutageFacts{false, over->from, over->until, std::nullopt, wire::display_line(over->words), ""};
}

void Watch::add_facts(const Counterpart& counterpart, const accord::Annex& annex,
                      watch::LadderFacts& facts) const {
  const OneLine* line = find(counterpart.peer, annex.line);
  if (line == nullptr) return;
  if (annex.log_only) {
    facts.log_only = true;
    if (const auto& deed = line->contact)
      facts.contact = {deed->at, wire::display_line(deed->bearer), shown_start(deed->words),
                       deed->way == "in"};
    return;
  }
  facts.unconfirmed = unconfirmed_facts(*line);
  facts.flashes = flash_facts(*line);
  facts.flashes_more = running_.marks[{counterpart.peer, annex.line}].flashes() - facts.flashes.size();
  const WallTime time = facts.now.wall;
  add_calls(*line->watch, time, facts.people);
  add_presence(*line->watch, time, facts.people);
  add_claim(*line->watch, facts.people);
  if (const auto& seen = line->watch->person()) {
    facts.people.seen = {seen->at, wire::display_line(seen->officer)};
    facts.people.seen_doing = seen->doing;
  }
  add_under_way(*line->watch, time, facts.people.under_way);
  auto ours = unsent_query(*line);
  if (const auto& held = line->watch->presence(true); !ours && held && line->watch->presence_state(*held, time) == PresenceState::kNotThere) ours = held;
  if (ours) facts.people.under_way.push_back({watch::UnderWay::What::kAskNotThere, ours->at, {}});
  facts.outage = outage_facts(outages_of(*line), time);
  facts.outage_over = over_facts(*line, time);
  if (const std::string trouble = line->watch->zone_trouble(); !trouble.empty())
    facts.hours_trouble.push_back("CHECK CALLS NOT KNOWN HERE: " + trouble + ".");
  if (const auto differ = zone_difference_.find(counterpart.peer); differ != zone_difference_.end() && !differ->second.empty())
    facts.hours_trouble.push_back(zone_difference_words(differ->second) + ".");
  const auto hours = line->watch->hours(time);
  if (hours && (hours->hours.state != watch::OpenState::kAlways || !line->watch->zone_trouble().empty())) facts.hours = hours->words;
  facts.outside_hours = hours && (hours->hours.state == watch::OpenState::kClosed || hours->hours.state == watch::OpenState::kExtended);
}

}  // namespace detente::station
