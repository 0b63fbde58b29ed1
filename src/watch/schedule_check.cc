#include "watch/schedule_check.h"

#include <algorithm>

namespace detente::watch {
namespace {

constexpr Day kThirteenMonths = 400;
constexpr Day kLastDay = 0xffffffffu / kSecondsPerDay - 2;

WallTime start_of(Day day) {
  return {static_cast<std::uint32_t>(std::clamp<Day>(day, 0, kLastDay)) * kSecondsPerDay};
}

}  // namespace

Result<void> check_schedule(const Schedule& schedule, const CivilDate& first) {
  Day last = day_of(first);
  for (std::size_t i = 0; i < schedule.entries(); ++i)
    last = std::max(last, schedule.dates(i).last_named());
  last += kThirteenMonths;
  for (std::size_t i = 0; i < schedule.entries(); ++i)
    if (!schedule.dates(i).ever_before(last))
      return fail(
          Fault::kConflict,
          "check call " + std::to_string(i + 1) +
              " of the annex never occurs: none of its dates is on or after " +
              format_utc(start_of(day_of(first))).substr(0, 10) +
              ", when the accord begins; give it a weekday or a later date, or take it away");
  auto calls = schedule.planned(start_of(day_of(first) - 2), start_of(last));
  std::sort(calls.begin(), calls.end(), [](const PlannedCall& a, const PlannedCall& b) {
    return std::pair(a.begin(), a.id) < std::pair(b.begin(), b.id);
  });
  for (std::size_t i = 1; i < calls.size(); ++i)
    if (calls[i].begin() < calls[i - 1].unanswered_from)
      return fail(Fault::kConflict,
                  "check calls overlap: that of " + schedule.words(calls[i - 1]) +
                      " is open until " + format_utc(calls[i - 1].unanswered_from) +
                      ", and that of " + schedule.words(calls[i]) + " begins at " +
                      format_utc(calls[i].begin()) +
                      "; move one of them, or lower unanswered_minutes in [hours]");
  return {};
}

}  // namespace detente::watch
