// The part of station.toml that says how this side does grave acts: how many
// officers sign one. The side's own rule: nothing of it is agreed with anybody.
// spec/signing.md section 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "base/result.h"

namespace detente::station {

enum class GraveAct : std::uint8_t { kCut = 1, kLift = 2, kRestore = 3, kAnnounce = 4 };
inline constexpr GraveAct kGraveActs[] = {GraveAct::kCut, GraveAct::kLift, GraveAct::kRestore, GraveAct::kAnnounce};
const char* to_string(GraveAct act);  // "cut", "lift", "restore", "announce"
std::optional<GraveAct> grave_act_from(std::string_view name);

inline constexpr std::uint32_t kSignersMax = 4;  // as many signatures as an entry holds

struct SideRules {
  std::uint32_t signers[4] = {1, 1, 1, 1};  // by kGraveActs
  std::uint32_t signers_of(GraveAct act) const { return signers[static_cast<std::size_t>(act) - 1]; }
  bool operator==(const SideRules&) const = default;
};

Result<void> check_rules(const SideRules& rules);
// [rules], where it is there; what is wrong in it stands in the document.
SideRules read_rules(accord::TomlDocument::Table& root);
void write_rules(accord::TomlWriter& writer, const SideRules& rules);

}  // namespace detente::station
