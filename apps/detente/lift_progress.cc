#include "lift_progress.h"

#include <thread>

namespace detente::cli {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(200);

std::string line_words(const Json& line) {
  const std::string passed = line["passed"].get<std::string>();
  std::string out = "  " + line["line"].get<std::string>() + ": " + (passed.empty() ? "nothing has passed yet" : "passed both ways: " + passed) +
                    ", wanted: " + line["wanted"].get<std::string>();
  if (!line["path_works"].get<bool>()) out += "; no path works both ways yet";
  if (line["desk_wanted"].get<bool>() && !line["desk_passed"].get<bool>()) out += "; waits for a word of both desks (detente restore desk)";
  return out;
}

Json of_submission(const Json& lifts, std::uint64_t submission) {
  for (const Json& lift : lifts["lifts"])
    if (lift["whose"] == "own" && lift["submission"].get<std::uint64_t>() == submission) return lift;
  return {};
}

void say_lifted(Context& context, const Json& lift) {
  for (const Json& line : lift["lines"])
    context.say("  " + line["line"].get<std::string>() +
                (line["open"].get<bool>() ? " is open" : ": this side's cut is lifted; the other side's is in force (detente status)"));
}

}  // namespace

Result<Json> lifts_of(const StationClient& station, const std::string& counterpart) {
  return station.get("/v1/counterparts/" + escape(counterpart) + "/lifts");
}

Json tested_lift(const Json& lifts, const std::vector<std::string>& lines) {
  for (const Json& lift : lifts["lifts"]) {
    const auto names = [&](const std::string& name) {
      return std::any_of(lift["lines"].begin(), lift["lines"].end(), [&](const Json& line) { return line["line"] == name; });
    };
    if (lift["state"] == "testing" && !lift["index"].is_null() && std::all_of(lines.begin(), lines.end(), names)) return lift;
  }
  return {};
}

Result<void> follow_lift(Context& context, const StationClient& station, const std::string& counterpart, std::uint64_t submission) {
  context.say("  tested now: the line opens when its tests have passed both ways, within two hours, and stays cut if they do not");
  context.say("  (Ctrl-C leaves the tests running; `detente lift LINE --take-back` ends them)");
  std::map<std::string, std::string> said;
  for (;;) {
    DETENTE_TRY(lifts, lifts_of(station, counterpart));
    const Json lift = of_submission(lifts, submission);
    if (lift.is_null())
      return fail(Fault::kState, "the station does not know this lift any more; `detente status` says whether the line is open");
    if (lift["state"] == "lifted") {
      say_lifted(context, lift);
      context.result({{"state", "lifted"}, {"lift", lift}});
      return {};
    }
    if (lift["state"] == "fell back")
      return fail(Fault::kState, "the lift has fallen back and the cut stands: " + lift["why"].get<std::string>() +
                                     ". Nothing was opened; lift it again when that works");
    for (const Json& line : lift["lines"])
      if (const std::string words = line_words(line); std::exchange(said[line["line"].get<std::string>()], words) != words) context.say(words);
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace detente::cli
