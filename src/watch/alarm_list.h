// AlarmList: the alarms of one station, open and past, and who acknowledged them.
//
// Two things end an alarm, and neither stands for the other: its cause goes away
// (the machine sees that), and a person says that he has seen it. It is open
// until both happened. While it is open the same thing (kind and line) is
// counted and not raised again; one whose cause had gone and came back before
// anybody looked goes on as the same alarm.
// What happened at one moment (a disk that forgot) has no cause that goes away: it
// is over when somebody has seen it, and not before.
//
// It is a view of facts in order, made again from them after a restart with the
// same numbers and the same result: raised (again), acknowledged, ended,
// escalated. Memory: every open alarm, of which there is one for each kind and
// line, and the 256 that were closed last.
//
// Clocks: an alarm escalates by the time that went by while somebody looked
// (due()), summed up going forward alone. A clock that is set back neither tells
// a step a second time nor puts it off by as much; one that is set ahead
// escalates early. A station that starts counts from the alarm's own time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace detente::watch {

inline constexpr std::size_t kClosedAlarmsKept = 256;
inline constexpr std::size_t kAlarmNoteBytesMax = 1000;

using AlarmId = std::uint64_t;  // 1, 2, 3, ... in the order in which they were raised

struct AlarmSubject {
  std::string kind;  // a stable word for programs: "silence"
  std::string line;  // "north/liaison"; empty for what belongs to no line
  auto operator<=>(const AlarmSubject&) const = default;
};

struct Acknowledgement {
  std::string officer;
  WallTime at;
  std::string note;
  bool operator==(const Acknowledgement&) const = default;
};

struct ListedAlarm {
  AlarmId id = 0;
  AlarmSubject about;
  std::string words;  // of its newest occurrence
  WallTime raised_at;
  WallTime last_at;         // its newest occurrence
  std::uint32_t count = 1;  // of its occurrences
  std::optional<Acknowledgement> acknowledged;
  std::optional<WallTime> ended_at;  // its cause is gone
  std::uint32_t told_steps = 0;      // escalations so far
  bool moment = false;               // it ends with the acknowledgement
  bool is_open() const { return !acknowledged || !ended_at; }
  bool operator==(const ListedAlarm&) const = default;
};

// The facts. Each is a function below, too.
struct AlarmRaised {
  AlarmSubject about;
  std::string words;
  WallTime at;
  bool moment = false;
};
struct AlarmAcknowledged {
  AlarmId id = 0;
  Acknowledgement by;
};
struct AlarmEnded {
  AlarmSubject about;
  WallTime at;
  std::string words = {};  // as it ended; empty = as they were
};
struct AlarmEscalated {
  AlarmId id = 0;
  std::uint32_t after_minutes = 0;
};
using AlarmFact = std::variant<AlarmRaised, AlarmAcknowledged, AlarmEnded, AlarmEscalated>;

class AlarmList {
 public:
  // When an alarm that nobody acknowledged escalates, in minutes; in any order, twice is once.
  explicit AlarmList(std::vector<std::uint32_t> escalate_after_minutes = {});

  struct Raised {
    AlarmId id = 0;
    bool anew = false;  // else it was open and is counted
  };
  Raised raise(const AlarmRaised& fact);
  // kNotFound for none of the list; kState when somebody did before, naming him; kMalformed without
  // an officer; kLimit for a note of more than 1,000 bytes.
  Result<void> acknowledge(const AlarmAcknowledged& fact);
  // Nothing when no such alarm is open.
  std::optional<AlarmId> end(const AlarmEnded& fact);
  void escalated(const AlarmEscalated& fact);
  // What is known of it now, while its cause lasts: of a row that grows. No occurrence, and no fact.
  void reword(const AlarmSubject& about, const std::string& words);
  void add(const AlarmFact& fact);  // any of them; one that does not fit changes nothing

  // Steps that are to be told now, each once, by alarm and then by time. Whoever tells one keeps it
  // as a fact (AlarmEscalated), else it is told again after a restart.
  std::vector<AlarmEscalated> due(WallTime now);

  std::vector<ListedAlarm> open() const;              // the oldest first
  std::vector<ListedAlarm> closed() const;            // the one closed last first
  std::optional<ListedAlarm> find(AlarmId id) const;  // nothing when it is not kept any more
  std::size_t unacknowledged() const;

 private:
  struct Held {
    ListedAlarm alarm;
    std::uint64_t waited_seconds = 0;  // without an acknowledgement, as due() saw it
    WallTime looked_at;
    std::optional<std::uint32_t> told_minutes;  // the latest step that was told
  };
  Held* open_alarm(const AlarmSubject& about);
  void close_if_over(const Held& held);

  std::vector<std::uint32_t> steps_;  // ascending
  AlarmId next_ = 1;
  std::map<AlarmId, Held> alarms_;
  std::map<AlarmSubject, AlarmId> open_;
  std::deque<AlarmId> closed_;  // the newest last
};

}  // namespace detente::watch
