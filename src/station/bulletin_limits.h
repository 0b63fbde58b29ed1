// What one side's bulletins may cost this station: each new one is a file for ever, read at every start, and a look at everything
// that was agreed with that side. A hostile side could sign one a millisecond. docs/threat-model.md.
#pragma once

#include <optional>

#include "base/time.h"
#include "core/limits.h"

namespace detente::station {

inline constexpr auto kBulletinEvery = std::chrono::hours(1);

// What is beyond it stays in the record, and is taken from there when there is room again.
struct BulletinLimits {
  core::Bucket taken{256, 1, kBulletinEvery};
  bool looks_later = false;
  std::optional<Instant> judged;  // the record, for the last time
  bool judges_later = false;
};

}  // namespace detente::station
