#include <fmt/format.h>

#include <algorithm>

#include "client_documents.h"
#include "client_show.h"
#include "clocks.h"
#include "entries_text.h"
#include "watch_show.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

std::string shown(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? wire::display_line(it->get<std::string>()) : "";
}

std::string clip(const std::string& text, std::size_t size) {
  return text.size() <= size ? text : text.substr(0, size - 1) + "~";
}

std::string link_text(const Json& counterpart, std::uint64_t now) {
  const Json& link = counterpart["link"];
  std::string out = link["up"] == true ? "link up" : "link down";
  if (!link["since"].is_null()) out += " since " + utc_text(link["since"]);
  if (link["last_heard"].is_null()) {
    const Json before = link.value("heard_before", Json());
    return out + (before.is_number_unsigned() ? ", last heard before the start: " + utc_text(before)
                                              : ", never heard since the start");
  }
  const std::uint64_t heard = link["last_heard"].get<std::uint64_t>();
  return out + fmt::format(", heard {} s ago", now > heard ? now - heard : 0);
}

std::string contact_text(const Json& counterpart) {
  if (counterpart["contact"] == true) return "record confirmed by the other side";
  return shown(counterpart, "name") +
         " has not yet confirmed what it holds since this station's start at " +
         utc_text(counterpart["since"]) + "; nothing is signed before it does";
}

std::uint64_t count_of(const Json& line, const char* key) { return line.value(key, std::uint64_t{0}); }

// Drills and tests stand by themselves.
std::uint64_t real_unread(const Json& line) {
  return count_of(line, "unread") - count_of(line, "unread_drills") - count_of(line, "unread_tests");
}

// Lines of which the same is known stand together, in the order of the first of each.
void add_situations(std::vector<std::string>& out, const Json& counterpart, bool colour) {
  struct Group {
    const Json* line;
    std::string names;
    bool many = false;
  };
  std::vector<Group> groups;
  const auto same = [](const Json& a, const Json& b) {
    return a["title"] == b["title"] && a["words"] == b["words"] && a["also"] == b["also"] && a["to_do"] == b["to_do"];
  };
  for (const Json& line : counterpart["lines"]) {
    const auto at = std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return same(*group.line, line); });
    if (at != groups.end()) {
      at->names += ", " + shown(line, "name");
      at->many = true;
    } else {
      groups.push_back({&line, ": " + shown(line, "name")});
    }
  }
  for (const Group& group : groups) {
    const std::string address = group.many ? "" : shown(counterpart, "name") + "/" + shown(*group.line, "name");
    for (std::string& text : situation_lines({*group.line, group.names, 2, address}, colour)) out.push_back(std::move(text));
  }
}

void add_indented(std::vector<std::string>& out, const std::string& text) {
  for (std::string line : wrap(text, kColumns - 2)) {
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back("  " + line);
  }
}

// Whether a person is behind the machine there, where a line could reach him and its situation does not say so itself.
void add_persons(std::vector<std::string>& out, const Json& counterpart) {
  if (counterpart["link"]["up"] != true) return;
  std::vector<std::pair<std::string, std::string>> groups;  // what is known, of which lines
  for (const Json& line : counterpart["lines"]) {
    const std::string situation = text_of(line, "situation");
    const bool speaks_of_people = situation == "nobody-on-watch" || situation == "log-only" || situation.starts_with("cut-by");
    if (line["number"] == 0 || speaks_of_people) continue;
    const std::string known = text_of(line["person"], "known") + ": " + finding_text(line["person"]);
    const auto at = std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == known; });
    if (at != groups.end()) {
      at->second += ", " + shown(line, "name");
    } else {
      groups.emplace_back(known, shown(line, "name"));
    }
  }
  for (const auto& [known, names] : groups) add_indented(out, "a person there, on " + names + ": " + known);
}

// Beside the state, and no part of it; the words are on the line's own screen.
void add_heard_in_public(std::vector<std::string>& out, const Json& counterpart) {
  for (const Json& line : counterpart["lines"]) {
    const Json& heard = line["heard_in_public"];
    if (!heard.is_object()) continue;
    add_indented(out, "HEARD IN PUBLIC of " + shown(line, "name") + ", " + utc_text(heard["at"]) + ", " + shown(heard, "outlet") +
                          ": it changes nothing; detente status " + shown(counterpart, "name") + "/" + shown(line, "name") + " has the words");
  }
}

// Empty as long as nobody changes the accord.
std::string accord_change_text(const Json& counterpart) {
  const Json& accord = counterpart["accord"];
  const std::string name = shown(counterpart, "name");
  std::string out;
  if (accord["version"].get<unsigned>() > 1 && counterpart["other_accord"].is_null())
    out = fmt::format("accord v{}, {}", accord["version"].get<unsigned>(),
                      accord["adopted_there"].get<bool>() ? "adopted by both" : "not yet adopted by " + name + " as far as is known here");
  if (!accord["next"].is_null())
    out += fmt::format("{}version {} of the accord is here: {}", out.empty() ? "" : "; ", accord["next"]["version"].get<unsigned>(),
                       shown(accord["next"], "words"));
  return out;
}

// Documents stand in no column: mostly there are none.
void add_documents(std::vector<std::string>& out, const Json& lines) {
  for (const Json& line : lines) {
    const Json& waiting = line["documents_waiting"];
    const auto count = waiting["count"].get<std::uint64_t>();
    if (count == 0) continue;
    const std::string text = fmt::format("{}: {} of ours, {}, {} not all on the other side's disk yet{}", shown(line, "name"),
                                         count == 1 ? "1 document" : fmt::format("{} documents", count),
                                         size_text(waiting["bytes"].get<std::uint64_t>()), count == 1 ? "is" : "are",
                                         waiting["stopped"].get<bool>() ? "; the cut of the line stops them, and they go on when it is restored" : "");
    for (const std::string& one : wrap(text, kColumns - 2)) out.push_back("  " + one);
  }
}

void add_counterpart(std::vector<std::string>& out, const Json& counterpart, std::uint64_t now,
                     const Json& clocks, bool colour) {
  out.push_back("");
  for (const std::string& line : wrap(shown(counterpart, "station") + "  " + link_text(counterpart, now), kColumns)) out.push_back(line);
  const Json& accord = counterpart["accord"];
  out.push_back(fmt::format("  accord {}..., version {}, secret epoch {}",
                            accord["digest"].get<std::string>().substr(0, 16),
                            accord["version"].get<unsigned>(),
                            counterpart["link"]["psk_epoch"].get<unsigned>()));
  const std::string change = accord_change_text(counterpart);
  for (const std::string& line : change.empty() ? std::vector<std::string>() : wrap(change, kColumns - 2))
    out.push_back("  " + line);
  for (const std::string& line : wrap(contact_text(counterpart), kColumns - 2))
    out.push_back("  " + line);
  if (counterpart["other_accord"] == accord["digest"]) {
    out.push_back("  THE OTHER STATION HOLDS THE SAME ACCORD AND CANNOT READ THIS ONE'S CALLS");
  } else if (!counterpart["other_accord"].is_null()) {
    out.push_back("  THE OTHER STATION HOLDS ANOTHER ACCORD. Theirs, then ours:");
    out.push_back("    " + counterpart["other_accord"].get<std::string>());
    out.push_back("    " + accord["digest"].get<std::string>());
  }
  for (std::string& line : clock_lines(clocks, shown(counterpart, "name"), 2))
    out.push_back(std::move(line));
  add_situations(out, counterpart, colour);
  add_persons(out, counterpart);
  add_heard_in_public(out, counterpart);
  out.push_back(fmt::format("  {:<24} {:<10} {:>6} {:>9} {:>7} {:>7} {:>7}", "line", "evidence",
                            "own", "receipted", "waiting", "theirs", "unread"));
  for (const Json& line : counterpart["lines"]) {
    const std::uint64_t waiting =
        line["queued"].get<std::uint64_t>() + line["unreceipted"].get<std::uint64_t>();
    out.push_back(fmt::format(
        "  {:<24} {:<10} {:>6} {:>9} {:>7} {:>7} {:>7}",
        clip(fmt::format("{} {}", line["number"].get<unsigned>(), shown(line, "name")), 24),
        shown(line, "evidence") == "deniable" ? "unattested" : "provable",
        line["own_size"].get<std::uint64_t>(), line["receipted"].get<std::uint64_t>(), waiting,
        line["far_size"].get<std::uint64_t>(), real_unread(line)));
    for (const auto& [mark, count] : {std::pair("DRILL | ", count_of(line, "unread_drills")), std::pair("TEST | ", count_of(line, "unread_tests"))})
      if (count > 0) out.push_back(fmt::format("    {}{} of {} unread", mark, count, shown(line, "name")));
    if (const std::uint64_t behind = count_of(line, "unread_behind"); behind > 0)
      out.push_back(fmt::format("    {} entries of {} are still being looked at: what is unread is not all known", behind, shown(line, "name")));
  }
  add_documents(out, counterpart["lines"]);
}

void add_log(std::vector<std::string>& out, const Json& log) {
  out.push_back("");
  out.push_back(fmt::format("{} log of {}, epoch {}", shown(log, "whose"), shown(log, "station"),
                            shown(log, "epoch")));
  out.push_back(fmt::format("  size {}", log["size"].get<std::uint64_t>()));
  if (!log["root"].is_null()) out.push_back("  root " + shown(log, "root"));
  const Json& cosigned = log["cosignature"];
  if (cosigned.is_null()) {
    out.push_back("  no receipt yet");
  } else {
    out.push_back(
        fmt::format("  newest receipt: size {}{}{}", cosigned["size"].get<std::uint64_t>(),
                    cosigned["time"].is_null() ? "" : ", at " + utc_text(cosigned["time"]),
                    cosigned["signature"].is_null() ? ", unattested" : ", signed"));
  }
  for (const Json& item : log["evidence"])
    out.push_back(fmt::format("  KEPT {}: {}", utc_text(item["at"]), shown(item, "what")));
  if (log.value("more_evidence", false)) out.push_back("  KEPT AND NOT SHOWN HERE: more, which stands in the record");
}

// Situations say what is known of a line; what a person has to look at stands here.
std::string alarms_text(const Json& alarms) {
  if (!alarms.is_object() || alarms["newest"].is_null()) return "";
  const auto count = alarms["count"].get<std::uint64_t>();
  const Json& newest = alarms["newest"];
  return fmt::format("{} NOBODY HAS ACKNOWLEDGED{} {}, {}{}: {} (detente alarm list)", count == 1 ? "AN ALARM" : fmt::format("{} ALARMS", count),
                     count == 1 ? ":" : ", the newest", newest["number"].get<std::uint64_t>(), shown(newest, "kind"),
                     shown(newest, "line").empty() ? "" : " of " + shown(newest, "line"), shown(newest, "words"));
}

}  // namespace

std::vector<std::string> status_lines(const Json& status, bool colour) {
  std::vector<std::string> out;
  out.push_back(fmt::format("{}  {}  runs since {}", shown(status, "station"),
                            utc_text(status["now"]), utc_text(status["started"])));
  if (!status["fault"].is_null())
    for (const std::string& line : wrap("THE DISK REFUSES: " + shown(status, "fault"), kColumns))
      out.push_back(line);
  for (std::string& line : hook_lines(status["hooks"])) out.push_back(std::move(line));
  for (const std::string& line : wrap(alarms_text(status["alarms"]), kColumns))
    if (!line.empty()) out.push_back(line);
  if (const Json step = status.value("clock_step", Json()); step.is_object())
    for (const std::string& line : wrap("CLOCK: " + shown(step, "text"), kColumns)) out.push_back(line);
  const std::uint64_t now = status["now"].get<std::uint64_t>();
  for (const Json& counterpart : status["counterparts"])
    add_counterpart(out, counterpart, now, status["clocks"], colour);
  if (status["counterparts"].empty())
    for (std::string& line : clock_lines(status["clocks"])) out.push_back(std::move(line));
  return out;
}

std::vector<std::string> record_lines(const Json& record) {
  std::vector<std::string> out;
  out.push_back(fmt::format("{}/{}  line {}, {}", shown(record, "counterpart"),
                            shown(record, "line"), record["line_number"].get<unsigned>(),
                            shown(record, "evidence") == "deniable" ? "unattested" : "provable"));
  out.push_back("accord " + shown(record, "accord"));
  if (record["queued"].get<std::uint64_t>() > 0)
    out.push_back(
        record["queued"] == 1 ? "1 entry waits for its place"
                              : fmt::format("{} entries wait for their place", record["queued"].get<std::uint64_t>()));
  for (const Json& log : record["logs"]) add_log(out, log);
  return out;
}

std::vector<std::string> evidence_lines(const Json& entry) {
  std::vector<std::string> out = entry_lines(entry);
  const Json& evidence = entry["evidence"];
  out.push_back("  leaf " + shown(entry, "leaf"));
  if (!evidence["checkpoint"].is_null())
    out.push_back(fmt::format(
        "  checkpoint of size {}{}", evidence["checkpoint"]["size"].get<std::uint64_t>(),
        evidence["checkpoint"]["signature"].is_null() ? ", unattested" : ", signed"));
  const Json& cosigned = evidence["cosignature"];
  if (cosigned.is_null()) {
    out.push_back("  no receipt covers it yet");
  } else {
    out.push_back(
        fmt::format("  receipt over {}{}{}", entries_text(cosigned["size"].get<std::uint64_t>()),
                    cosigned["time"].is_null() ? "" : ", at " + utc_text(cosigned["time"]),
                    cosigned["signature"].is_null() ? ", unattested" : ", signed"));
  }
  for (const Json& signature : evidence["signatures"]) {
    std::string line =
        fmt::format("  signature of officer {} {}: {}", signature["officer"].get<unsigned>(),
                    shown(signature, "post"), upper(shown(signature, "verdict")));
    if (const std::string why = shown(signature, "why"); !why.empty()) line += " (" + why + ")";
    for (const std::string& part : wrap(line, kColumns)) out.push_back(part);
  }
  return out;
}

}  // namespace detente::cli
