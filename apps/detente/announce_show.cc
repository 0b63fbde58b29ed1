#include "announce_show.h"

#include <fmt/format.h>

#include "base/civil.h"
#include "clocks.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

std::string when(const Json& seconds) { return format_utc(WallTime{seconds.get<std::uint32_t>()}); }

std::string released_words(const Json& text) {
  if (text["released"].is_null()) return "";
  const auto late = text["late_s"].is_null() ? 0 : text["late_s"].get<std::int64_t>();
  return "released at " + when(text["released"]) + " by its clock" +
         (late > 0   ? ", " + std::to_string(late) + " s LATE"
          : late < 0 ? ", " + std::to_string(-late) + " s BEFORE the agreed instant"
                     : "");
}

std::string seconds_words(const Json& ms) { return fmt::format("{:+.3f} s", static_cast<double>(ms.get<std::int64_t>()) / 1000); }

// Nothing where nothing was measured in this run of the station.
std::string bounds_words(const Json& bounds, const std::string& is) {
  if (bounds.is_null()) return "";
  return "their clock less ours " + is + " between " + seconds_words(bounds["low_ms"]) + " and " + seconds_words(bounds["high_ms"]);
}

std::string asks_words(const Json& announcement) {
  const Json& why = announcement["asks"];
  if (why == "restored")
    return "this station's disk went back to an older copy since it was agreed on: ask the other side whether it was withdrawn, or is out";
  if (why == "late") return "it is more than a day late";
  const std::string bounds = bounds_words(announcement["clock_bounds"], "is");
  return "the two clocks are not known to agree within half a second (" + (bounds.empty() ? "nothing is measured" : bounds) + ")";
}

// What this side can do now.
std::string step_words(const std::string& name, const Json& one, std::uint32_t now) {
  const Json& announcement = one["announcement"];
  const bool past = !one["instant"].is_null() && one["instant"].get<std::uint32_t>() <= now;
  if (one["state"] == "offered" && past) return "its hour has passed without an answer that is known here";
  if (one["state"] == "offered" && one["by"] == "us") return "the other side has not answered yet";
  if (one["state"] == "offered")
    return "detente announce agree " + name + " --as OFFICER" + (announcement["complete"].get<bool>() ? "" : " --text FILE") +
           ", or detente proposal reject " + name + " --as OFFICER";
  if (announcement["state"] == "asks a person")
    return "A PERSON IS ASKED: " + asks_words(announcement) +
           "; detente announce release " + name + " --as OFFICER";
  return "";
}

void add_lines(std::vector<std::string>& out, const std::string& counterpart, const Json& one, std::uint32_t now) {
  const Json& announcement = one["announcement"];
  const std::string name = counterpart + "/" + one["name"].get<std::string>();
  out.push_back(name + "  " + one["state"].get<std::string>() + "  for " + (one["instant"].is_null() ? "no hour" : when(one["instant"])) + "  " +
                (one["by"] == "us" ? "we" : counterpart) + " (" + signer_words(one) + "): " + one["act"].get<std::string>());
  if (!one["decided"].is_null())
    out.push_back("    " + one["state"].get<std::string>() + " by " + (one["decided"]["by"] == "us" ? "us" : counterpart) + " (" +
                  signer_words(one["decided"]) + "), " + when(one["decided"]["time"]) + (one["decided"]["words"] == "" ? "" : ": " + one["decided"]["words"].get<std::string>()));
  const std::string ours = released_words(announcement["ours"]), theirs = released_words(announcement["theirs"]);
  const std::string state = announcement["state"].get<std::string>();
  if (state == "due") {
    const Json& why = announcement["not_out"];
    out.push_back("    this side: THE TEXT IS NOT OUT" + (why.is_null() ? std::string() : ": " + why.get<std::string>()) +
                  (one["state"] == "accepted" ? "; it is tried again every second" : "; it was withdrawn, and is not tried any more"));
  } else if (one["state"] == "accepted" && ours.empty()) {
    out.push_back("    this side: " + state);
  }
  if (!ours.empty()) out.push_back("    this side: " + ours);
  if (!theirs.empty()) out.push_back("    " + counterpart + ": " + theirs + ", says its station");
  if (const std::string bounds = bounds_words(announcement["armed_with"], "was"); !bounds.empty())
    out.push_back("    when it was armed, by " + counterpart + "'s receipts: " + bounds);
  if (announcement["release_crossed"].get<bool>() || one["crossed"].get<bool>())
    out.push_back("    CROSSED: one side withdrew it, and the other had acted before it could know");
  if (one["state"] == "accepted" && !announcement["text_kept"].get<bool>() && ours.empty())
    out.push_back("    THIS SIDE'S TEXT IS NOT AT THE STATION: put it back, or withdraw");
  if (const std::string step = step_words(name, one, now); !step.empty()) out.push_back("    " + step);
}

}  // namespace

Result<FoundProposal> find_announcement(const StationClient& station, const std::string& id) {
  DETENTE_TRY(found, find_proposal(station, id));
  if (found.proposal["matter"] != "announcement")
    return fail(Fault::kState, found.text() + " is a proposal of another matter: detente proposal list");
  if (found.proposal["announcement"].is_null()) return fail(Fault::kMalformed, found.text() + " is an announcement that cannot be read: reject it");
  return found;
}

Result<record::Announcement> announcement_of(const FoundProposal& found) {
  const auto content = from_base64(found.proposal.value("content", ""));
  if (!content) return fail(Fault::kMalformed, "the station's answer cannot be read");
  return record::parse_announcement_content(*content);
}

Result<std::string> shown_text(const StationClient& station, const FoundProposal& found) {
  const Json& announcement = found.proposal["announcement"];
  if (!announcement.contains("document")) return fail(Fault::kState, found.text() + " shows no text");
  DETENTE_TRY(accord, accord_of(station, found.counterpart));
  return station.get_bytes(accord.target() + "/documents/" + announcement["document"].get<std::string>() + "/bytes?whose=" +
                           found.proposal["whose"].get<std::string>());
}

std::vector<std::string> quoted_lines(const std::string& text) {
  std::vector<std::string> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out.push_back("| " + wire::display_line(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void say_text(const Context& context, const std::string& what, const std::string& text) {
  context.say(what + ":");
  for (const std::string& line : quoted_lines(text)) context.say("  " + line);
}

Result<LiveFrame> announcements_frame(Context& context, const StationClient& station, const std::string& what) {
  context.forget_result();
  const bool is_one = what.find("own-") != what.npos || what.find("far-") != what.npos;
  std::optional<FoundProposal> only;
  if (is_one) {
    DETENTE_TRY(found, find_announcement(station, what));
    only = std::move(found);
  }
  DETENTE_TRY(names, counterparts_of(station, only ? only->counterpart : what));
  LiveFrame out;
  out.json["announcements"] = Json::array();
  for (const std::string& name : names) {
    DETENTE_TRY(all, proposals_of(station, name, only ? "?id=" + escape(only->proposal["id"].get<std::string>()) : ""));
    for (Json& one : all["proposals"]) {
      if (one["announcement"].is_null() || (only && (one["id"] != only->proposal["id"] || one["epoch"] != only->proposal["epoch"]))) continue;
      add_lines(out.lines, name, one, all["now"].get<std::uint32_t>());
      one["counterpart"] = name;
      out.json["announcements"].push_back(one);
    }
  }
  if (only)
    if (const auto text = shown_text(station, *only)) {
      out.lines.push_back(only->proposal["by"] == "us" ? "    our text:" : "    their text:");
      // The other side's words never stand where ours do.
      for (const std::string& line : quoted_lines(*text)) out.lines.push_back("    " + line);
      out.json["announcements"].back()["text"] = wire::display_text(*text);
    }
  if (out.lines.empty()) out.lines.push_back("nothing is to be announced; detente announce draft");
  DETENTE_TRY_VOID(add_clocks(out, station, only ? only->counterpart : what));
  return out;
}

}  // namespace detente::cli
