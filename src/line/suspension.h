// Kind 17: a duty chief keeps an officer of the own side from acting, for three
// days at most, while the root key is out of reach. spec/record.md section 3.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace detente::line {

inline constexpr std::uint32_t kSuspensionSecondsMax = 72 * 3600;  // after the entry's own time

struct SuspensionAct {
  OfficerId number;  // of the author's side
  WallTime until;    // not after the entry's time: takes back what was said before
  bool operator==(const SuspensionAct&) const = default;
};
Bytes suspension_body(const SuspensionAct& act);
Result<SuspensionAct> parse_suspension_body(ByteView body);

}  // namespace detente::line
