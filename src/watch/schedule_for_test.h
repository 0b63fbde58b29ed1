// Lines with check calls, for the tests of this folder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "accord/annex.h"
#include "base/random.h"
#include "watch/schedule.h"
#include "watch/zones_for_test.h"

namespace detente::watch::test {

inline constexpr SideIndex kSouth = 0, kNorth = 1;
inline constexpr std::uint8_t kEveryDay = 0x7f, kWorkingDays = 0x1f;
inline const std::array<std::string, 2> kOrder = {"south", "north"};

inline accord::Annex annex(std::vector<accord::CheckCall> calls, accord::HoursTerms terms = {}) {
  SeededRandom random(1);
  accord::Annex out =
      accord::draft_annex(LineId{1}, "line", {"fibre"}, accord::Evidence::kProvable, random);
  out.check_calls = std::move(calls);
  out.hours = std::move(terms);
  return out;
}

inline Schedule schedule(std::vector<accord::CheckCall> calls, CivilDate first,
                         accord::HoursTerms terms = {}) {
  return Schedule::make(annex(std::move(calls), std::move(terms)), kOrder, first, zones()).value();
}

// "2027-03-02T00:00:00Z south", one a line.
inline std::string shown(const std::vector<PlannedCall>& calls) {
  std::string out;
  for (const PlannedCall& call : calls)
    out += format_utc(call.at) + " " + kOrder[call.caller] + "\n";
  return out;
}

inline std::string shown(const Schedule& schedule, const char* from, const char* until) {
  return shown(schedule.planned(utc(from), utc(until)));
}

}  // namespace detente::watch::test
