// The schedules of an accord's lines with this machine's zone data.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "accord/accord.h"
#include "base/result.h"
#include "watch/schedule.h"

namespace detente::station {

// Zones are read for this many years from the one in which the accord begins. The rules' digest,
// which both sides compare, is over the same span on both.
inline constexpr std::int32_t kZoneYears = 50;

struct ZonesHere {
  watch::ZoneBook zones;
  std::vector<Error> missing;  // a message each, by name; the line's other calls go on
};
// Every zone that these annexes name.
ZonesHere load_zones(std::span<const accord::Annex> annexes, WallTime not_before);

Result<watch::Schedule> schedule_of(const accord::Accord& accord, const accord::Annex& annex,
                                    const watch::ZoneBook& zones);

// Of every line, before it is signed or used: the first thing that is wrong, else what this machine
// does not know (messages for a person).
Result<std::vector<std::string>> check_schedules(const accord::Accord& accord,
                                                 std::span<const std::string> annex_texts);

}  // namespace detente::station
