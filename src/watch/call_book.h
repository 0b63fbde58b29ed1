// CallBook: what became of each check call of one line.
//
// The record holds the facts; this is a view of them that a screen can ask, and
// the one place that says when a call is due. It can be thrown away at any time
// and made again from the record (replay), with the same result.
//
// Memory: the calls of the last 62 days with their facts, and of every day
// before twelve counters, so that years of silence cost 12 bytes a day.
//
// Clocks: wall time decides when a call is due, and wall clocks step. (1) A
// call is told to be due once, however often its hour comes. (2) A call whose
// whole open time lay between two looks was not watched (the host slept, or the
// clock jumped): it is nobody's silence. (3) What was concluded by a clock that
// is then set back is not settled: the book asks to be made again, and the calls
// become due at their hours. (4) So it does when it is set back by more than half
// the window.
// spec/hours.md section 4.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "watch/alarm_rule.h"
#include "watch/call_state.h"
#include "watch/schedule.h"

namespace detente::watch {

// What a calendar shows of a day, seen from this side.
enum class DayMark : std::uint8_t {
  kInTime,
  kAtTheirHour,
  kLate,
  kSilent,  // the other side: did not answer, or did not call
  kMissed,  // this side: did not answer, or did not call
  kDeclined,
  kCalledOff,
  kInCut,
  kOwnStationDown,
  kOwnPathDown,  // none of this side's paths could carry anything
  kNotWatched,   // this side's clock jumped over it, or its host stood still
  kDrill,  // counted beside the calls, never as one
};
inline constexpr std::size_t kDayMarks = 12;

struct DayCounts {
  std::array<std::uint8_t, kDayMarks> marks{};  // stops at 255
  std::uint8_t of(DayMark mark) const { return marks[static_cast<std::size_t>(mark)]; }
  void add(DayMark mark, std::uint8_t count = 1);
  bool operator==(const DayCounts&) const = default;
};

// What else a book is told. `at` is when it took effect by this side's clock, never later than now.
struct CutFact {
  WallTime at;
};
struct RestoreFact {
  WallTime at;
};
struct DownFact {  // this station did not run; told before the first advance after it
  WallTime at, until;
};
struct UnwatchedFact {  // kept from before: what came of this call was not seen; `at` is where it begins
  WallTime at;
  CallId call;
  bool own_path = false;  // for the path's sake
  bool ran = false;       // though this station ran
  std::optional<ClockGap> gap = {};
};
struct GapFact {  // this station ran and saw nothing in that span; told before the first advance after it
  WallTime at;
  ClockGap gap;
};
struct PathDownFact {  // from here on none of this side's paths of the line can carry anything
  WallTime at;
};
struct PathUpFact {
  WallTime at;
};
struct DrillFact {
  WallTime at;
  Day day = 0;
};
struct LifeFact {  // the other side did something that is no check call
  WallTime at;
};
using BookFact = std::variant<CallFact, CutFact, RestoreFact, DownFact, UnwatchedFact, GapFact, PathDownFact, PathUpFact,
                              DrillFact, LifeFact>;

// How a calendar marks a call that is over; nothing for one that is not. `silent`: whose silence it was.
std::optional<DayMark> mark_of(CallState state, std::optional<SideIndex> silent, SideIndex own);

struct BookEvent {
  enum class Kind : std::uint8_t { kDue, kOverdue, kClosed, kAlarm };
  Kind kind = Kind::kDue;
  std::optional<PlannedCall> call;  // nothing for a sign of life
  CallState state = CallState::kDue;
  std::optional<Alarm> alarm;
};

struct BookCall {
  PlannedCall call;
  CallState state = CallState::kPending;
  CallFacts facts;
};

class CallBook {
 public:
  static constexpr Day kLiveDays = 62;
  static constexpr Day kAheadDays = 400;  // how far ahead a call can be called off

  // Calls whose hour is before `from` are not in it.
  CallBook(Schedule schedule, SideIndex own, WallTime from, AlarmSteps steps = {});

  // What goes on from books before this one, under another accord. Before anything else.
  void carry(const AlarmRule& alarm, const AlarmRule& missed, const std::optional<Answer>& last_answer);
  // The clock's newest reading. kState when it was set back behind what was concluded, or too far: make the book again.
  Result<void> advance(WallTime now);
  // Of a call: kNotFound when it is not planned, kState when it is folded (the fact stands in the
  // record, and counts when the book is made again), kLimit when it is too far ahead.
  Result<void> add(const BookFact& fact);
  // An own reply was taken back before any path carried it: nobody there will see it.
  void take_back(const CallId& call, FactKind kind);
  // Facts of the past, in any order, to a book just made; then the time. Tells nothing, since all
  // of it was told before; calls that are open at `until` are told at the next advance.
  void replay(std::vector<BookFact> facts, WallTime until);

  std::vector<BookEvent> take_events();
  // Those that the book has, of the days of [from, until), by identity.
  std::vector<BookCall> calls(Day from, Day until) const;
  std::optional<BookCall> call(const CallId& id) const;
  DayCounts day(Day day) const;
  std::array<std::uint32_t, kDayMarks> total(Day from, Day until) const;
  const AlarmRule& silence() const { return alarm_; }
  // Calls in a row that this side did not make or did not answer.
  const AlarmRule& missed() const { return missed_; }
  // The newest answer, of either side: the evidence that a person was there.
  const std::optional<Answer>& last_answer() const { return last_answer_; }
  const Schedule& schedule() const { return schedule_; }

  std::size_t live_calls() const { return slots_.size(); }
  std::size_t folded_days() const { return folded_.size(); }

 private:
  struct Slot {
    PlannedCall call;
    CallFacts facts;
    bool told_due = false, told_overdue = false, closed = false;
    bool passed_over = false;  // between two looks, now or in a run before this one
    std::optional<ClockGap> gap = {};  // by that
    bool path_down = false;
    bool down_at_end = false;  // the station did not run when it ended
    bool down_within = false;  // nor at some time while it was open
  };

  Result<void> take(const CallFact& fact);
  Result<void> take(const CutFact& fact);
  Result<void> take(const RestoreFact& fact);
  Result<void> take(const DownFact& fact);
  Result<void> take(const UnwatchedFact& fact);
  Result<void> take(const GapFact& fact);
  Result<void> take(const PathDownFact& fact);
  Result<void> take(const PathUpFact& fact);
  Result<void> take(const DrillFact& fact);
  Result<void> take(const LifeFact& fact);
  void plan_until(WallTime until);
  void look(WallTime now, bool live);
  void tell(Slot& slot, WallTime now);
  void close(Slot& slot, WallTime now);
  void grow_folded(std::size_t days);
  void fold(WallTime now);
  Result<void> step_back(WallTime now);
  CallFacts facts_of(const Slot& slot) const;
  std::optional<DayMark> mark_of(const Slot& slot) const;
  void emit(BookEvent event);
  void emit_alarm(const std::optional<Alarm>& alarm, const std::optional<PlannedCall>& call);

  Schedule schedule_;
  SideIndex own_;
  AlarmRule alarm_, missed_;
  WallTime begin_, planned_until_, looked_at_;
  std::optional<WallTime> cut_since_, path_down_since_;
  std::optional<ClockGap> gap_;  // the newest
  bool muted_ = false;
  std::map<CallId, Slot> slots_;
  std::map<Day, std::uint8_t> drills_;  // of days that are not folded
  Day folded_from_ = 0;                 // the day of folded_[0]
  std::vector<DayCounts> folded_;
  std::optional<Answer> last_answer_;
  std::vector<BookEvent> events_;
};

}  // namespace detente::watch
