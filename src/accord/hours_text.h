// The hours of a line as a text of their own: [hours] and [[check_calls]] as an
// annex has them, for whoever drafts one (`detente accord draft --hours`).
// spec/accord.md section 6.
#pragma once

#include <string_view>
#include <vector>

#include "accord/check_calls.h"
#include "base/result.h"

namespace detente::accord {

struct HoursText {
  HoursTerms terms;
  std::vector<CheckCall> calls;
};

// Refuses what an annex would refuse.
Result<HoursText> parse_hours(std::string_view text);

}  // namespace detente::accord
