// What one side's bulletins may cost this station: each new one is a file, and a look at everything that was agreed with that side.
// A hostile side could sign one a millisecond. docs/threat-model.md.
#pragma once

#include <optional>

#include "base/time.h"
#include "core/limits.h"

namespace detente::station {

// What is beyond it stays in the record, and is taken from there when there is room again.
struct BulletinLimits {
  core::Bucket taken{256, 1, std::chrono::minutes(1)};
  bool looks_later = false;
  std::optional<Instant> judged;  // the record, for the last time
  bool judges_later = false;
};

}  // namespace detente::station
