// The last line of a zone's file: the rule for all times after the changes that
// the file lists. RFC 8536 section 3.3, which takes it from POSIX's TZ variable
// ("EST5EDT,M3.2.0,M11.1.0") and allows hours from -167 to 167.
//
// Not the date library's reader: that of Debian 12 refuses negative hours, which
// Greenland has.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "watch/zone_rules.h"

namespace detente::io {

class ZoneTail {
 public:
  // Nothing for a text that is no such rule.
  static std::optional<ZoneTail> parse(std::string_view text);

  // The periods of [from, until), the first beginning at `from`.
  std::vector<watch::ZonePeriod> periods(WallTime from, WallTime until) const;

 private:
  struct Clock {
    std::string abbreviation;
    std::int32_t offset_seconds = 0;
  };
  enum class DayForm { kMonthWeekDay, kDayWithoutLeapDay, kDayFromZero };
  struct Change {
    DayForm form = DayForm::kMonthWeekDay;
    std::int32_t month = 1, week = 1, day = 0;
    std::int32_t second = 2 * 3600;  // of that day, by the clock that ends then
    std::int64_t local_seconds(std::int32_t year) const;
  };
  friend class TailReader;

  Clock standard_;
  std::optional<Clock> saving_;
  std::array<Change, 2> changes_;  // to saving, and back
};

}  // namespace detente::io
