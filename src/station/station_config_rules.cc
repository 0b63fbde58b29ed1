#include "station/station_config_rules.h"

#include <string>
#include <vector>

namespace detente::station {

Result<void> check_rules(const SideRules& rules) {
  for (const GraveAct act : kGraveActs)
    if (rules.signers_of(act) < 1 || rules.signers_of(act) > kSignersMax)
      return fail(Fault::kLimit, std::string("station.toml: [rules] ") + to_string(act) + " is how many officers sign it, from 1 to 4");
  return {};
}

SideRules read_rules(accord::TomlDocument& document, accord::TomlDocument::Table& root) {
  SideRules out;
  if (!root.has("rules")) return out;
  accord::TomlDocument::Table table = root.table("rules");
  for (const GraveAct act : kGraveActs)
    if (table.has(to_string(act)))
      out.signers[static_cast<std::size_t>(act) - 1] = table.integer(to_string(act), 1, kSignersMax);
  if (table.has("mandate"))
    for (const std::string& name : table.texts("mandate", std::size(kGraveActs))) {
      const auto act = record::grave_act_from(name);
      if (act)
        out.mandate[static_cast<std::size_t>(*act) - 1] = true;
      else
        document.fail_with(Fault::kMalformed, "\"mandate\" in [rules] names acts: cut, lift, restore, announce", table.line());
    }
  table.close();
  return out;
}

void write_rules(accord::TomlWriter& writer, const SideRules& rules) {
  if (rules == SideRules{}) return;
  writer.section("rules");
  for (const GraveAct act : kGraveActs)
    if (rules.signers_of(act) != 1) writer.integer(to_string(act), rules.signers_of(act));
  std::vector<std::string> ordered;
  for (const GraveAct act : kGraveActs)
    if (rules.wants_mandate(act)) ordered.push_back(to_string(act));
  if (!ordered.empty()) writer.texts("mandate", ordered);
}

}  // namespace detente::station
