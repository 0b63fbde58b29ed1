// The hours of a line as its annex states them: check calls, holidays, minutes
// of grace. spec/accord.md section 6. What follows from them, day by day, is
// computed in src/watch (spec/hours.md).
//
// Everything but a call's time, zone and days may be left out of the text, so
// that an annex without it stays the text that was signed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "base/civil.h"
#include "base/result.h"

namespace detente::accord {

inline constexpr std::size_t kCheckCallsMax = 64;
inline constexpr std::size_t kHolidaysMax = 200;
inline constexpr std::size_t kExceptionsMax = 64;
inline constexpr std::uint32_t kGraceMinutesMax = 24 * 60;

enum class CallKind : std::uint8_t { kOrdinary, kOpening, kClosing };
const char* to_string(CallKind kind);  // "ordinary", "opening", "closing"

// A side that keeps another hour than the common one: two nine o'clocks.
struct OwnHour {
  std::string side;
  std::uint16_t minute = 0;
  std::string zone;
  bool operator==(const OwnHour&) const = default;
};

// One date on which this call is at another hour, for both, whatever the weekday; or is not.
struct CallException {
  CivilDate date;
  std::optional<std::uint16_t> minute;  // of the day in the call's zone
  bool operator==(const CallException&) const = default;
};

struct CheckCall {
  std::uint16_t minute = 0;  // of the day in its zone, 0..1439
  std::string zone;          // IANA name, "Asia/Seoul"; whether it exists is the station's to know
  std::uint8_t days = 0;     // bit 0 Monday ... bit 6 Sunday
  CallKind kind = CallKind::kOrdinary;
  std::string caller = {};  // a side that always calls; empty = the two in turn
  std::vector<OwnHour> own_hours = {};
  std::vector<CallException> exceptions = {};  // ascending
  bool operator==(const CheckCall&) const = default;
};

struct Holiday {
  std::int32_t year = 0;  // 0 = every year
  std::uint32_t month = 1, day = 1;
  auto operator<=>(const Holiday&) const = default;
};

// What a station tells the other side of who is on watch at its desk.
enum class WatchTold : std::uint8_t { kNothing, kStaffed, kPost };
const char* to_string(WatchTold told);  // "nothing", "staffed", "post"

struct HoursTerms {
  std::vector<Holiday> holidays;  // no check call on these; ascending
  std::uint32_t late_minutes = 5;
  std::uint32_t unanswered_minutes = 30;
  std::uint32_t presence_minutes = 10;  // after which nobody answered "is anybody there?"
  WatchTold on_watch = WatchTold::kNothing;
  bool operator==(const HoursTerms&) const = default;
};

// "09:00"
std::string time_text(std::uint16_t minute);

// `where` starts each message. What two calls in different zones do to each other is not looked at
// here: that takes the zones' rules (watch/schedule_check.h).
Result<void> check_hours(const std::vector<CheckCall>& calls, const HoursTerms& terms,
                         const std::string& where);

std::vector<CheckCall> read_check_calls(TomlDocument& document, TomlDocument::Table& root);
HoursTerms read_hours(TomlDocument& document, TomlDocument::Table& root);
// Nothing for the terms that hold when nothing is said.
void write_hours(TomlWriter& out, const HoursTerms& terms);
void write_check_calls(TomlWriter& out, const std::vector<CheckCall>& calls);

}  // namespace detente::accord
