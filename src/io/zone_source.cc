#include "io/zone_source.h"

#include <date/tz.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "io/file.h"
#include "io/zone_tail.h"

namespace detente::io {
namespace {

// Where the library looks first, and where Debian has it.
constexpr const char* kZoneFolder = "/usr/share/zoneinfo";
constexpr std::size_t kZoneFileMax = 256 * 1024;

date::sys_seconds sys_time(WallTime time) {
  return date::sys_seconds(std::chrono::seconds(time.seconds));
}

std::int64_t seconds_of(date::sys_seconds time) { return time.time_since_epoch().count(); }

const date::time_zone* locate(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return nullptr;  // it says no more than that; a broken folder has no zone at all
  }
}

// The rule for all times after the last change that the file lists; nothing when it has none.
std::optional<ZoneTail> tail_of_file(const std::string& name) {
  const auto bytes = read_file(Path(kZoneFolder) / name, kZoneFileMax);
  if (!bytes) return std::nullopt;
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.empty() || text.back() != '\n') return std::nullopt;
  text.remove_suffix(1);
  return ZoneTail::parse(text.substr(text.rfind('\n') + 1));
}

// Every period of [from, until): the listed changes, then the rule.
Result<std::vector<watch::ZonePeriod>> read_periods(const date::time_zone& zone,
                                                    const std::string& name, WallTime from,
                                                    WallTime until) {
  std::vector<watch::ZonePeriod> out;
  date::sys_seconds at = sys_time(from);
  while (at < sys_time(until)) {
    const date::sys_info info = zone.get_info(at);
    const WallTime begin{static_cast<std::uint32_t>(seconds_of(at))};
    // No time of 32 bits is near the library's "for ever".
    if (seconds_of(info.end) > 0x1ffffffffLL) {
      const auto tail = tail_of_file(name);
      if (!tail) return fail(Fault::kIo, "its last line holds no rule for the years to come");
      const auto rest = tail->periods(begin, until);
      out.insert(out.end(), rest.begin(), rest.end());
      return out;
    }
    out.push_back({begin, static_cast<std::int32_t>(info.offset.count()), info.abbrev});
    if (info.end <= at) return fail(Fault::kIo, "changes of the clock out of order");
    at = info.end;
  }
  return out;
}

}  // namespace

Result<watch::ZoneRules> load_zone(std::string_view name, WallTime from, WallTime until) {
  const std::string zone_name(name);
  const date::time_zone* zone = locate(zone_name);
  if (!zone)
    return fail(Fault::kNotFound,
                "time zone \"" + zone_name +
                    "\": this machine has none of that name; correct its spelling in the annex (as "
                    "Asia/Seoul), or update the zone data (package tzdata, for old names tzdata-legacy)");
  const auto unreadable = [&](const std::string& why) {
    return fail(Fault::kIo, "time zone \"" + zone_name + "\": " + kZoneFolder + "/" + zone_name +
                                " cannot be read (" + why +
                                "); install the zone data afresh (apt install --reinstall tzdata)");
  };
  try {
    auto periods = read_periods(*zone, zone_name, from, until);
    if (!periods) return unreadable(periods.error().message);
    return watch::ZoneRules::make(zone_name, from, until, std::move(*periods));
  } catch (const std::exception& error) {
    return unreadable(error.what());
  }
}

}  // namespace detente::io
