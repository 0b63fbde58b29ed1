// The part of station.toml that says how this side does grave acts: how many
// officers sign one, and which need a principal's mandate. The side's own rule: nothing of it is agreed with anybody.
// spec/signing.md section 2.
#pragma once

#include <cstdint>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "base/result.h"
#include "record/mandate.h"

namespace detente::station {

using record::GraveAct;
using record::kGraveActs;

inline constexpr std::uint32_t kSignersMax = 4;  // as many signatures as an entry holds

struct SideRules {
  std::uint32_t signers[4] = {1, 1, 1, 1};  // by kGraveActs
  bool mandate[4] = {};                     // a principal's is wanted; by kGraveActs, too
  bool wants_mandate(GraveAct act) const { return mandate[static_cast<std::size_t>(act) - 1]; }
  std::uint32_t signers_of(GraveAct act) const { return signers[static_cast<std::size_t>(act) - 1]; }
  bool operator==(const SideRules&) const = default;
};

Result<void> check_rules(const SideRules& rules);
// [rules], where it is there; what is wrong in it stands in the document.
SideRules read_rules(accord::TomlDocument& document, accord::TomlDocument::Table& root);
void write_rules(accord::TomlWriter& writer, const SideRules& rules);

}  // namespace detente::station
