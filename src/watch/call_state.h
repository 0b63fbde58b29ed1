// What is known of one planned check call, from the facts that came in.
//
// judge() is a function of the call, the facts and the time: the order in which
// facts arrived, over a path or weeks later by courier, changes nothing. It says
// what was seen and never why. Four things that look alike are kept apart:
// nobody answered; the side whose turn it was did not call; the line was cut;
// this station was not there to see. Machines' tests and drills are no facts of
// a call, so nothing of them can count as an answer. spec/hours.md section 4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "watch/clock_gap.h"
#include "watch/schedule.h"

namespace detente::watch {

// Of one side, signed by a person there. Of several of one kind the earliest counts.
enum class FactKind : std::uint8_t { kCalled, kAnswered, kDeclined, kCalledOff };

struct CallFact {
  CallId call;
  FactKind kind = FactKind::kCalled;
  SideIndex side = 0;  // whose officer
  WallTime at;         // as its author claims, and not after this side's clock when it came
  std::string officer;
  bool operator==(const CallFact&) const = default;
};

struct Deed {
  WallTime at;
  std::string officer;
  auto operator<=>(const Deed&) const = default;
};

struct CallFacts {
  std::array<std::array<std::optional<Deed>, 4>, 2> deeds;  // by side and kind
  bool in_cut = false;     // a cut was in force while the call was open
  bool unwatched = false;  // this station was not there to see what came of it
  bool ran = false;        // though it ran: its clock jumped over the call, or it stood still
  std::optional<ClockGap> gap = {};  // and in that span
  // No path of this side could carry anything when an answer of the other side would have been in time, or when it ended.
  bool own_path_down = false;

  const std::optional<Deed>& of(SideIndex side, FactKind kind) const {
    return deeds[side][static_cast<std::size_t>(kind)];
  }
  void add(const CallFact& fact);
};

enum class CallState : std::uint8_t {
  kPending,              // its hour has not come
  kDue,                  // its hour has come
  kOverdue,              // an answer would be late
  kAnsweredInTime,       //
  kAnsweredAtTheirHour,  // at the called side's own hour: not late
  kAnsweredLate,         //
  kUnanswered,           // a side called, the other did not answer
  kNotCalled,            // the side whose turn it was did not call, and neither did the other
  kDeclined,             // a person said: not now
  kCalledOff,            // before its hour, by a side
  kInCut,                // the line was cut
  kOwnStationDown,       // not known: this station was not there
  kOwnPathDown,          // not known: nothing could leave this station
  kNotWatched,           // not known: the clock jumped over it, or the host or the station stood still
};
std::optional<CallState> call_state_from(std::string_view text);  // of those words
const char* to_string(CallState state);  // "pending", ..., "answered at their hour", ...

// Words of a state that says that this side does not know what became of the call.
bool is_not_seen(std::string_view state);
// Hangs on what persons did, not on what this station saw of it: it stands whenever their deeds become known.
bool is_by_deeds(CallState state);

CallState judge(const PlannedCall& call, const CallFacts& facts, WallTime now);

// The answer that counts, and of whom: an answer is to a call of the other side.
struct Answer {
  SideIndex side = 0;
  Deed deed;
};
std::optional<Answer> answer_of(const PlannedCall& call, const CallFacts& facts);

// Whose silence it was: of kUnanswered the called side's, of kNotCalled the caller's; nobody's
// else.
std::optional<SideIndex> silent_side(const PlannedCall& call, const CallFacts& facts,
                                     CallState state);

}  // namespace detente::watch
