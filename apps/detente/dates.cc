#include "dates.h"

#include "base/civil.h"
#include "wire/text.h"

namespace detente::cli {

Result<WallTime> parse_date(const std::string& text, const std::string& option) {
  auto time = parse_utc(text + "T00:00:00Z");
  if (!time)
    return fail(Fault::kMalformed, option + " " + wire::display_line(text.substr(0, 80)) +
                                       ": write a date, as 2026-11-24");
  return time;
}

}  // namespace detente::cli
