// An entry of the record as the watch reads it: whose, when, by which officer, and
// whether it may count.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "line/watch_acts.h"
#include "station/running.h"
#include "station/verdict.h"

namespace detente::station {

// A word of a person there that is none of the acts below: a message, a receipt.
struct SignOfLife {
  bool receipt = false;
};
struct CircuitTestSeen {};
struct HoursSigned {
  WallTime until;
};

using WatchActBody = std::variant<line::CallAct, line::PresenceDeed, line::OnWatch, std::vector<line::ZoneDigest>,
                                  HoursSigned, line::Outage, CircuitTestSeen, SignOfLife>;

struct WatchAct {
  bool own = true;  // of this side's log
  EntryPlace place;
  record::EntryClass entry_class = record::EntryClass::kLive;
  bool flash = false;  // a message of that precedence: it rings at any hour (spec/hours.md section 3)
  WallTime at;          // as its author claims, not after this side's clock when it was stored
  WallTime stored_at;   // by this side's clock
  // By this side's clock the latest that it can have been said: as its author claims, less what his clock is ahead.
  WallTime latest;
  std::string officer;  // "duty-officer 12"; empty: the station
  // A person's act on a provable line: whether a valid signature stands under it. Else true.
  bool vouched = true;
  // The accord's version under which a person signed it; nothing where nobody signs (a deniable line, the station).
  std::optional<std::uint32_t> accord_version;
  std::vector<record::Reference> references;
  WatchActBody body;
};

// Nothing for an entry that means nothing to the watch, or whose body cannot be read.
std::optional<WatchAct> read_watch_act(const Running& running, const Counterpart& counterpart,
                                       const accord::Annex& annex, const record::LogKey& log,
                                       const record::StoredEntry& stored);

// What is known of the other clock.
struct ClockAhead {
  std::int64_t seconds = 0;  // theirs less ours
  std::int64_t error = 0;
};
// Where the clocks were never compared, a day is given to them.
WallTime latest_said(WallTime claimed, WallTime stored_at, const std::optional<ClockAhead>& ahead);

std::string officer_words(const accord::Roster& roster, OfficerId officer);

}  // namespace detente::station
