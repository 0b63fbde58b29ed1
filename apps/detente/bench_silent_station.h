// A station of five lines whose other side has gone silent, for years: the daemon's core and store, the
// watch's books and log, in virtual time. Check calls are made by officers in their turn and taken back
// unanswered; credentials are renewed, officers come and go, the station starts again now and then.
//
// The machine may sleep most of each quarter of an hour: wall time passes then and its timers stand still. What the
// core does costs by the hour that it is awake, what the watch does by the day.
#pragma once

#include <memory>

#include "base/result.h"

namespace detente::cli {

struct SilenceSetting {
  std::uint32_t years = 20;
  std::uint32_t awake_minutes = 24 * 60;  // of each day
  std::uint32_t restart_days = 97;
  std::string directory;  // of the record and the watch log
};

inline constexpr std::size_t kSilentLines = 5;

// Of one year, or as it is at its end.
struct SilentYear {
  std::uint64_t heap_bytes = 0;       // of the whole process
  std::uint64_t record_bytes = 0;     // of the database
  std::uint64_t watch_log_bytes = 0;
  std::uint64_t datagrams = 0;        // sent in this year
  double awake_hours = 0;             // in this year
  std::size_t queued = 0;             // entries that wait to be sent
  std::size_t live_calls = 0;         // that the books hold with their facts
  std::size_t closed = 0, alarms = 0;  // in this year
};

struct FirstExchange {
  double arrived_ms = 0;   // from their station's start until it has the newest call
  double answered_ms = 0;  // and until the answer is in our book
  std::size_t signs_of_life = 0;
  std::size_t silent_row = 0;      // of that line, afterwards
  std::size_t queued = 0;          // a minute later, on all lines
  std::size_t their_bulletins = 0;  // of ours that they have then
};

class SilentStation {
 public:
  // Both stations run, and the other one goes without a word.
  static Result<std::unique_ptr<SilentStation>> start(const SilenceSetting& setting);
  virtual ~SilentStation() = default;
  virtual Result<SilentYear> year() = 0;
  // The other station starts again while a call of ours is open, and a person there answers it.
  virtual Result<FirstExchange> answer() = 0;
};

}  // namespace detente::cli
