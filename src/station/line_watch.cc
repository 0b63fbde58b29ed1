#include "station/line_watch.h"

#include <algorithm>

#include "base/civil.h"

namespace detente::station {

namespace {

constexpr std::uint32_t kEarlySeconds = 300;  // a desk may call, and answer, so long before the hour
constexpr std::size_t kEntriesOfCallMax = 16;
const std::vector<EntryRef> kNoEntries;

const char* doing_of(const WatchActBody& body) {
  if (std::holds_alternative<line::CallAct>(body)) return "signed an act of a check call";
  if (std::holds_alternative<HoursSigned>(body)) return "signed hours";
  if (const auto* deed = std::get_if<line::PresenceDeed>(&body))
    return *deed == line::PresenceDeed::kAsked ? "asked whether anybody is here" : "answered a presence query";
  if (const auto* word = std::get_if<SignOfLife>(&body))
    return word->receipt ? "acknowledged an entry" : "signed a message";
  return nullptr;
}

std::size_t side_of(bool own) { return own ? 0 : 1; }

bool is_reply(line::CallDeed deed) {
  return deed == line::CallDeed::kAnswered || deed == line::CallDeed::kDeclined;
}

}  // namespace

const char* to_string(PresenceState state) {
  switch (state) {
    case PresenceState::kWaiting: return "waiting";
    case PresenceState::kReady: return "ready";
    case PresenceState::kNotNow: return "not now";
    case PresenceState::kUnanswered: return "unanswered";
  }
  return "waiting";
}

watch::FactKind fact_kind(line::CallDeed deed) { return static_cast<watch::FactKind>(deed); }

const char* to_string(line::CallDeed deed) {
  switch (deed) {
    case line::CallDeed::kCalled: return "called";
    case line::CallDeed::kAnswered: return "answered";
    case line::CallDeed::kDeclined: return "declined";
    case line::CallDeed::kCalledOff: return "called off";
  }
  return "called";
}

std::optional<line::CallDeed> call_deed_from(std::string_view text) {
  for (const auto deed : {line::CallDeed::kCalled, line::CallDeed::kAnswered, line::CallDeed::kDeclined,
                          line::CallDeed::kCalledOff})
    if (text == to_string(deed)) return deed;
  return std::nullopt;
}

watch::CallId call_id(const line::CallAct& act) { return {static_cast<watch::Day>(act.day), act.place}; }

LineWatch::LineWatch(std::optional<watch::Schedule> schedule, watch::SideIndex own, std::uint32_t presence_minutes)
    : schedule_(std::move(schedule)), own_(own), presence_minutes_(presence_minutes) {
  if (schedule_ && schedule_->entries() == 0) schedule_.reset();
}

void LineWatch::begin(WallTime from, std::vector<watch::BookFact> facts, WallTime now) {
  if (!schedule_) return;
  book_ = std::make_unique<watch::CallBook>(*schedule_, own_, from);
  book_->replay(std::move(facts), now);
  set_oldest(now);
}

Result<void> LineWatch::advance(WallTime now) {
  if (!book_) return {};
  DETENTE_TRY_VOID(book_->advance(now));
  set_oldest(now);
  return {};
}

void LineWatch::set_oldest(WallTime now) {
  oldest_day_ = watch::day_at(now) - watch::CallBook::kLiveDays;
  while (!entries_.empty() && entries_.begin()->first.day < oldest_day_) entries_.erase(entries_.begin());
}

std::vector<watch::BookEvent> LineWatch::take_events() {
  return book_ ? book_->take_events() : std::vector<watch::BookEvent>();
}

// ---- what comes in ----

std::optional<WallTime> LineWatch::see_person(const WatchAct& act, WallTime now) {
  const char* const doing = doing_of(act.body);
  if (act.own || !act.vouched || act.officer.empty() || act.entry_class != record::EntryClass::kLive || doing == nullptr)
    return std::nullopt;
  const WallTime at = std::min(act.at, now);
  if (!person_ || person_->at <= at) person_ = PersonSeen{at, act.officer, doing};
  add_fact(watch::LifeFact{at});
  return at;
}

bool LineWatch::take(const WatchAct& act, WallTime now) {
  if (act.entry_class == record::EntryClass::kTest) return false;
  const bool drill = act.entry_class == record::EntryClass::kDrill;
  if (const auto* call = std::get_if<line::CallAct>(&act.body)) {
    if (!drill) return take_call(act);
    if (book_) static_cast<void>(book_->add(watch::DrillFact{act.at, static_cast<watch::Day>(call->day)}));
    return true;
  }
  if (drill) return false;
  if (const auto* deed = std::get_if<line::PresenceDeed>(&act.body)) return take_presence(act, *deed);
  if (const auto* outage = std::get_if<line::Outage>(&act.body)) return take_outage(act, *outage);
  if (const auto* hours = std::get_if<HoursSigned>(&act.body)) return take_hours(act, hours->until);
  if (const auto* claim = std::get_if<line::OnWatch>(&act.body)) {
    auto& held = claims_[side_of(act.own)];
    if (held && held->second > act.at) return false;
    held = {*claim, act.at};
    return true;
  }
  if (std::holds_alternative<SignOfLife>(act.body) && !act.own && book_)
    static_cast<void>(book_->add(watch::LifeFact{std::min(act.at, now)}));
  return false;
}

std::optional<watch::CallFact> LineWatch::call_fact(const WatchAct& act) const {
  const auto* call = std::get_if<line::CallAct>(&act.body);
  if (call == nullptr || !act.vouched || act.entry_class != record::EntryClass::kLive) return std::nullopt;
  const auto side = static_cast<watch::SideIndex>(act.own ? own_ : 1 - own_);
  return watch::CallFact{call_id(*call), fact_kind(call->deed), side, act.at, act.officer};
}

bool LineWatch::take_call(const WatchAct& act) {
  const auto fact = call_fact(act);
  if (!fact || !book_) return false;
  return book_->add(*fact).has_value();
}

void LineWatch::add_fact(const watch::BookFact& fact) {
  if (book_) static_cast<void>(book_->add(fact));
}

bool LineWatch::add_entry(const watch::CallId& call, const EntryRef& entry) {
  if (call.day < oldest_day_) return false;
  auto& held = entries_[call];
  const bool known = std::any_of(held.begin(), held.end(), [&](const EntryRef& one) {
    return one.own == entry.own && one.place.epoch == entry.place.epoch && one.place.index == entry.place.index;
  });
  if (known || held.size() >= kEntriesOfCallMax) return false;
  held.push_back(entry);
  return true;
}

bool LineWatch::take_presence(const WatchAct& act, line::PresenceDeed deed) {
  if (!act.vouched) return false;
  if (deed == line::PresenceDeed::kAsked) {
    auto& held = presence_[side_of(act.own)];
    if (held && (held->at > act.at ||
                 (held->place.epoch == act.place.epoch && held->place.index == act.place.index)))
      return false;
    held = PresenceQuery{act.place, act.at, act.officer, std::nullopt, {}, {}};
    return true;
  }
  auto& asked = presence_[side_of(!act.own)];
  if (!asked || asked->answer || act.references.size() != 1) return false;
  const record::Reference& to = act.references.front();
  if (to.epoch != asked->place.epoch || to.index != asked->place.index) return false;
  asked->answer = deed;
  asked->answered_at = act.at;
  asked->answered_by = act.officer;
  return true;
}

bool LineWatch::take_outage(const WatchAct& act, const line::Outage& outage) {
  const auto same = std::find_if(outages_.begin(), outages_.end(), [&](const auto& one) {
    return one.first == act.own && one.second.from == outage.from;
  });
  if (same != outages_.end()) {
    same->second = outage;
  } else {
    if (outages_.size() >= kOutagesMax) outages_.erase(outages_.begin());
    outages_.emplace_back(act.own, outage);
  }
  std::sort(outages_.begin(), outages_.end(),
            [](const auto& a, const auto& b) { return a.second.from < b.second.from; });
  return true;
}

bool LineWatch::take_hours(const WatchAct& act, WallTime until) {
  auto& held = hours_[side_of(act.own)];
  if (!act.vouched || (held && held->at > act.at)) return false;
  held = SignedHours{until, act.at, act.officer};
  return true;
}

// ---- what is asked ----

std::optional<watch::BookCall> LineWatch::open_call(WallTime now) const {
  if (!book_) return std::nullopt;
  const auto planned = schedule_->planned({now.seconds > 86400 ? now.seconds - 86400 : 0}, {now.seconds + 86400});
  std::optional<watch::BookCall> out;
  for (const watch::PlannedCall& call : planned) {
    if (call.begin().seconds > now.seconds + kEarlySeconds || now >= call.unanswered_from) continue;
    const auto held = book_->call(call.id);
    if (held) out = held;
  }
  return out;
}

Result<void> LineWatch::check(const line::CallAct& act, WallTime now) const {
  if (!schedule_)
    return fail(Fault::kState, "the accord plans no check calls on this line; ask with `detente presence ask` "
                               "whether somebody is there");
  const auto call = schedule_->find(call_id(act));
  if (!call)
    return fail(Fault::kNotFound, "no check call is planned on that date at that place; `detente calls` lists them");
  if (act.deed == line::CallDeed::kCalledOff) {
    if (now < call->begin() && call->begin().seconds - now.seconds <= 86400u * watch::CallBook::kAheadDays) return {};
    return fail(Fault::kState, "a check call is called off before its hour, at most 400 days ahead; this one is at " +
                                   schedule_->words(*call));
  }
  if (call->begin().seconds > now.seconds + kEarlySeconds)
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) + " is not due yet");
  if (is_reply(act.deed)) {
    // Nobody answers himself: such a reply would count for nothing (spec/hours.md section 4).
    const auto held = book_ && call->caller == own_ ? book_->call(call->id) : std::nullopt;
    if (held && !held->facts.of(static_cast<watch::SideIndex>(1 - own_), watch::FactKind::kCalled)) {
      const auto& called = held->facts.of(own_, watch::FactKind::kCalled);
      return fail(Fault::kState, called ? "this side called at " + format_utc(called->at) + ": it is for them to answer"
                                        : "it is your turn to call: detente call LINE --as YOU");
    }
    if (now.seconds < call->unanswered_from.seconds + 86400) return {};
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) +
                                   " is long over; send a message instead");
  }
  if (now >= call->unanswered_from)
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) + " is over");
  if (call->caller != own_ && now < call->late_from)
    return fail(Fault::kState, "it is the other side's turn to call; answer when it does, or call yourself when "
                               "it is late");
  return {};
}

const std::vector<EntryRef>& LineWatch::entries_of(const watch::CallId& call) const {
  const auto found = entries_.find(call);
  return found == entries_.end() ? kNoEntries : found->second;
}

PresenceState LineWatch::presence_state(const PresenceQuery& query, WallTime now) const {
  if (query.answer) return *query.answer == line::PresenceDeed::kReady ? PresenceState::kReady : PresenceState::kNotNow;
  return now.seconds >= query.at.seconds + presence_minutes_ * 60 ? PresenceState::kUnanswered
                                                                  : PresenceState::kWaiting;
}

std::optional<watch::HoursExtension> LineWatch::extension(WallTime now) const {
  const auto& [ours, theirs] = hours_;
  if (!ours || !theirs || ours->until != theirs->until || ours->until <= now || !schedule_) return std::nullopt;
  std::array<std::string, 2> officers;
  officers[own_] = ours->officer;
  officers[1u - own_] = theirs->officer;
  for (std::string& name : officers)
    if (name.empty()) name = "a desk";
  const auto made = watch::extend_hours(*schedule_, std::max(ours->at, theirs->at), ours->until, officers);
  return made ? std::optional(*made) : std::nullopt;
}

std::optional<LineWatch::Hours> LineWatch::hours(WallTime now) const {
  if (!schedule_) return std::nullopt;
  const auto longer = extension(now);
  const watch::LineHours hours = watch::line_hours(*schedule_, now, longer);
  return Hours{hours, watch::words(*schedule_, hours, now, longer)};
}

std::optional<std::pair<bool, WallTime>> LineWatch::proposed_extension(WallTime now) const {
  if (extension(now)) return std::nullopt;
  const auto& [ours, theirs] = hours_;
  const bool own = ours && (!theirs || theirs->at <= ours->at);
  const auto& newest = own ? ours : theirs;
  if (!newest || newest->until <= now) return std::nullopt;
  return std::pair(own, newest->until);
}

std::optional<line::Outage> LineWatch::outage_over(WallTime now) const {
  std::optional<line::Outage> out;
  for (const auto& [own, outage] : outages_)
    if (!own && outage.until <= now && outage.until > outage.from && (!out || out->until < outage.until)) out = outage;
  return out;
}

std::vector<std::pair<bool, line::Outage>> LineWatch::outages(WallTime now) const {
  std::vector<std::pair<bool, line::Outage>> out;
  for (const auto& one : outages_)
    if (one.second.until > now && one.second.until > one.second.from) out.push_back(one);
  return out;
}

}  // namespace detente::station
