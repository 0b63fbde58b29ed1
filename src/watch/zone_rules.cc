#include "watch/zone_rules.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "crypto/hash.h"

namespace detente::watch {
namespace {

constexpr std::size_t kAbbreviationBytesMax = 16;

std::int64_t day_of(std::int64_t seconds) {
  return (seconds >= 0 ? seconds : seconds - (kSecondsPerDay - 1)) / kSecondsPerDay;
}

Result<void> check_period(const std::string& name, const ZonePeriod& period) {
  if (period.offset_seconds > ZoneRules::kOffsetSecondsMax ||
      period.offset_seconds < -ZoneRules::kOffsetSecondsMax)
    return fail(Fault::kMalformed, "zone \"" + name + "\": an offset of more than 18 hours at " +
                                       format_utc(period.begin) +
                                       "; install the zone data (tzdata) of this machine afresh");
  if (period.abbreviation.size() > kAbbreviationBytesMax ||
      std::any_of(period.abbreviation.begin(), period.abbreviation.end(),
                  [](char c) { return c <= ' ' || c > '~'; }))
    return fail(Fault::kMalformed, "zone \"" + name + "\": an abbreviation that cannot be shown");
  return {};
}

std::string offset_text(std::int32_t offset) {
  const std::int32_t size = offset < 0 ? -offset : offset;
  char text[24];
  std::snprintf(text, sizeof text, "%c%02d:%02d:%02d", offset < 0 ? '-' : '+', size / 3600,
                size / 60 % 60, size % 60);
  return text;
}

}  // namespace

LocalTime LocalTime::at(const CivilDate& date, std::uint32_t minute_of_day) {
  return {days_from_civil(date) * kSecondsPerDay + minute_of_day * 60};
}

CivilDate LocalTime::date() const { return civil_from_days(day_of(seconds)); }

std::uint32_t LocalTime::minute_of_day() const {
  return static_cast<std::uint32_t>(seconds - day_of(seconds) * kSecondsPerDay) / 60;
}

std::string format_local(LocalTime time) {
  const CivilDate date = time.date();
  const std::uint32_t minute = time.minute_of_day();
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u", date.year, date.month, date.day,
                minute / 60, minute % 60);
  return text;
}

Result<ZoneRules> ZoneRules::make(std::string name, WallTime from, WallTime until,
                                  std::vector<ZonePeriod> periods) {
  if (from >= until || periods.empty() || periods.front().begin != from)
    return fail(Fault::kMalformed, "zone \"" + name + "\": its rules do not cover their span");
  if (periods.size() > kPeriodsMax)
    return fail(Fault::kLimit, "zone \"" + name + "\": more than 4096 changes of the clock");
  ZoneRules out;
  for (ZonePeriod& period : periods) {
    DETENTE_TRY_VOID(check_period(name, period));
    if (!out.periods_.empty() && period.begin <= out.periods_.back().begin)
      return fail(Fault::kMalformed, "zone \"" + name + "\": changes of the clock out of order");
    if (period.begin >= until)
      return fail(Fault::kMalformed, "zone \"" + name + "\": a change after the end of the span");
    if (out.periods_.empty() || out.periods_.back().offset_seconds != period.offset_seconds ||
        out.periods_.back().abbreviation != period.abbreviation)
      out.periods_.push_back(std::move(period));
  }
  out.name_ = std::move(name);
  out.from_ = from;
  out.until_ = until;
  return out;
}

WallTime ZoneRules::end_of(std::size_t period) const {
  return period + 1 < periods_.size() ? periods_[period + 1].begin : until_;
}

const ZonePeriod* ZoneRules::period_at(WallTime time) const {
  if (time < from_ || time >= until_) return nullptr;
  const auto after = std::upper_bound(
      periods_.begin(), periods_.end(), time,
      [](WallTime value, const ZonePeriod& period) { return value < period.begin; });
  return &*(after - 1);
}

std::optional<LocalTime> ZoneRules::to_local(WallTime time) const {
  const ZonePeriod* period = period_at(time);
  if (!period) return std::nullopt;
  return LocalTime{static_cast<std::int64_t>(time.seconds) + period->offset_seconds};
}

std::optional<WallTime> ZoneRules::to_utc(LocalTime local) const {
  if (local.seconds < static_cast<std::int64_t>(from_.seconds) + periods_.front().offset_seconds)
    return std::nullopt;
  // No period that ended longer ago than the largest offset can show `local` first.
  const std::int64_t earliest = local.seconds - kOffsetSecondsMax;
  auto at = std::upper_bound(periods_.begin(), periods_.end(), earliest,
                             [](std::int64_t value, const ZonePeriod& period) {
                               return value < static_cast<std::int64_t>(period.begin.seconds);
                             });
  if (at != periods_.begin()) --at;
  for (; at != periods_.end(); ++at) {
    const std::int64_t shown_at =
        std::max<std::int64_t>(at->begin.seconds, local.seconds - at->offset_seconds);
    if (shown_at < end_of(static_cast<std::size_t>(at - periods_.begin())).seconds)
      return WallTime{static_cast<std::uint32_t>(shown_at)};
  }
  return std::nullopt;
}

std::string ZoneRules::canonical_text() const {
  std::string out =
      "detente-zone/1\n" + name_ + "\n" + format_utc(from_) + " " + format_utc(until_) + "\n";
  std::optional<std::int32_t> last;
  for (const ZonePeriod& period : periods_) {
    if (last == period.offset_seconds) continue;
    last = period.offset_seconds;
    out += format_utc(period.begin) + " " + offset_text(period.offset_seconds) + "\n";
  }
  return out;
}

Digest ZoneRules::digest() const { return crypto::sha256(as_bytes(canonical_text())); }

}  // namespace detente::watch
