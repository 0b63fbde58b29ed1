// PastCalls: what became of the check calls of one line under accords that are not in force any more.
//
// A call is known by its date and place under its accord, so the accord in force says nothing of them. What is kept is what
// a book would say: a calendar's marks, the newest answer, the rows of silences, theirs and ours, that go on. It is fed in the order in which
// it was noted; settle() is where one accord ends and the next begins. spec/hours.md section 4.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "watch/call_book.h"

namespace detente::watch {

class PastCalls {
 public:
  explicit PastCalls(SideIndex own, AlarmSteps steps = {});

  void add(const CallFact& fact);
  // A call was over; `hour`: when it was to be made. Of several of one call the newest counts.
  void add(const CallId& call, SideIndex caller, CallState state, WallTime hour);
  // A clock was set back to that: what was noted of calls that come after it is not settled.
  void take_back(WallTime until);
  void add(const DrillFact& drill);
  void add(const LifeFact& life);
  void add(const RestoreFact& restored);
  // All of it so far is past.
  void settle();

  // The rest is of the accord in force, and its book's to count.
  void drop_unsettled();

  DayCounts day(Day day) const;
  const std::optional<Answer>& last_answer() const { return last_answer_; }
  const AlarmRule& alarm() const { return alarm_; }
  const AlarmRule& missed() const { return missed_; }

 private:
  struct Call {
    SideIndex caller = 0;
    std::optional<CallState> state;
    WallTime hour;
    std::array<bool, 2> called{};
    std::array<std::optional<Deed>, 2> answered;
  };
  static bool replies(const Call& call, SideIndex side);
  static std::optional<SideIndex> silent_of(const Call& call);

  SideIndex own_;
  AlarmRule alarm_, running_;
  AlarmRule missed_, missed_running_;  // of this side's own silences
  std::map<CallId, Call> calls_;  // of the accord that is read
  std::map<Day, std::uint8_t> drills_;
  std::map<Day, DayCounts> days_;
  std::optional<Answer> last_answer_;
};

}  // namespace detente::watch
