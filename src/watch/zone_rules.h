// ZoneRules: one time zone's rules as data, over a stated span.
//
// Two sides compute the same check calls only when their machines hold the same
// rules, and governments change these at short notice (Pyongyang twice in three
// years). So rules enter from outside (io/zone_source), and have one canonical
// text whose digest the two sides compare. The text holds what decides when a
// call is, instants and offsets, and no abbreviations: zone data of different
// makers name one hour differently, and that is no difference to alarm anybody.
//
// Invariants: the first period begins where the span does, periods ascend, and
// two neighbours differ. Reads no clock and no file. spec/hours.md section 1.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/civil.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::watch {

// What a clock on a wall of the zone shows: seconds since 1970-01-01T00:00 on that wall, at no
// place a UTC time.
struct LocalTime {
  std::int64_t seconds = 0;
  auto operator<=>(const LocalTime&) const = default;

  static LocalTime at(const CivilDate& date, std::uint32_t minute_of_day);
  CivilDate date() const;
  std::uint32_t minute_of_day() const;
};

// "2026-11-24 09:00"
std::string format_local(LocalTime time);

struct ZonePeriod {
  WallTime begin;
  std::int32_t offset_seconds = 0;  // local minus UTC: east of Greenwich is positive
  std::string abbreviation;         // for screens only
  bool operator==(const ZonePeriod&) const = default;
};

class ZoneRules {
 public:
  static constexpr std::int32_t kOffsetSecondsMax = 18 * 3600;
  static constexpr std::size_t kPeriodsMax = 4096;

  // kMalformed when the invariants do not hold; neighbours that do not differ are joined.
  static Result<ZoneRules> make(std::string name, WallTime from, WallTime until,
                                std::vector<ZonePeriod> periods);

  const std::string& name() const { return name_; }
  WallTime from() const { return from_; }
  WallTime until() const { return until_; }  // the first second that the rules do not cover
  const std::vector<ZonePeriod>& periods() const { return periods_; }

  // Nothing outside the span.
  const ZonePeriod* period_at(WallTime time) const;
  std::optional<LocalTime> to_local(WallTime time) const;
  // The first instant at which the zone's clock shows `local` or more: the clock's jump for a time
  // that the jump leaves out, the first of two for one that comes twice. Nothing outside the span.
  std::optional<WallTime> to_utc(LocalTime local) const;

  std::string canonical_text() const;
  Digest digest() const;  // SHA-256 of the canonical text

 private:
  ZoneRules() = default;
  WallTime end_of(std::size_t period) const;

  std::string name_;
  WallTime from_, until_;
  std::vector<ZonePeriod> periods_;
};

// The zones that a station knows, by IANA name.
using ZoneBook = std::map<std::string, std::shared_ptr<const ZoneRules>, std::less<>>;

}  // namespace detente::watch
