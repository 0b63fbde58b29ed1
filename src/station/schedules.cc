#include "station/schedules.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/civil.h"
#include "io/zone_source.h"
#include "watch/schedule_check.h"

namespace detente::station {
namespace {

constexpr std::int32_t kLastYear = 2106;  // the last that a WallTime reaches

WallTime new_year(std::int32_t year) {
  return {static_cast<std::uint32_t>(days_from_civil({std::min(year, kLastYear), 1, 1}) * 86400)};
}

}  // namespace

ZonesHere load_zones(std::span<const accord::Annex> annexes, WallTime not_before) {
  std::set<std::string> names;
  for (const accord::Annex& annex : annexes)
    for (const accord::CheckCall& call : annex.check_calls) {
      names.insert(call.zone);
      for (const accord::OwnHour& own : call.own_hours) names.insert(own.zone);
    }
  // From the year before: a call of the first day may lie in the old year of UTC.
  const std::int32_t year = std::max(date_of(not_before).year - 1, 1970);
  ZonesHere out;
  for (const std::string& name : names) {
    auto rules = io::load_zone(name, new_year(year), new_year(year + kZoneYears));
    if (rules)
      out.zones.emplace(name, std::make_shared<const watch::ZoneRules>(std::move(*rules)));
    else
      out.missing.push_back(rules.error());
  }
  return out;
}

Result<watch::Schedule> schedule_of(const accord::Accord& accord, const accord::Annex& annex,
                                    const watch::ZoneBook& zones) {
  auto made = watch::Schedule::make(annex, {accord.sides[0].name, accord.sides[1].name},
                                    date_of(accord.not_before), zones);
  if (!made) return fail_at("line \"" + annex.name + "\"", made.error());
  return made;
}

Result<std::vector<std::string>> check_schedules(const accord::Accord& accord,
                                                 std::span<const std::string> annex_texts) {
  std::vector<accord::Annex> annexes;
  for (const std::string& text : annex_texts) {
    DETENTE_TRY(annex, accord::parse_annex(text));
    annexes.push_back(std::move(annex));
  }
  const ZonesHere here = load_zones(annexes, accord.not_before);
  for (const accord::Annex& annex : annexes) {
    DETENTE_TRY(schedule, schedule_of(accord, annex, here.zones));
    const auto good = watch::check_schedule(schedule, date_of(accord.not_before));
    if (!good) return fail_at("line \"" + annex.name + "\"", good.error());
  }
  std::vector<std::string> out;
  for (const Error& error : here.missing) out.push_back(error.message);
  return out;
}

}  // namespace detente::station
