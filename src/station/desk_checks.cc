#include "station/desk_checks.h"

#include <algorithm>

#include "base/civil.h"

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

Result<void> check_carried(const accord::Annex& annex) {
  if (!annex.log_only) return {};
  return fail(Fault::kDenied, "line " + annex.name +
                                  " is log only by the accord: nothing goes over it by this program. Speak over its own "
                                  "equipment, and log what was said: detente contact log " +
                                  annex.name + " \"WORDS\" --bearer radio --as YOU");
}

Result<void> check_valid_now(const accord::Credential& officer, WallTime now) {
  const std::string which = "the credential of officer " + std::to_string(officer.number.value) + ", " + officer.post;
  if (now < officer.not_before)
    return fail(Fault::kDenied, which + ", is not valid before " + format_utc(officer.not_before) +
                                    ": wait, or correct this station's clock");
  if (officer.not_after < now)
    return fail(Fault::kDenied, which + ", expired at " + format_utc(officer.not_after) +
                                    ". Whoever holds the root key renews it: detente officer renew NAME; the other side "
                                    "gets it over the line, or as a file: detente bulletin export FILE");
  return {};
}

Result<void> check_line_right(const accord::Annex& annex, const accord::Credential& officer) {
  if (!officer.allows(annex.line))
    return fail(Fault::kDenied, "officer " + std::to_string(officer.number.value) + ", " + officer.post +
                                    ", has no right on line " + annex.name +
                                    ": his credential names other lines. Let an officer act who has it");
  return check_post(annex, officer);
}

Result<void> check_post(const accord::Annex& annex, const accord::Credential& officer) {
  if (annex.allows_post(officer.post)) return {};
  std::string posts;
  for (const std::string& post : annex.people) posts += (posts.empty() ? "" : ", ") + post;
  return fail(Fault::kDenied, "the accord opens line " + annex.name + " to these posts: " + posts + ". Officer " +
                                  std::to_string(officer.number.value) + " is " + officer.post +
                                  ": let one of those posts act");
}

}  // namespace detente::station
