#include "first_words.h"

#include "client_mark.h"
#include "client_proposals.h"
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

// ---- what to say ----

// "I hear you by fibre, path2." and what they hear of us.
std::string reading(const Json& ladder) {
  std::string in, out;
  for (const Json& path : ladder["paths"]) {
    const std::string name = text_of(path, "name");
    if (text_of(path["in"], "known") == "known good") in += (in.empty() ? "" : ", ") + name;
    if (text_of(path["out"], "known") == "known good") out += (out.empty() ? "" : ", ") + name;
  }
  return (in.empty() ? "I do not hear you by any path now" : "I hear you by " + in) + "; " +
         (out.empty() ? "I do not know whether you hear me: how do you read me?" : "you hear me by " + out + ".");
}

Json say_of(const FirstWordsFacts& facts) {
  const Json& here = facts.watch["on_watch_here"];
  const std::string waiting = std::to_string(facts.waiting.size());
  const std::string hours = text_of(facts.watch["hours"], "words");
  return Json::array({"This is " + text_of(facts.status, "side") + ", " + (here.empty() ? "YOUR POST" : text_of(here.front(), "officer")) + ", on " +
                          facts.line.line + ".",
                      reading(facts.ladder), "The line is " + (hours.empty() ? "without hours" : hours) + ".",
                      facts.waiting.empty() ? "I have nothing to pass to you. Have you anything to pass?"
                                            : "I have " + waiting + (facts.waiting.size() == 1 ? " entry" : " entries") + " to pass to you. Have you anything to pass?",
                      facts.watch["next_call"].is_null() ? "No call is planned." : "The next call: " + next_call_of(facts.watch) + "."});
}

// ---- what is for whoever speaks, and not for the other side ----

void add_waiting(const FirstWordsFacts& facts, Json& out) {
  for (const Json& one : facts.waiting) {
    std::string words = text_of(one, "text").empty() ? text_of(one, "act") : "\"" + text_of(one, "text") + "\"";
    if (words.empty()) words = "a " + text_of(one, "kind_name");
    const bool held = one.value("if_cut", "") == "hold";
    out.push_back({{"what", held ? "held" : "waiting"},
                   {"class", one.value("class", "live")},
                   {"at", one.value("time", Json())},
                   {"words", text_of(one, "waiting") + " of " + text_of(one, "author_post") + ", " + utc_text(one.value("time", Json())) + ": " + words +
                                 (held ? " (held: it stays through a cut)" : "")}});
  }
}

void add_proposals(const FirstWordsFacts& facts, Json& out) {
  for (const Json& one : facts.proposals) {
    const bool offered = one["state"] == "offered";
    const Json& hour = offered && !one["lapse"].is_null() ? one["lapse"] : one["instant"];
    const bool over = !hour.is_null() && hour.get<std::uint64_t>() <= facts.ladder["now"].get<std::uint64_t>();
    if (over || (!offered && one["state"] != "accepted")) continue;
    const std::string name = facts.line.counterpart + "/" + text_of(one, "name");
    out.push_back({{"what", "proposal"},
                   {"class", "live"},
                   {"at", hour},
                   {"words", "proposal " + name + ", " + (offered ? one["by"] == "us" ? "ours, which they have not answered" : "theirs, which waits for us" : "agreed") +
                                 (hour.is_null() ? "" : (offered ? ", until " : ", for ") + utc_text(hour)) + ": " + text_of(one, "act")}});
  }
}

Json for_you_of(const FirstWordsFacts& facts) {
  Json out = Json::array();
  for (const Json& one : facts.own_watch["open"])
    if (one["line"] == facts.line.text())
      out.push_back({{"what", "open"}, {"class", one.value("class", "live")}, {"at", Json()}, {"words", text_of(one, "words")}});
  add_waiting(facts, out);
  for (const Json& alarm : facts.own_watch["alarms"])
    if (alarm["line"] == facts.line.text() && alarm.value("acknowledged_at", Json()).is_null())
      out.push_back({{"what", "alarm"},
                     {"class", "live"},
                     {"at", alarm.value("raised_at", Json())},
                     {"words", "alarm " + alarm["number"].dump() + ", " + text_of(alarm, "words")}});
  add_proposals(facts, out);
  return out;
}

Result<FirstWordsFacts> gather(const StationClient& station, const LineAddress& line, const Json& own_watch) {
  FirstWordsFacts out;
  out.line = line;
  out.own_watch = own_watch;
  DETENTE_TRY(status, station.get("/v1/status"));
  DETENTE_TRY(ladder, station.get(line.target() + "/status"));
  DETENTE_TRY(watch, station.get(line.target() + "/watch"));
  DETENTE_TRY(facts, station.get(line.target()));
  DETENTE_TRY(own, station.get(line.target() + "/entries?whose=own&limit=1"));
  DETENTE_TRY(proposals, proposals_of(station, line.counterpart));
  out.status = std::move(status);
  out.ladder = std::move(ladder);
  out.watch = std::move(watch);
  out.facts = std::move(facts);
  out.waiting = own["waiting"];
  out.proposals = proposals["proposals"];
  return out;
}

}  // namespace

bool wants_first_words(const Json& alarm) { return text_of(alarm, "kind") == "sign-of-life" && alarm.value("acknowledged_at", Json()).is_null(); }

FirstWords first_words_of(const FirstWordsFacts& facts) {
  FirstWords out;
  const std::string hours = text_of(facts.watch["hours"], "words");
  out.json = {{"line", facts.line.text()},
              {"post", post_of(facts.status, facts.watch)},
              {"paths", paths_of(facts.ladder)},
              {"hours", hours.empty() ? "the accord sets none" : hours},
              {"next_call", next_call_of(facts.watch)},
              {"waiting", facts.facts.value("queued", 0u) + facts.facts.value("unreceipted", 0u)},
              {"unread", facts.facts.value("unread", 0u)},
              {"say", say_of(facts)},
              {"for_you", for_you_of(facts)}};
  const auto add = [&](const std::string& what, const std::string& words) {
    add_wrapped(out.lines, "  " + what + std::string(what.size() < 14 ? 14 - what.size() : 1, ' ') + words, std::string(16, ' '));
  };
  out.lines.push_back("FIRST WORDS to " + facts.line.text() + ". Say, in this order:");
  for (std::size_t i = 0; i < out.json["say"].size(); ++i) add_wrapped(out.lines, "  " + std::to_string(i + 1) + " " + out.json["say"][i].get<std::string>(), "    ");
  out.lines.push_back("For you, and not to be said:");
  add("your post", out.json["post"].get<std::string>());
  for (const Json& path : out.json["paths"]) add(&path == &out.json["paths"].front() ? "paths" : "", path.get<std::string>());
  add("not received", std::to_string(out.json["waiting"].get<unsigned>()) + " of ours");
  bool first = true;
  for (const Json& one : out.json["for_you"]) add(std::exchange(first, false) ? "open" : "", mark_of(one) + text_of(one, "words"));
  if (first) add("open", "nothing");
  return out;
}

Result<FirstWords> first_words(const StationClient& station, const LineAddress& line, const Json& own_watch) {
  DETENTE_TRY(facts, gather(station, line, own_watch));
  return first_words_of(facts);
}

}  // namespace detente::cli
