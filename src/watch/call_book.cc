#include "watch/call_book.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace detente::watch {
namespace {

constexpr std::uint32_t kSameHourSeconds = 3600;  // a clock that is set back by less rings for no call twice

std::uint8_t plus(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(std::min<unsigned>(255, unsigned{a} + b));
}

bool overlaps(const PlannedCall& call, WallTime from, WallTime until) {
  return from < call.unanswered_from && until > call.begin();
}

}  // namespace

void DayCounts::add(DayMark mark, std::uint8_t count) {
  auto& held = marks[static_cast<std::size_t>(mark)];
  held = plus(held, count);
}

std::optional<DayMark> mark_of(CallState state, std::optional<SideIndex> silent, SideIndex own) {
  switch (state) {
    case CallState::kPending:
    case CallState::kDue:
    case CallState::kOverdue: return std::nullopt;
    case CallState::kAnsweredInTime: return DayMark::kInTime;
    case CallState::kAnsweredAtTheirHour: return DayMark::kAtTheirHour;
    case CallState::kAnsweredLate: return DayMark::kLate;
    case CallState::kDeclined: return DayMark::kDeclined;
    case CallState::kCalledOff: return DayMark::kCalledOff;
    case CallState::kInCut: return DayMark::kInCut;
    case CallState::kOwnStationDown: return DayMark::kOwnStationDown;
    case CallState::kOwnPathDown: return DayMark::kOwnPathDown;
    case CallState::kNotWatched: return DayMark::kNotWatched;
    case CallState::kUnanswered:
    case CallState::kNotCalled: break;
  }
  return silent == own ? DayMark::kMissed : DayMark::kSilent;
}

CallBook::CallBook(Schedule schedule, SideIndex own, WallTime from, AlarmSteps steps)
    : schedule_(std::move(schedule)),
      own_(own),
      alarm_(steps),
      missed_(std::move(steps)),
      begin_(from),
      planned_until_(from),
      looked_at_(from),
      folded_from_(day_at(from) - 1) {}

// ---- what comes in ----

void CallBook::carry(const AlarmRule& alarm, const AlarmRule& missed, const std::optional<Answer>& last_answer) {
  alarm_ = alarm;
  missed_ = missed;
  last_answer_ = last_answer;
}

Result<void> CallBook::advance(WallTime now) {
  if (now < looked_at_) DETENTE_TRY_VOID(step_back(now));
  look(now, true);
  return {};
}

Result<void> CallBook::add(const BookFact& fact) {
  return std::visit([this](const auto& one) { return take(one); }, fact);
}

Result<void> CallBook::take(const CallFact& fact) {
  const auto planned = schedule_.find(fact.call);
  if (!planned || fact.side > 1 || planned->at < begin_)
    return fail(Fault::kNotFound,
                "no check call is planned on that date at that place; compare the accord's digest "
                "and the zone rules of both sides");
  if (fact.call.day < folded_from_ + static_cast<Day>(folded_.size()))
    return fail(Fault::kState,
                "the check call of " + schedule_.words(*planned) +
                    " lies too far back for the book; the fact stands in the record and is counted "
                    "when the station starts next");
  if (fact.call.day > day_at(looked_at_) + kAheadDays)
    return fail(Fault::kLimit, "the check call of " + schedule_.words(*planned) +
                                   " is more than 400 days ahead; call it off when it is nearer, "
                                   "or change the accord");
  Slot& slot = slots_.try_emplace(fact.call, Slot{.call = *planned, .facts = {}}).first->second;
  slot.facts.add(fact);
  const auto answer = answer_of(slot.call, slot.facts);
  if (answer && (!last_answer_ || last_answer_->deed < answer->deed)) last_answer_ = answer;
  if (fact.side != own_) emit_alarm(alarm_.on_life(fact.at), slot.call);
  if (fact.side == own_ && fact.kind != FactKind::kCalledOff) static_cast<void>(missed_.on_life(fact.at));
  return {};
}

void CallBook::take_back(const CallId& call, FactKind kind) {
  const auto found = slots_.find(call);
  if (found == slots_.end()) return;
  found->second.facts.deeds[own_][static_cast<std::size_t>(kind)].reset();
  if (!last_answer_ || last_answer_->side != own_ || kind != FactKind::kAnswered) return;
  last_answer_.reset();
  for (const auto& [id, slot] : slots_)
    if (const auto answer = answer_of(slot.call, slot.facts); answer && (!last_answer_ || last_answer_->deed < answer->deed))
      last_answer_ = answer;
}

Result<void> CallBook::take(const CutFact& fact) {
  if (!cut_since_) cut_since_ = fact.at;
  return {};
}

Result<void> CallBook::take(const RestoreFact& fact) {
  if (!cut_since_) return {};
  plan_until(fact.at);
  for (auto& [id, slot] : slots_)
    if (overlaps(slot.call, *cut_since_, fact.at)) slot.facts.in_cut = true;
  cut_since_.reset();
  alarm_.on_cut_over(fact.at);
  return {};
}

Result<void> CallBook::take(const DownFact& fact) {
  plan_until(fact.until);
  for (auto& [id, slot] : slots_) {
    const WallTime end = slot.call.unanswered_from;
    slot.down_within = slot.down_within || overlaps(slot.call, fact.at, fact.until);
    slot.down_at_end = slot.down_at_end || (fact.at < end && fact.until >= end);
  }
  return {};
}

Result<void> CallBook::take(const UnwatchedFact& fact) {
  plan_until(fact.at);
  const auto slot = slots_.find(fact.call);
  if (slot == slots_.end())
    return fail(Fault::kNotFound, "the book has no such check call");
  Slot& held = slot->second;
  (fact.own_path ? held.path_down : fact.ran ? held.passed_over : held.down_at_end) = true;
  held.gap = fact.gap;
  return {};
}

Result<void> CallBook::take(const GapFact& fact) {
  gap_ = fact.gap;
  return {};
}

Result<void> CallBook::take(const PathDownFact& fact) {
  if (!path_down_since_) path_down_since_ = fact.at;
  return {};
}

Result<void> CallBook::take(const PathUpFact& fact) {
  if (!path_down_since_) return {};
  plan_until(fact.at);
  const auto down_at = [&](WallTime instant) { return *path_down_since_ < instant && instant <= fact.at; };
  for (auto& [id, slot] : slots_)
    if (down_at(slot.call.late_from) || down_at(slot.call.unanswered_from)) slot.path_down = true;
  path_down_since_.reset();
  return {};
}

Result<void> CallBook::take(const DrillFact& fact) {
  const Day at = fact.day - folded_from_;
  if (at >= 0 && at < static_cast<Day>(folded_.size()))
    folded_[static_cast<std::size_t>(at)].add(DayMark::kDrill);
  else if (at >= 0 && fact.day <= day_at(looked_at_) + kAheadDays)
    drills_[fact.day] = plus(drills_[fact.day], 1);
  return {};
}

Result<void> CallBook::take(const LifeFact& fact) {
  emit_alarm(alarm_.on_life(fact.at), std::nullopt);
  return {};
}

void CallBook::replay(std::vector<BookFact> facts, WallTime until) {
  const auto at = [](const BookFact& fact) {
    return std::visit([](const auto& one) { return one.at; }, fact);
  };
  std::stable_sort(facts.begin(), facts.end(),
                   [&](const BookFact& a, const BookFact& b) { return at(a) < at(b); });
  muted_ = true;
  for (const BookFact& fact : facts) {
    look(std::max(looked_at_, std::min(at(fact), until)), false);
    (void)add(fact);  // what the accord does not plan stays in the record alone
  }
  look(std::max(looked_at_, until), false);
  muted_ = false;
}

// ---- time ----

void CallBook::plan_until(WallTime until) {
  if (until.seconds == std::numeric_limits<std::uint32_t>::max()) return;
  const WallTime end{until.seconds + 1};
  if (end <= planned_until_) return;
  for (const PlannedCall& call : schedule_.planned(planned_until_, end))
    slots_.try_emplace(call.id, Slot{.call = call, .facts = {}});
  planned_until_ = end;
}

void CallBook::look(WallTime now, bool live) {
  plan_until(now);
  std::vector<Slot*> closing;
  for (auto& [id, slot] : slots_) {
    if (slot.closed || now < slot.call.at) continue;
    const bool ended = now >= slot.call.unanswered_from;
    if (live && ended && looked_at_ < slot.call.begin() && !slot.told_due) {
      slot.passed_over = true;
      if (gap_ && gap_->from < slot.call.begin() && gap_->until >= slot.call.unanswered_from) slot.gap = gap_;
    }
    if (live && !ended) tell(slot, now);
    if (ended) closing.push_back(&slot);
  }
  std::sort(closing.begin(), closing.end(), [](const Slot* a, const Slot* b) {
    return std::pair(a->call.unanswered_from, a->call.id) <
           std::pair(b->call.unanswered_from, b->call.id);
  });
  for (Slot* slot : closing) close(*slot, now);
  looked_at_ = now;
  fold(now);
}

void CallBook::tell(Slot& slot, WallTime now) {
  const CallState state = judge(slot.call, facts_of(slot), now);
  if (state != CallState::kDue && state != CallState::kOverdue) return;
  // The ring is a fact of the record: after a restart it does not come a second time.
  const bool rung = slot.facts.of(slot.call.caller, FactKind::kCalled).has_value();
  if (!slot.told_due && !rung) emit({BookEvent::Kind::kDue, slot.call, state, std::nullopt});
  slot.told_due = true;
  if (state == CallState::kOverdue && !slot.told_overdue) {
    emit({BookEvent::Kind::kOverdue, slot.call, state, std::nullopt});
    slot.told_overdue = true;
  }
}

void CallBook::close(Slot& slot, WallTime now) {
  slot.closed = true;
  const CallFacts facts = facts_of(slot);
  const CallState state = judge(slot.call, facts, now);
  emit({BookEvent::Kind::kClosed, slot.call, state, std::nullopt});
  const auto silent = silent_side(slot.call, facts, state);
  if (!silent) return;
  if (*silent != own_) return emit_alarm(alarm_.on_silence(slot.call), slot.call);
  auto alarm = missed_.on_silence(slot.call);
  if (alarm) alarm->kind = AlarmKind::kMissed;
  emit_alarm(alarm, slot.call);
}

// A year at a time: twice as much as it holds would be years that nobody lives.
void CallBook::grow_folded(std::size_t days) {
  constexpr std::size_t kYear = 366;
  if (days <= folded_.size()) return;
  if (days > folded_.capacity()) folded_.reserve(days + kYear);
  folded_.resize(days);
}

void CallBook::fold(WallTime now) {
  const Day before = day_at(now) - kLiveDays;
  while (!slots_.empty() && slots_.begin()->first.day < before) {
    const auto& [id, slot] = *slots_.begin();
    const Day at = std::max<Day>(id.day - folded_from_, 0);
    grow_folded(static_cast<std::size_t>(at) + 1);
    if (const auto mark = mark_of(slot)) folded_[static_cast<std::size_t>(at)].add(*mark);
    slots_.erase(slots_.begin());
  }
  const Day days = before - folded_from_;
  if (days > 0) grow_folded(static_cast<std::size_t>(days));
  while (!drills_.empty() &&
         drills_.begin()->first < folded_from_ + static_cast<Day>(folded_.size())) {
    const auto [day, count] = *drills_.begin();
    folded_[static_cast<std::size_t>(day - folded_from_)].add(DayMark::kDrill, count);
    drills_.erase(drills_.begin());
  }
}

Result<void> CallBook::step_back(WallTime now) {
  if (looked_at_.seconds - now.seconds > kLiveDays / 2 * kSecondsPerDay)
    return fail(Fault::kState, "the clock was set back from " + format_utc(looked_at_) + " to " +
                                   format_utc(now) +
                                   "; the check calls are counted again from the record");
  for (const auto& [id, slot] : slots_) {
    if (slot.call.unanswered_from <= now) continue;
    const bool comes = now < slot.call.begin();
    const bool rang_too_early = slot.told_due && now.seconds + kSameHourSeconds < slot.call.begin().seconds;
    if (slot.closed || rang_too_early || (comes && slot.down_within))
      return fail(Fault::kState, "the clock was set back from " + format_utc(looked_at_) + " to " + format_utc(now) +
                                     ": what was concluded of the check call of " + schedule_.words(slot.call) +
                                     " is not settled, and is made again from the record");
  }
  return {};
}

// ---- what goes out ----

CallFacts CallBook::facts_of(const Slot& slot) const {
  CallFacts out = slot.facts;
  if (cut_since_ && *cut_since_ < slot.call.unanswered_from) out.in_cut = true;
  const bool not_rung =
      slot.call.caller == own_ && !slot.facts.of(own_, FactKind::kCalled).has_value();
  // It says nothing of what this side owed: it knows whether it was called, and whether it called.
  const SideIndex other = static_cast<SideIndex>(1 - own_);
  const bool theirs_to_answer = !slot.facts.of(other, FactKind::kCalled) && (slot.call.caller == other || !not_rung);
  out.own_path_down = theirs_to_answer && (slot.path_down || (path_down_since_ && *path_down_since_ < slot.call.unanswered_from));
  const bool down = slot.down_at_end || (slot.down_within && not_rung);
  out.unwatched = slot.passed_over || down;
  out.ran = slot.passed_over && !down;
  if (out.ran) out.gap = slot.gap;
  return out;
}

std::optional<DayMark> CallBook::mark_of(const Slot& slot) const {
  const CallFacts facts = facts_of(slot);
  const CallState state = judge(slot.call, facts, looked_at_);
  return watch::mark_of(state, silent_side(slot.call, facts, state), own_);
}

void CallBook::emit(BookEvent event) {
  if (!muted_) events_.push_back(std::move(event));
}

void CallBook::emit_alarm(const std::optional<Alarm>& alarm,
                          const std::optional<PlannedCall>& call) {
  if (alarm) emit({BookEvent::Kind::kAlarm, call, CallState::kPending, alarm});
}

std::vector<BookEvent> CallBook::take_events() { return std::exchange(events_, {}); }

std::vector<BookCall> CallBook::calls(Day from, Day until) const {
  std::vector<BookCall> out;
  for (auto at = slots_.lower_bound({from, 0}); at != slots_.end() && at->first.day < until; ++at) {
    const CallFacts facts = facts_of(at->second);
    out.push_back({at->second.call, judge(at->second.call, facts, looked_at_), facts});
  }
  return out;
}

std::optional<BookCall> CallBook::call(const CallId& id) const {
  const auto found = slots_.find(id);
  if (found != slots_.end()) {
    const CallFacts facts = facts_of(found->second);
    return BookCall{found->second.call, judge(found->second.call, facts, looked_at_), facts};
  }
  const auto planned = schedule_.find(id);
  if (!planned || planned->at < planned_until_) return std::nullopt;
  return BookCall{*planned, judge(*planned, {}, looked_at_), {}};
}

DayCounts CallBook::day(Day day) const {
  const Day at = day - folded_from_;
  if (at >= 0 && at < static_cast<Day>(folded_.size()))
    return folded_[static_cast<std::size_t>(at)];
  DayCounts out;
  for (auto slot = slots_.lower_bound({day, 0}); slot != slots_.end() && slot->first.day == day;
       ++slot)
    if (const auto mark = mark_of(slot->second)) out.add(*mark);
  if (const auto drills = drills_.find(day); drills != drills_.end())
    out.add(DayMark::kDrill, drills->second);
  return out;
}

std::array<std::uint32_t, kDayMarks> CallBook::total(Day from, Day until) const {
  std::array<std::uint32_t, kDayMarks> out{};
  for (Day at = from; at < until; ++at) {
    const DayCounts counts = day(at);
    for (std::size_t i = 0; i < kDayMarks; ++i) out[i] += counts.marks[i];
  }
  return out;
}

}  // namespace detente::watch
