#include "first_words.h"

#include "client_show.h"
#include "watch_show.h"

namespace detente::cli {

namespace {

std::string post_of(const Json& status, const Json& watch) {
  const Json& here = watch["on_watch_here"];
  return here.empty() ? "nobody of " + text_of(status, "side") + " is on watch on this line: detente watch on --as YOU"
                      : text_of(here.front(), "officer") + " of " + text_of(status, "side");
}

// "fibre: in known good, out not known": each path that the line may take.
Json paths_of(const Json& ladder) {
  Json out = Json::array();
  for (const Json& path : ladder["paths"])
    out.push_back(text_of(path, "name") + ": we hear them " + text_of(path["in"], "known") + ", they hear us " + text_of(path["out"], "known"));
  return out;
}

std::string next_call_of(const Json& watch) {
  const Json& next = watch["next_call"];
  if (const std::string trouble = text_of(watch, "zone_trouble"); next.is_null() && !trouble.empty()) return "not known: " + trouble;
  return next.is_null() ? "the accord plans none" : text_of(next, "at_words") + ", " + text_of(next, "caller") + " calls";
}

}  // namespace

bool wants_first_words(const Json& alarm) { return text_of(alarm, "kind") == "sign-of-life" && alarm.value("acknowledged_at", Json()).is_null(); }

Result<FirstWords> first_words(const StationClient& station, const LineAddress& line, const Json& own_watch) {
  DETENTE_TRY(status, station.get("/v1/status"));
  DETENTE_TRY(ladder, station.get(line.target() + "/status"));
  DETENTE_TRY(watch, station.get(line.target() + "/watch"));
  DETENTE_TRY(facts, station.get(line.target()));
  FirstWords out;
  Json matters = Json::array();
  for (const std::string& matter : open_matters(own_watch))
    if (matter.starts_with(line.text() + ": ")) matters.push_back(matter.substr(line.text().size() + 2));
  const std::string hours = text_of(watch["hours"], "words");
  out.json = {{"line", line.text()},
              {"post", post_of(status, watch)},
              {"paths", paths_of(ladder)},
              {"hours", hours.empty() ? "the accord sets none" : hours},
              {"next_call", next_call_of(watch)},
              {"waiting", facts.value("queued", 0u) + facts.value("unreceipted", 0u)},
              {"unread", facts.value("unread", 0u)},
              {"matters", std::move(matters)}};
  const auto say = [&](const std::string& what, const std::string& words) {
    add_wrapped(out.lines, "  " + what + std::string(what.size() < 14 ? 14 - what.size() : 1, ' ') + words, std::string(16, ' '));
  };
  out.lines.push_back("FIRST WORDS to " + line.text() + ", in this order:");
  say("1 your post", out.json["post"].get<std::string>());
  for (const Json& path : out.json["paths"]) say(&path == &out.json["paths"].front() ? "2 you read" : "", path.get<std::string>());
  say("3 hours", out.json["hours"].get<std::string>());
  const std::string waiting = std::to_string(out.json["waiting"].get<unsigned>()) + " of ours wait to be received, " +
                              std::to_string(out.json["unread"].get<unsigned>()) + " of theirs that nobody has acknowledged";
  say("4 to pass", waiting);
  for (const Json& matter : out.json["matters"]) say("", matter.get<std::string>());
  say("5 next call", out.json["next_call"].get<std::string>());
  return out;
}

}  // namespace detente::cli
