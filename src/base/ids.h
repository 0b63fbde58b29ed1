// Ids are types: a line's number never passes for a path's.
#pragma once

#include <compare>
#include <cstdint>

namespace detente {

template <typename Tag, typename Value>
struct Id {
  Value value{};
  auto operator<=>(const Id&) const = default;
};

using LineId = Id<struct LineTag, std::uint16_t>;      // number of a line in its accord; 0 = accord line
using PathId = Id<struct PathTag, std::uint8_t>;       // number of a path in its accord, from 1
using OfficerId = Id<struct OfficerTag, std::uint16_t>;  // number of a credential of its side; 0 = the station itself
// A counterpart of this station: index into its configuration, stable while it runs.
using PeerId = Id<struct PeerTag, std::uint16_t>;

inline constexpr LineId kAccordLine{0};
inline constexpr OfficerId kStationItself{0};

}  // namespace detente
