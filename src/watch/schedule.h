// Schedule: the check calls of one line, each with its instants and who calls.
//
// Why it is computed and not kept: both sides must come to the same calls
// without a word, a restart or a restored backup must change nothing, and
// twenty years of them must cost no memory. So a call is a function of the
// annex, of the accord's first day and of zone rules.
//
// A call is known by its date and its place in the annex (CallId). Its instant
// may move when a government changes its clocks; its identity does not.
//
// Calls whose zone this station does not know are left out and the zone is
// named (unknown_zones): no other hour is guessed. spec/hours.md section 2.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accord/annex.h"
#include "base/result.h"
#include "base/time.h"
#include "watch/call_dates.h"
#include "watch/zone_rules.h"

namespace detente::watch {

inline constexpr std::uint32_t kForEver = std::numeric_limits<std::uint32_t>::max();  // the last second of a WallTime

using SideIndex = std::uint8_t;  // place in the accord's order, 0 or 1

struct CallId {
  Day day = 0;             // the call's date in its zone
  std::uint8_t entry = 0;  // place in [[check_calls]]
  auto operator<=>(const CallId&) const = default;
};

struct PlannedCall {
  CallId id;
  std::uint32_t number = 0;
  SideIndex caller = 0;
  accord::CallKind kind = accord::CallKind::kOrdinary;
  WallTime at;           // the calling side's hour
  WallTime called_hour;  // the called side's: another one with two nine o'clocks
  WallTime in_time_until;
  WallTime late_from;  // an answer from in_time_until to here comes at the called side's hour
  WallTime unanswered_from;

  WallTime begin() const { return std::min(at, called_hour); }
  WallTime last_hour() const { return std::max(at, called_hour); }
  auto operator<=>(const PlannedCall&) const = default;
};

class Schedule {
 public:
  // `order`: the accord's. `first`: the date of the accord's not_before. kConflict when the annex
  // names a side that is not in `order`.
  static Result<Schedule> make(const accord::Annex& annex, const std::array<std::string, 2>& order,
                               const CivilDate& first, const ZoneBook& zones);

  // Those with `at` in [from, until), in the order of `at`.
  std::vector<PlannedCall> planned(WallTime from, WallTime until) const;
  std::optional<PlannedCall> find(const CallId& id) const;
  std::optional<PlannedCall> next(WallTime from) const;  // the first with `at` not before `from`

  const std::vector<std::string>& unknown_zones() const { return unknown_zones_; }
  const accord::HoursTerms& terms() const { return terms_; }
  std::size_t entries() const { return entries_.size(); }
  const CallDates& dates(std::size_t entry) const { return entries_[entry].dates; }
  accord::CallKind kind(std::size_t entry) const { return entries_[entry].kind; }
  const ZoneRules* zone(std::size_t entry) const { return entries_[entry].zone.get(); }
  // "2027-03-02 09:00 Asia/Seoul": its hour in its zone.
  std::string words(const PlannedCall& call) const;

 private:
  struct Hour {
    std::uint16_t minute = 0;
    std::shared_ptr<const ZoneRules> zone;
  };
  struct Entry {
    CallDates dates;
    accord::CallKind kind;
    std::optional<SideIndex> caller;  // none: in turn
    std::shared_ptr<const ZoneRules> zone;
    std::array<std::optional<Hour>, 2> own;  // by side
    bool known = true;                       // every zone of it
  };
  Schedule() = default;
  std::optional<PlannedCall> plan(std::size_t entry, Day day, std::uint32_t number) const;

  std::vector<Entry> entries_;
  accord::HoursTerms terms_;
  std::vector<std::string> unknown_zones_;
};

}  // namespace detente::watch
