#include "station/line_watch.h"

#include <algorithm>
#include <utility>

#include "base/civil.h"
#include "wire/text.h"

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

void LineWatch::begin(WallTime from, std::vector<watch::BookFact> facts, WallTime now, std::optional<watch::PastCalls> past) {
  set_days(now);
  past_ = std::move(past);
  if (schedule_) {
    book_ = std::make_unique<watch::CallBook>(*schedule_, own_, from);
    if (past_) book_->carry(past_->alarm(), past_->missed(), past_->last_answer());
    book_->replay(std::move(facts), now);
    return;
  }
  const auto at = [](const watch::BookFact& fact) { return std::visit([](const auto& one) { return one.at; }, fact); };
  std::stable_sort(facts.begin(), facts.end(), [&](const auto& a, const auto& b) { return at(a) < at(b); });
  lives_ = past_ ? past_->alarm() : watch::AlarmRule();
  for (const watch::BookFact& fact : facts) see_without_book(fact);
  lives_events_.clear();  // told before
}

// Without calls there is no silence; that a cut is over is known all the same.
void LineWatch::see_without_book(const watch::BookFact& fact) {
  if (const auto* restored = std::get_if<watch::RestoreFact>(&fact)) lives_.on_cut_over(restored->at);
  if (const auto* life = std::get_if<watch::LifeFact>(&fact))
    if (const auto alarm = lives_.on_life(life->at))
      lives_events_.push_back({watch::BookEvent::Kind::kAlarm, std::nullopt, watch::CallState::kPending, alarm});
}

watch::DayCounts LineWatch::day(watch::Day day) const {
  watch::DayCounts out = past_ ? past_->day(day) : watch::DayCounts();
  if (!book_) return out;
  const watch::DayCounts now = book_->day(day);
  for (std::size_t mark = 0; mark < watch::kDayMarks; ++mark) out.add(static_cast<watch::DayMark>(mark), now.marks[mark]);
  return out;
}

std::optional<watch::Answer> LineWatch::last_answer() const {
  if (book_) return book_->last_answer();
  return past_ ? past_->last_answer() : std::nullopt;
}

Result<void> LineWatch::advance(WallTime now) {
  set_days(now);
  return book_ ? book_->advance(now) : Result<void>();
}

void LineWatch::set_days(WallTime now) {
  oldest_day_ = watch::day_at(now) - watch::CallBook::kLiveDays;
  latest_day_ = watch::day_at(now) + watch::CallBook::kAheadDays + 1;
  while (!entries_.empty() && entries_.begin()->first.day < oldest_day_) entries_.erase(entries_.begin());
  while (!rung_.empty() && rung_.begin()->first.day < oldest_day_) rung_.erase(rung_.begin());
}

std::vector<watch::BookEvent> LineWatch::take_events() {
  return book_ ? book_->take_events() : std::exchange(lives_events_, {});
}

// ---- what comes in ----

std::optional<WallTime> LineWatch::see_person(const WatchAct& act, WallTime now) {
  const char* const doing = doing_of(act.body);
  if (act.own || !act.vouched || act.officer.empty() || act.entry_class != record::EntryClass::kLive || doing == nullptr)
    return std::nullopt;
  const WallTime at = std::min(act.at, now);
  if (!person_ || person_->at <= at) person_ = PersonSeen{at, act.officer, doing};
  const WallTime latest = std::min(std::max(act.at, act.latest), now);
  add_fact(watch::LifeFact{latest});
  return latest;
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
  if (const auto* deed = std::get_if<line::PresenceDeed>(&act.body)) return presence_.take(act, *deed, position_of(act));
  if (const auto* outage = std::get_if<line::Outage>(&act.body)) return outages_.take(act.own, *outage, position_of(act), now);
  if (const auto* hours = std::get_if<HoursSigned>(&act.body))
    return act.vouched && hours_.take(act.own, {position_of(act), hours->until, act.at, act.officer});
  if (const auto* claim = std::get_if<line::OnWatch>(&act.body)) return take_claim(act, *claim);
  if (std::holds_alternative<SignOfLife>(act.body) && !act.own)
    add_fact(watch::LifeFact{std::min(std::max(act.at, act.latest), now)});
  return false;
}

bool LineWatch::take_claim(const WatchAct& act, const line::OnWatch& claim) {
  auto& held = claims_[side_of(act.own)];
  const LogPosition position = position_of(act);
  if (held && position <= held->position) return false;
  held = Claim{{claim, act.at}, position};
  return true;
}

std::optional<std::pair<line::OnWatch, WallTime>> LineWatch::claim(bool own) const {
  const auto& held = claims_[side_of(own)];
  return held ? std::optional(held->said) : std::nullopt;
}

std::optional<watch::CallFact> LineWatch::call_fact(const WatchAct& act) const {
  const auto* call = std::get_if<line::CallAct>(&act.body);
  if (call == nullptr || !act.vouched || act.entry_class != record::EntryClass::kLive) return std::nullopt;
  const auto side = static_cast<watch::SideIndex>(act.own ? own_ : 1 - own_);
  return watch::CallFact{call_id(*call), fact_kind(call->deed), side, act.at, act.officer};
}

bool LineWatch::is_of_this_accord(const watch::CallId& call, std::uint32_t accord_version) const {
  const auto former = former_.find(accord_version);
  if (former == former_.end()) return true;
  const auto then = former->second.find(call);
  return then && plans(*then);
}

bool LineWatch::plans(const watch::PlannedCall& call) const {
  const auto now = schedule_ ? schedule_->find(call.id) : std::nullopt;
  return now && now->at == call.at && now->called_hour == call.called_hour;
}

bool LineWatch::is_former(const line::CallAct& call, std::optional<std::uint32_t> signed_under, WallTime at) const {
  if (signed_under) return !is_of_this_accord(call_id(call), *signed_under);
  return followed_ && at < followed_->since && !is_of_this_accord(call_id(call), followed_->version);
}

bool LineWatch::is_former(const WatchAct& act) const {
  const auto* call = std::get_if<line::CallAct>(&act.body);
  if (call == nullptr) return false;
  const auto& known = entries_of(call_id(*call));
  const bool noted = std::any_of(known.begin(), known.end(), [&](const EntryRef& one) {
    return one.former && one.own == act.own && one.place.epoch == act.place.epoch && one.place.index == act.place.index;
  });
  return noted || is_former(*call, act.accord_version, act.own ? act.at : std::max(act.at, act.latest));
}

bool LineWatch::take_call(const WatchAct& act) {
  const auto fact = call_fact(act);
  if (!fact || !book_ || is_former(act)) return false;
  see_ring(act);
  return book_->add(*fact).has_value();
}

void LineWatch::see_ring(const WatchAct& act) {
  const auto* call = std::get_if<line::CallAct>(&act.body);
  if (act.own || call == nullptr || call->deed != line::CallDeed::kCalled || !call_fact(act) || is_former(act)) return;
  if (is_planned(call_id(*call))) rung_.try_emplace(call_id(*call), std::max(act.at, act.stored_at));
}

void LineWatch::add_fact(const watch::BookFact& fact) {
  if (!book_) return see_without_book(fact);
  static_cast<void>(book_->add(fact));
}

bool LineWatch::is_planned(const watch::CallId& call) const {
  if (call.day < oldest_day_ || call.day > latest_day_) return false;
  const auto has = [&](const watch::Schedule& schedule) { return schedule.find(call).has_value(); };
  return (schedule_ && has(*schedule_)) || std::any_of(former_.begin(), former_.end(), [&](const auto& one) { return has(one.second); });
}

bool LineWatch::add_entry(const watch::CallId& call, const EntryRef& entry) {
  if (call.day < oldest_day_ || call.day > latest_day_) return false;
  auto& held = entries_[call];
  const bool known = std::any_of(held.begin(), held.end(), [&](const EntryRef& one) { return one.own == entry.own && one.place == entry.place; });
  if (known || held.size() >= kEntriesOfCallMax) return false;
  held.push_back(entry);
  return true;
}

// ---- what is asked ----

// What can be open now by this side's hours, and what they have called.
std::vector<watch::BookCall> LineWatch::calls_around(WallTime now) const {
  std::vector<watch::BookCall> out;
  if (!book_) return out;
  const auto add = [&](const watch::CallId& id) {
    auto held = book_->call(id);
    if (!held) return;
    // By their clock its hour has come.
    if (is_to_answer(*held) && held->state == watch::CallState::kPending) held->state = watch::CallState::kDue;
    out.push_back(std::move(*held));
  };
  for (const auto& [id, came] : rung_)
    if (still_rings(id, now)) add(id);
  const std::size_t ringing = out.size();
  for (const watch::PlannedCall& call : schedule_->planned({now.seconds > 86400 ? now.seconds - 86400 : 0}, {now.seconds + 86400})) {
    if (call.begin().seconds > now.seconds + kEarlySeconds || now >= call.unanswered_from) continue;
    const auto known = out.begin() + static_cast<std::ptrdiff_t>(ringing);
    if (std::none_of(out.begin(), known, [&](const auto& one) { return one.call.id == call.id; })) add(call.id);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.call.begin() < b.call.begin(); });
  return out;
}

std::vector<watch::BookCall> LineWatch::open_calls(WallTime now) const {
  std::vector<watch::BookCall> out;
  if (!book_) return out;
  const watch::Day today = watch::day_at(now);
  for (watch::BookCall& call : book_->calls(today - 2, today + 3)) {
    // A desk may be a little early.
    const bool is_begun = now >= call.call.begin() || call.facts.of(0, watch::FactKind::kCalled) || call.facts.of(1, watch::FactKind::kCalled) ||
                          watch::answer_of(call.call, call.facts) || call.state == watch::CallState::kDeclined;
    if (is_begun && now < call.call.unanswered_from) out.push_back(std::move(call));
  }
  return out;
}

// As long as the accord leaves it open, from when it came.
bool LineWatch::still_rings(const watch::CallId& call, WallTime now) const {
  const auto came = rung_.find(call);
  return came != rung_.end() && now.seconds < came->second.seconds + schedule_->terms().unanswered_minutes * 60;
}

WallTime LineWatch::open_until(const watch::BookCall& call) const {
  const auto came = rung_.find(call.call.id);
  if (came == rung_.end()) return call.call.unanswered_from;
  return std::max(call.call.unanswered_from, WallTime{came->second.seconds + schedule_->terms().unanswered_minutes * 60});
}

bool LineWatch::is_to_answer(const watch::BookCall& call) const {
  const auto far = static_cast<watch::SideIndex>(1 - own_);
  return call.facts.of(far, watch::FactKind::kCalled) && !call.facts.of(own_, watch::FactKind::kAnswered) &&
         !call.facts.of(own_, watch::FactKind::kDeclined);
}

std::optional<watch::BookCall> LineWatch::open_call(WallTime now) const {
  const auto rank = [&](const watch::BookCall& call) {
    if (is_to_answer(call)) return 0;
    if (call.state == watch::CallState::kDue || call.state == watch::CallState::kOverdue) return 1;
    return call.state == watch::CallState::kPending ? 2 : 3;
  };
  std::optional<watch::BookCall> out;
  for (const watch::BookCall& call : calls_around(now))
    if (!out || rank(call) < rank(*out) || (rank(call) == 3 && rank(*out) == 3)) out = call;
  return out;
}

std::optional<watch::BookCall> LineWatch::call_to_make(WallTime now) const {
  for (const watch::BookCall& call : calls_around(now)) {
    const bool is_open = call.state == watch::CallState::kPending || call.state == watch::CallState::kDue ||
                         call.state == watch::CallState::kOverdue;
    const bool called = call.facts.of(0, watch::FactKind::kCalled) || call.facts.of(1, watch::FactKind::kCalled);
    if (is_open && !called && (call.call.caller == own_ || now >= call.call.late_from)) return call;
  }
  return open_call(now);
}

const std::vector<std::string>& LineWatch::unknown_zones() const {
  static const std::vector<std::string> kNone;
  return schedule_ ? schedule_->unknown_zones() : kNone;
}

std::string LineWatch::zone_trouble() const {
  std::string names;
  for (const std::string& zone : unknown_zones()) names += (names.empty() ? "" : ", ") + zone;
  if (names.empty()) return names;
  return "this machine has no rules of the time zone " + names + ", by which the accord plans check calls of this line: "
         "bring its zone data up to date (package tzdata) and start the station again";
}

// "this side at 2027-03-01T09:00:10Z (kim)", of the earlier of both sides.
std::string LineWatch::deed_words(const watch::BookCall& call, watch::FactKind kind) const {
  const auto& ours = call.facts.of(own_, kind);
  const auto& theirs = call.facts.of(static_cast<watch::SideIndex>(1 - own_), kind);
  if (!ours && !theirs) return "a side";
  const bool own = ours && (!theirs || ours->at <= theirs->at);
  const watch::Deed& deed = own ? *ours : *theirs;
  return std::string(own ? "this side" : "the other side") + " at " + format_utc(deed.at) + " (" + wire::display_line(deed.officer) + ")";
}

// A second call of one hour would count for nothing, nor one of an hour that is done with.
Result<void> LineWatch::check_first_call(const watch::BookCall& call) const {
  const std::string hour = "the check call of " + schedule_->words(call.call);
  const std::string otherwise = "; to reach somebody all the same: detente presence ask LINE --as YOU, or send a message";
  if (call.state == watch::CallState::kCalledOff)
    return fail(Fault::kState, hour + " was called off by " + deed_words(call, watch::FactKind::kCalledOff) + otherwise);
  if (call.state == watch::CallState::kDeclined)
    return fail(Fault::kState, hour + " was declined by " + deed_words(call, watch::FactKind::kDeclined) + otherwise);
  if (watch::answer_of(call.call, call.facts))
    return fail(Fault::kState, hour + " was answered by " + deed_words(call, watch::FactKind::kAnswered) + otherwise);
  if (is_to_answer(call))
    return fail(Fault::kState, hour + " was made by " + deed_words(call, watch::FactKind::kCalled) + ": answer it with detente answer LINE --as YOU");
  if (call.facts.of(own_, watch::FactKind::kCalled))
    return fail(Fault::kState, hour + " was made by " + deed_words(call, watch::FactKind::kCalled) + ": it is for them to answer" + otherwise);
  return {};
}

Result<void> LineWatch::check(const line::CallAct& act, WallTime now) const {
  if (!schedule_)
    return fail(Fault::kState, "the accord plans no check calls on this line; ask with `detente presence ask` "
                               "whether somebody is there");
  const auto call = schedule_->find(call_id(act));
  if (!call && !unknown_zones().empty()) return fail(Fault::kState, zone_trouble());
  if (!call)
    return fail(Fault::kNotFound, "no check call is planned on that date at that place; `detente calls` lists them");
  const auto known = book_ ? book_->call(call->id) : std::nullopt;
  if (act.deed == line::CallDeed::kCalledOff) {
    if (known && known->state == watch::CallState::kCalledOff)
      return fail(Fault::kState, "the check call of " + schedule_->words(*call) + " is called off already, by " + deed_words(*known, watch::FactKind::kCalledOff));
    if (now < call->begin() && call->begin().seconds - now.seconds <= 86400u * watch::CallBook::kAheadDays) return {};
    return fail(Fault::kState, "a check call is called off before its hour, at most 400 days ahead; this one is at " +
                                   schedule_->words(*call));
  }
  // They have called: their clock, or their zone rules, may be ahead of ours.
  const bool rings = is_reply(act.deed) && known && known->facts.of(static_cast<watch::SideIndex>(1 - own_), watch::FactKind::kCalled);
  if (call->begin().seconds > now.seconds + kEarlySeconds && !rings)
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) + " is not due yet");
  if (is_reply(act.deed)) {
    // Nobody answers himself: such a reply would count for nothing (spec/hours.md section 4).
    if (known && call->caller == own_ && !rings) {
      const auto& called = known->facts.of(own_, watch::FactKind::kCalled);
      return fail(Fault::kState, called ? "this side called at " + format_utc(called->at) + ": it is for them to answer"
                                        : "it is your turn to call: detente call LINE --as YOU");
    }
    if (now.seconds < call->unanswered_from.seconds + 86400 || still_rings(call->id, now)) return {};
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) +
                                   " is long over; send a message instead");
  }
  if (now >= call->unanswered_from)
    return fail(Fault::kState, "the check call of " + schedule_->words(*call) + " is over");
  if (known) DETENTE_TRY_VOID(check_first_call(*known));
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
  return station::presence_state(query, presence_minutes_, now);
}

std::optional<watch::HoursExtension> LineWatch::extension(WallTime now) const {
  const auto agreed = hours_.agreed();
  if (!agreed || agreed->until <= now || !schedule_) return std::nullopt;
  std::array<std::string, 2> officers;
  officers[own_] = agreed->own_officer;
  officers[1u - own_] = agreed->far_officer;
  for (std::size_t side = 0; side < officers.size(); ++side) {
    if (officers[side].empty()) officers[side] = "a desk";
    if (!sides_[side].empty()) officers[side] += " of " + sides_[side];  // both have a duty-officer 1
  }
  const auto made = watch::extend_hours(*schedule_, agreed->at, agreed->until, officers);
  return made ? std::optional(*made) : std::nullopt;
}

std::optional<LineWatch::Hours> LineWatch::hours(WallTime now) const {
  if (!schedule_) return std::nullopt;
  for (std::size_t i = 0; i < schedule_->entries(); ++i)
    if (schedule_->kind(i) != accord::CallKind::kOrdinary && schedule_->zone(i) == nullptr)
      return Hours{{}, "hours not known: " + zone_trouble()};
  const auto longer = extension(now);
  const watch::LineHours hours = watch::line_hours(*schedule_, now, longer);
  return Hours{hours, watch::words(*schedule_, hours, now, longer)};
}

}  // namespace detente::station
