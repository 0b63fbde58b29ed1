// Zones for tests, written out by hand from the published changes: the tests of
// this folder hang on no machine's zone data.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "watch/zone_rules.h"

namespace detente::watch::test {

inline WallTime utc(std::string_view text) { return parse_utc(text).value(); }

inline std::shared_ptr<const ZoneRules> zone(std::string name, std::vector<ZonePeriod> periods,
                                             WallTime until = WallTime{0xffffffff}) {
  const WallTime from = periods.front().begin;
  return std::make_shared<const ZoneRules>(
      ZoneRules::make(std::move(name), from, until, std::move(periods)).value());
}

// The date of the n-th Sunday of a month; of the last one with n = 0.
inline CivilDate sunday(std::int32_t year, std::uint32_t month, std::uint32_t n) {
  std::uint32_t day = 31;
  if (n) day = 7 * n;
  while (!is_civil({year, month, day})) --day;
  while ((days_from_civil({year, month, day}) + 3) % 7 != 6) --day;
  return {year, month, day};
}

inline WallTime at_utc(const CivilDate& date, std::int32_t hour) {
  return {static_cast<std::uint32_t>(days_from_civil(date) * 86400 + hour * 3600)};
}

// Central Europe, 2010 to 2079: daylight saving from the last Sunday of March, 01:00 UTC, to that
// of October.
inline std::shared_ptr<const ZoneRules> berlin() {
  std::vector<ZonePeriod> periods = {{utc("2010-01-01T00:00:00Z"), 3600, "CET"}};
  for (std::int32_t year = 2010; year < 2080; ++year) {
    periods.push_back({at_utc(sunday(year, 3, 0), 1), 7200, "CEST"});
    periods.push_back({at_utc(sunday(year, 10, 0), 1), 3600, "CET"});
  }
  return zone("Europe/Berlin", std::move(periods), utc("2080-01-01T00:00:00Z"));
}

inline std::shared_ptr<const ZoneRules> seoul() {
  return zone("Asia/Seoul", {{utc("2010-01-01T00:00:00Z"), 9 * 3600, "KST"}},
              utc("2080-01-01T00:00:00Z"));
}

// Half an hour back on 2015-08-15 at 00:00, half an hour on at 2018-05-04T23:30.
inline std::shared_ptr<const ZoneRules> pyongyang() {
  return zone("Asia/Pyongyang",
              {{utc("2010-01-01T00:00:00Z"), 9 * 3600, "KST"},
               {utc("2015-08-14T15:00:00Z"), 8 * 3600 + 1800, "KST"},
               {utc("2018-05-04T15:00:00Z"), 9 * 3600, "KST"}},
              utc("2080-01-01T00:00:00Z"));
}

inline std::shared_ptr<const ZoneRules> new_york() {
  std::vector<ZonePeriod> periods = {{utc("2010-01-01T00:00:00Z"), -5 * 3600, "EST"}};
  for (std::int32_t year = 2010; year < 2080; ++year) {
    periods.push_back({at_utc(sunday(year, 3, 2), 7), -4 * 3600, "EDT"});
    periods.push_back({at_utc(sunday(year, 11, 1), 6), -5 * 3600, "EST"});
  }
  return zone("America/New_York", std::move(periods), utc("2080-01-01T00:00:00Z"));
}

inline ZoneBook zones() {
  ZoneBook out;
  const auto utc_zone = zone("UTC", {{WallTime{0}, 0, "UTC"}});
  for (const auto& rules : {utc_zone, berlin(), seoul(), pyongyang(), new_york()})
    out.emplace(rules->name(), rules);
  return out;
}

}  // namespace detente::watch::test
