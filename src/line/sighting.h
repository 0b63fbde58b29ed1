// What a proposal's outcome is computed from: of each entry of the accord line its place, its hour, what its author had
// seen, and its act.
#pragma once

#include <compare>

#include "line/passages.h"
#include "line/proposal.h"

namespace detente::line {

// An entry of the accord line; `side` is its author's place in the accord's order, 0 or 1.
struct ActPlace {
  std::uint8_t side = 0;
  record::EpochId epoch{};
  std::uint64_t index = 0;
  auto operator<=>(const ActPlace&) const = default;
};

// What the book needs of an entry.
struct Sighting {
  ActPlace at;
  record::EntryClass entry_class = record::EntryClass::kLive;
  WallTime time;
  std::optional<LogPart> seen;    // of the other side's log
  std::optional<LogPart> before;  // of the own log, where this is an epoch's first entry
  std::optional<ActPlace> on;     // what a counter-offer or an answer refers to
  std::optional<Proposal> proposal;
  std::optional<Answer> answer;
};
// `counts`: signed validly by an officer who may. A body that does not read counts for nothing.
Sighting sighting_of(std::uint8_t side, const record::EpochId& epoch, std::uint64_t index,
                     const record::Entry& entry, bool counts);

inline std::uint8_t other_side(std::uint8_t side) { return static_cast<std::uint8_t>(1 - side); }

}  // namespace detente::line
