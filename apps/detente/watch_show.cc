#include "watch_show.h"

#include <fmt/format.h>

#include <map>

#include "client_mark.h"
#include "watch/clock_gap.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

std::uint64_t number(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::string deed_words(const Json& deed) {
  const std::string what = text_of(deed, "do");
  const std::string who = "officer " + std::to_string(number(deed, "officer"));
  if (what == "on" || what == "off") return who + " went " + what + " watch";
  if (what == "handover") {
    const auto words = deed.find("words");
    const std::string said = words != deed.end() && words->is_string() ? wire::display_text(words->get<std::string>()) : "";
    return who + " handed over to officer " + std::to_string(number(deed, "to")) + "; both signed" + (said.empty() ? "" : ":\n" + said);
  }
  if (what == "release") return who + " said that an announcement is released, whatever the clock";
  if (what == "discard")
    return who + " threw away waiting-" + std::to_string(number(deed, "waiting")) + " of " + text_of(deed, "line") +
           (text_of(deed, "words").empty() ? "" : ": " + text_of(deed, "words"));
  if (what == "here") return who + " answered the vigilance prompt";
  if (what == "acknowledge")
    return who + " acknowledged alarm " + std::to_string(number(deed, "alarm")) +
           (text_of(deed, "words").empty() ? "" : ": " + text_of(deed, "words"));
  const std::string at = utc_text(deed.value("at", Json()));
  if (what == "heard")
    return "HEARD IN PUBLIC " + at + ", " + text_of(deed, "bearer") + ": \"" + text_of(deed, "words") + "\" (" + who + ")" +
           (text_of(deed, "capture").empty() ? "" : ", capture " + text_of(deed, "capture").substr(0, 16));
  std::string out = "BY HAND " + at + ", " + text_of(deed, "bearer") + ", " +
                    (text_of(deed, "way") == "out" ? "from us" : "from them") + ": \"" + text_of(deed, "words") + "\"";
  if (number(deed, "readability") > 0) out += ", readability " + std::to_string(number(deed, "readability"));
  if (number(deed, "read_back") > 0) out += ", read back";
  return out + " (" + who + " says so)";
}

std::string tries_words(const Json& line) {
  std::string out = "tries at " + text_of(line, "counterpart") + ", hour from " + utc_text(line.value("from", Json())) + ":";
  const Json paths = line.value("paths", Json::object());
  for (const auto& [path, counts] : paths.items())
    if (counts.is_array() && counts.size() >= 2)
      out += fmt::format(" {} {} sent, {} heard{};", wire::display_line(path), counts[0].dump(), counts[1].dump(),
                         counts.size() > 2 && counts[2] != 0 ? ", " + counts[2].dump() + " could not be sent" : "");
  return out;
}

std::string clock_words(const Json& line) {
  const auto kind = watch::gap_kind_from(text_of(line, "kind"));
  if (!kind) return "clock";
  const auto at = [&](const char* key) { return WallTime{static_cast<std::uint32_t>(number(line, key))}; };
  return watch::words_of({*kind, at("from"), at("until")}) +
         (*kind == watch::GapKind::kSetBack ? "; what was concluded here of later hours is not settled" : "");
}

std::string line_words(const Json& line) {
  const std::string what = text_of(line, "what");
  const std::string call = text_of(line, "date") + " place " + std::to_string(number(line, "place"));
  if (what == "deed") return deed_words(line.value("deed", Json::object()));
  if (what == "start")
    return line.contains("down_from") ? "the station started; it had not run since " + utc_text(line["down_from"])
                                      : "the station started";
  if (what == "stop") return "the station stopped";
  if (what == "tries") return tries_words(line);
  if (what == "outcome") return "check call " + call + ": " + text_of(line, "state");
  if (what == "call")
    return (text_of(line, "class") == "drill" ? "DRILL | " : "") + std::string("check call ") + call + ": " +
           (text_of(line, "side") == "own" ? "we " : "they ") + text_of(line, "act") +
           (line.contains("carried") ? ", and no path carried it" : "") +
           (text_of(line, "officer").empty() ? "" : " (" + text_of(line, "officer") + ")");
  if (what == "alarm") return "ALARM: " + text_of(line, "words");
  if (what == "hook")
    return (text_of(line, "hook").empty() ? "a hook" : text_of(line, "hook")) + (line.contains("works") ? " works again" : " FAILED: " + text_of(line, "words"));
  if (what == "release")
    return "released announcement " + text_of(line, "announcement") +
           (number(line, "late_s") == 0 ? "" : ", " + std::to_string(number(line, "late_s")) + " s LATE") + ": " + text_of(line, "file");
  if (what == "returned") return "a " + line.value("kind", "message") + " of " + text_of(line, "author") + " went back: \"" + text_of(line, "text") + "\". " + text_of(line, "why");
  if (what == "dropped") return "a " + line.value("kind", "message") + " of " + text_of(line, "author") + " was dropped: " + text_of(line, "why");
  if (what == "clock") return clock_words(line);
  if (what == "query") return "our question of " + utc_text(line["asked"]) + " whether anybody is there reached their station at " + utc_text(line["there"]);
  if (what == "life") return "a sign of life of the other side";
  if (what == "left") return "officer " + std::to_string(number(line, "officer")) + " is not on watch any more: " + text_of(line, "why");
  if (what == "accord") return "version " + std::to_string(number(line, "version")) + " of the accord with " + text_of(line, "counterpart") + " is in force";
  if (what == "outage")
    return std::string(text_of(line, "side") == "own" ? "we announce" : "they announce") + " an outage from " + utc_text(line["from"]) +
           " to " + utc_text(line["until"]) + (text_of(line, "words").empty() ? "" : ": \"" + text_of(line, "words") + "\"");
  return what;
}

}  // namespace

std::vector<std::string> open_matters(const Json& watch) {
  std::vector<std::string> out;
  for (const Json& one : watch["open"]) out.push_back(mark_of(one) + text_of(one, "line") + ": " + text_of(one, "words"));
  for (const Json& alarm : watch["alarms"])
    if (alarm.value("acknowledged_at", Json()).is_null())
      out.push_back(text_of(alarm, "line") + ": alarm " + std::to_string(number(alarm, "number")) + ", " + text_of(alarm, "words"));
  return out;
}

std::vector<std::string> watch_lines(const Json& watch) {
  std::vector<std::string> out;
  std::map<std::string, std::vector<std::string>> people;
  for (const Json& one : watch["on_watch"])
    people[text_of(one, "officer") + ", since " + utc_text(one["since"])].push_back(text_of(one, "line"));
  if (people.empty()) out.push_back("Nobody is on watch at " + text_of(watch, "station") + ".");
  for (const auto& [who, lines] : people) {
    std::string text = "On watch: " + who + ":";
    for (const std::string& line : lines) text += " " + line;
    add_wrapped(out, text);
  }
  const auto matters = open_matters(watch);
  out.push_back(matters.empty() ? "Nothing waits for a person." : "Waits for a person:");
  for (const std::string& line : matters) add_wrapped(out, "  " + line, "    ");
  for (const Json& zone : watch["unknown_zones"])
    if (zone.is_string()) add_wrapped(out, "NOT PLANNED: " + wire::display_line(zone.get<std::string>()));
  for (std::string& line : hook_lines(watch["hooks"])) out.push_back(std::move(line));
  if (!watch["log"]["trouble"].is_null()) add_wrapped(out, "THE WATCH LOG TAKES NOTHING: " + text_of(watch["log"], "trouble"));
  return out;
}

void add_wrapped(std::vector<std::string>& out, const std::string& text, const std::string& indent) {
  bool first = true;
  for (std::string line : wrap(text, kColumns - indent.size())) {
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back(first ? line : indent + line);
    first = false;
  }
}

std::vector<std::string> hook_lines(const Json& hooks) {
  std::vector<std::string> out;
  for (const Json& one : hooks)
    add_wrapped(out, "A HOOK FAILS since " + utc_text(one.value("since", Json())) + ": " + text_of(one, "hook") + ": " + text_of(one, "words") +
                         (number(one, "times") > 1 ? fmt::format(" ({} times, the last at {})", number(one, "times"), utc_text(one["last_at"])) : ""),
                "     ");
  return out;
}

std::vector<std::string> alarm_lines(const Json& alarms) {
  std::vector<std::string> out;
  for (const Json& alarm : alarms) {
    const bool open = alarm.value("acknowledged_at", Json()).is_null();
    const bool ended = !alarm.value("ended_at", Json()).is_null();
    std::string text = fmt::format("{:>4} {} {} {}: {}", number(alarm, "number"), ended ? "over" : open ? "OPEN" : "seen",
                                   utc_text(alarm.value("raised_at", Json())), text_of(alarm, "line"), text_of(alarm, "words"));
    if (number(alarm, "count") > 1) text += fmt::format(" ({} times)", number(alarm, "count"));
    if (ended) text += "; ended at " + utc_text(alarm["ended_at"]) + (open ? ", and nobody has acknowledged it" : "");
    if (!open) text += "; acknowledged by " + text_of(alarm, "acknowledged_by") +
                       (text_of(alarm, "note").empty() ? "" : ": " + text_of(alarm, "note"));
    if (!text_of(alarm, "hook").empty()) text += "; " + text_of(alarm, "hook");
    add_wrapped(out, text, "     ");
  }
  if (out.empty()) out.push_back("There is no alarm.");
  return out;
}

std::vector<std::string> watch_log_lines(const Json& log) {
  std::vector<std::string> out;
  const std::uint64_t now = number(log, "now");
  for (const Json& line : log["lines"]) {
    const Json& about = line.contains("deed") ? line["deed"] : line;
    const std::string name = text_of(about, "line");
    const bool ahead = now != 0 && number(line, "at") > now;
    add_wrapped(out, utc_text(line.value("at", Json())) + (ahead ? " (ahead of this clock)  " : "  ") + (name.empty() ? "" : name + ": ") + line_words(line));
  }
  return out;
}

void WatchLogSums::add(const Json& log) {
  for (const Json& line : log["lines"]) {
    const std::string what = text_of(line, "what");
    if (what == "accord") settle(text_of(line, "counterpart") + "/");
    if (what == "clock" && text_of(line, "kind") == "back") 
      std::erase_if(open_, [until = number(line, "until")](const auto& one) { return one.second.hour > until; });
    if (what == "outcome")
      open_[{text_of(line, "line"), text_of(line, "date"), number(line, "place")}] = {text_of(line, "state"), number(line, "hour")};
    if (what == "call" && text_of(line, "side") == "own" && text_of(line, "act") == "called" && !line.contains("class")) ++called_;
    if (what != "tries") continue;
    const Json paths = line.value("paths", Json::object());
    for (const auto& [path, counts] : paths.items()) {
      if (!counts.is_array() || counts.size() < 2) continue;
      const auto count = [&counts = counts](std::size_t at) {
        return at < counts.size() && counts[at].is_number_unsigned() ? counts[at].get<std::uint64_t>() : 0;
      };
      sent_ += count(0);
      heard_ += count(1);
      not_sent_ += count(2);
    }
  }
}

// A date and a place name another call under the next accord.
void WatchLogSums::settle(const std::string& lines) {
  std::erase_if(open_, [&](const auto& one) {
    if (!std::get<0>(one.first).starts_with(lines)) return false;
    ++settled_[one.second.state];
    return true;
  });
}

std::map<std::string, std::uint64_t> WatchLogSums::outcomes() const {
  auto out = settled_;
  for (const auto& [call, outcome] : open_) ++out[outcome.state];
  return out;
}

std::vector<std::string> WatchLogSums::lines() const {
  std::vector<std::string> out;
  const auto outcomes = this->outcomes();
  if (outcomes.empty() && called_ == 0 && sent_ + not_sent_ == 0) return out;
  std::string text = fmt::format("In all: we called {} times.", called_);
  for (const auto& [state, count] : outcomes) text += fmt::format(" {} {}.", count, state);
  if (sent_ + not_sent_ > 0) text += fmt::format(" In hours without contact: {} packets sent, {} heard.", sent_, heard_);
  if (not_sent_ > 0) text += fmt::format(" {} could not leave this machine.", not_sent_);
  add_wrapped(out, text);
  return out;
}

Json WatchLogSums::json() const {
  return {{"called", called_}, {"outcomes", outcomes()}, {"sent", sent_}, {"heard", heard_}, {"not_sent", not_sent_}};
}

}  // namespace detente::cli
