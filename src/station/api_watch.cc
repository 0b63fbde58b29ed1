// Api: the watch. spec/api.md, "Watch".
#include "station/api.h"
#include "station/watch.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kDayMax = 49'710;  // the last of a 32-bit clock
constexpr std::uint64_t kCallDaysMax = 400;
constexpr std::uint64_t kLogLinesMax = 2000;

struct Days {
  watch::Day from, until;
};

Result<Days> days_of(const ApiRequest& request, WallTime now, std::uint64_t most) {
  const auto today = static_cast<std::uint64_t>(watch::day_at(now));
  DETENTE_TRY(from, query_number(request, "from", today, kDayMax));
  DETENTE_TRY(until, query_number(request, "until", std::min(from + 8, kDayMax), kDayMax));
  if (until <= from || until - from > most)
    return fail(Fault::kMalformed, "until must be 1 to " + std::to_string(most) + " days after from");
  return Days{static_cast<watch::Day>(from), static_cast<watch::Day>(until)};
}

}  // namespace

Result<Json> Api::get_line_watch(const Target& target, const ApiRequest& request) {
  const WallTime now = running_.driver->now().wall;
  const std::string& what = request.path[5];
  if (what == "watch") return running_.watch->line_json(*target.counterpart, *target.annex);
  if (what == "calls") {
    DETENTE_TRY(days, days_of(request, now, kCallDaysMax));
    return running_.watch->calls_json(*target.counterpart, *target.annex, days.from, days.until);
  }
  if (what == "calendar") {
    DETENTE_TRY(days, days_of(request, now, kDayMax));
    return running_.watch->calendar_json(*target.counterpart, *target.annex, days.from, days.until);
  }
  return no_such_route();
}

Result<Json> Api::get_watch(const ApiRequest& request) {
  if (request.path.size() == 2) return running_.watch->own_json();
  DETENTE_TRY(since, query_number(request, "since", 0, UINT32_MAX));
  DETENTE_TRY(limit, query_number(request, "limit", kLogLinesMax, kLogLinesMax));
  DETENTE_TRY(until, query_number(request, "until", UINT32_MAX, UINT32_MAX));
  Watch::LogSpan span{"", {static_cast<std::uint32_t>(since)}, {static_cast<std::uint32_t>(until)}, std::nullopt, limit, false};
  if (request.query.contains("after")) {
    DETENTE_TRY(after, query_number(request, "after", 0, UINT64_MAX / 2));
    span.after = after;
  }
  if (const auto only = request.query.find("only"); only != request.query.end()) {
    if (only->second != "contact") return fail(Fault::kMalformed, "only: contact, or nothing");
    span.contacts = true;
  }
  if (const auto line = request.query.find("line"); line != request.query.end()) span.line = line->second;
  return running_.watch->log_json(span);
}

Result<Json> Api::post_watch(const ApiRequest& request) {
  DETENTE_TRY(json, parse_body(request));
  return running_.watch->do_deed(json);
}

}  // namespace detente::station
