#include "station/station_config_rules.h"

#include <algorithm>
#include <string>

namespace detente::station {

const char* to_string(GraveAct act) {
  switch (act) {
    case GraveAct::kCut: return "cut";
    case GraveAct::kLift: return "lift";
    case GraveAct::kRestore: return "restore";
    case GraveAct::kAnnounce: return "announce";
  }
  return "?";
}

std::optional<GraveAct> grave_act_from(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kGraveActs), std::end(kGraveActs),
                                         [name](GraveAct act) { return to_string(act) == name; });
  return found == std::end(kGraveActs) ? std::nullopt : std::optional(*found);
}

Result<void> check_rules(const SideRules& rules) {
  for (const GraveAct act : kGraveActs)
    if (rules.signers_of(act) < 1 || rules.signers_of(act) > kSignersMax)
      return fail(Fault::kLimit, std::string("station.toml: [rules] ") + to_string(act) + " is how many officers sign it, from 1 to 4");
  return {};
}

SideRules read_rules(accord::TomlDocument::Table& root) {
  SideRules out;
  if (!root.has("rules")) return out;
  accord::TomlDocument::Table table = root.table("rules");
  for (const GraveAct act : kGraveActs)
    if (table.has(to_string(act)))
      out.signers[static_cast<std::size_t>(act) - 1] = table.integer(to_string(act), 1, kSignersMax);
  table.close();
  return out;
}

void write_rules(accord::TomlWriter& writer, const SideRules& rules) {
  if (rules == SideRules{}) return;
  writer.section("rules");
  for (const GraveAct act : kGraveActs)
    if (rules.signers_of(act) != 1) writer.integer(to_string(act), rules.signers_of(act));
}

}  // namespace detente::station
