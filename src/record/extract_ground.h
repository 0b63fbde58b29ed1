// What the items of an extract stand on: its accords and credentials, read and
// checked. For the verifiers of this folder alone.
#pragma once

#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "accord/roster.h"
#include "record/extract_verify.h"

namespace detente::record {

// One accord's note as an extract has it: both sides' signature lines, and the former root key's where it renews one.
struct GroundAccord {
  accord::Accord accord;
  accord::Note note;
  Digest digest{};
  std::map<LineId, accord::Annex> annexes;
};

struct Ground {
  std::vector<GroundAccord> accords;
  std::map<std::pair<std::string, OfficerId>, accord::Credential> credentials;

  // The newest: the sides are the same in all, and their root keys but for those that were renewed.
  const accord::Accord& terms() const { return accords.back().accord; }
  // Of the accords that are here, the oldest first.
  accord::SideRoots roots(std::string_view side) const;
  // Nothing when the file has no such version.
  const GroundAccord* version(std::uint32_t number) const;
  const accord::Credential* credential(std::string_view side, OfficerId number) const;
  // Whether every annex of the line that is here says deniable.
  bool deniable(LineId line) const;
};

// Reads accords and annexes and adds their findings; an error when the form is wrong.
Result<Ground> read_ground(const Extract& extract, const TrustAnchor& anchor,
                           ExtractFindings& findings);

// Whether the user gave both root keys, or the accord's digest, and none contradicts the file.
bool is_anchored(const Ground& ground, const TrustAnchor& anchor);

}  // namespace detente::record
