#include "station/desk_checks.h"

#include <algorithm>

namespace detente::station {

namespace {
constexpr std::uint32_t kClockLimit = 24 * 3600;
}

Result<void> check_desk_time(WallTime claimed, WallTime now) {
  const auto [earlier, later] = std::minmax(claimed, now);
  if (later.seconds - earlier.seconds <= kClockLimit) return {};
  return fail(Fault::kLimit,
              "the time that is claimed is more than a day from this station's clock: set the "
              "clock of the desk or of the station");
}

Result<void> check_post(const accord::Annex& annex, const accord::Credential& officer) {
  if (annex.allows_post(officer.post)) return {};
  return fail(Fault::kDenied, "line " + annex.name + " is for the posts that the accord names, and " + officer.post +
                                  " is none of them; `detente accord show` lists them");
}

}  // namespace detente::station
