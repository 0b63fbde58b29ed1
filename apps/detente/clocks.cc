#include "clocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "client_show.h"
#include "io/os_clock.h"
#include "watch/ladder.h"

namespace detente::cli {

namespace {

std::string time_text(std::int64_t seconds) {
  return utc_text(Json(static_cast<std::uint64_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX))));
}

std::string not_trusted_text(const Json& clocks) {
  const std::string why = text_of(clocks, "not_trusted");
  return why.empty() ? "" : "; no trusted time here: " + why;
}

std::string text_of_one(std::int64_t here, const Json& clock) {
  if (clock["offset_s"].is_null())
    return "here " + time_text(here).substr(11) + ", there not known: not measured since " + utc_text(clock["not_measured_since"]) +
           " (a receipt shows it)";
  const auto offset = clock["offset_s"].get<std::int64_t>();
  // The hour alone, unless it is another day there.
  const bool other_day = time_text(here).substr(0, 10) != time_text(here + offset).substr(0, 10);
  const auto of_day = [&](std::int64_t seconds) { return other_day ? time_text(seconds) : time_text(seconds).substr(11); };
  return fmt::format("here {}, there {}; theirs less ours {:+} s ± {} s, measured {} ago", of_day(here), of_day(here + offset), offset,
                     clock["uncertainty_s"].get<std::int64_t>(),
                     watch::span_text(std::chrono::seconds(clock["measured_s"].get<std::int64_t>())));
}

Result<Json> ask(const StationClient& station, const std::string& only) {
  DETENTE_TRY(clocks, station.get("/v1/clocks"));
  clocks.erase("ok");
  if (only.empty()) return clocks;
  Json wanted = Json::array();
  for (Json& one : clocks["counterparts"])
    if (one["counterpart"] == only) wanted.push_back(std::move(one));
  clocks["counterparts"] = std::move(wanted);
  return clocks;
}

void say(Context& context, const Json& clocks, const std::string& mark = "") {
  context.say(mark);
  for (const std::string& line : clock_lines(clocks)) context.say(mark + line);
  context.result({{"clocks", clocks}});
}

}  // namespace

std::vector<std::string> clock_lines(const Json& clocks, const std::string& only, std::size_t indent) {
  const auto here = clocks["now"].get<std::int64_t>();
  std::vector<std::string> out;
  const auto add = [&](const std::string& text) {
    for (const std::string& line : wrap(text + not_trusted_text(clocks), kColumns - indent)) {
      out.push_back(std::string(indent, ' ') + line);
      out.back().erase(out.back().find_last_not_of(' ') + 1);
    }
  };
  const bool one = !only.empty() || clocks["counterparts"].size() == 1;
  for (const Json& clock : clocks["counterparts"]) {
    const std::string name = text_of(clock, "counterpart");
    if (only.empty() || name == only) add((one ? "clocks: " : "clocks, " + name + ": ") + text_of_one(here, clock));
  }
  if (out.empty()) add("clocks: here " + time_text(here).substr(11) + ", there not known");
  return out;
}

Result<void> say_clocks(Context& context, const StationClient& station, const std::string& only, const std::string& mark) {
  DETENTE_TRY(clocks, ask(station, only));
  say(context, clocks, mark);
  return {};
}

Result<void> put_clocks(Context& context, const StationClient& station, const std::string& only) {
  if (!context.json) return say_clocks(context, station, only);
  DETENTE_TRY(clocks, ask(station, only));
  std::cout << Json{{"ok", true}, {"clocks", std::move(clocks)}}.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  return {};
}

void say_clocks_if_it_runs(Context& context, const StationClient& station, const std::string& only) {
  Result<Json> clocks = ask(station, only);
  say(context, clocks ? std::move(*clocks)
                      : Json{{"now", io::os_wall_time().seconds},
                             {"synchronised", Json()},
                             {"not_trusted", "the station, which measures it, does not run"},
                             {"counterparts", Json::array()}});
}

Result<void> add_clocks(LiveFrame& frame, const StationClient& station, const std::string& only) {
  DETENTE_TRY(clocks, ask(station, only));
  std::vector<std::string> lines = clock_lines(clocks);
  frame.lines.insert(frame.lines.begin(), lines.begin(), lines.end());
  frame.json["clocks"] = std::move(clocks);
  return {};
}

}  // namespace detente::cli
