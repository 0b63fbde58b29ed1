#include "client_show.h"

#include "client_documents.h"
#include "client_mark.h"
#include "client_reference.h"

#include <fmt/format.h>

#include "base/civil.h"
#include "wire/text.h"
#include "wire/utf8.h"

namespace detente::cli {

std::string text_of(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? wire::display_line(it->get<std::string>()) : "";
}

namespace {

// Columns of one character, near enough: East Asian scripts and emoji take two, marks none.
std::size_t width_of(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || c == 0x200E || c == 0x200F || c == 0x200B) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

// How many bytes of `text` fit.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t at = 0, used = 0, space = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const auto c = wire::next_code_point(text, next);
    if (!c) ++next;
    used += c ? width_of(*c) : 1;
    if (used > columns) return space > 0 ? space : at;
    if (c == U' ') space = next;
    at = next;
  }
  return at;
}

std::string joined(const Json& list) {
  std::string out;
  for (const Json& item : list)
    out += (out.empty() ? "" : ", ") + wire::display_line(item.get<std::string>());
  return out;
}

std::string author_of(const Json& entry) {
  const unsigned author = entry.value("author", 0u);
  if (author == 0) return text_of(entry, "station");
  const std::string post = text_of(entry, "author_post");
  return (post.empty() ? "officer" : post) + " (no. " + std::to_string(author) + ")";
}

std::string how_far(const Json& entry) {
  if (entry.value("crossed", false)) return "crossed with the cut";
  if (entry.contains("waiting"))
    return "waits without an index; to carry it: detente act export " + text_of(entry, "counterpart") + "/" +
           text_of(entry, "line") + "/" + text_of(entry, "waiting") + " FILE; to throw it away: detente discard";
  if (entry.value("early", false)) return "early: entries before it are missing";
  if (entry.value("whose", "") == "own")
    return entry.value("receipted", false) ? "on the other side's disk" : "not yet received";
  return entry.value("unread", false) ? "unread" : "";
}

void add_fields(std::vector<std::string>& out, const Json& entry, const std::string& mark) {
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    for (const std::string& line :
         wrap(fmt::format("{}: {}", name, value), kColumns - 4 - mark.size()))
      out.push_back("    " + mark + line);
  };
  add("subject", text_of(entry, "subject"));
  add("label", text_of(entry, "label"));
  add("action", joined(entry.value("action", Json::array())));
  add("info", joined(entry.value("info", Json::array())));
  if (entry.contains("due") && !entry["due"].is_null()) add("due", utc_text(entry["due"]));
  if (entry.contains("reply_by") && !entry["reply_by"].is_null())
    add("reply by", utc_text(entry["reply_by"]));
  for (const Json& reference : entry.value("references", Json::array()))
    add("about", fmt::format("{} {}", reference.value("whose", ""),
                             reference.value("index", std::uint64_t{0})));
  add("level", text_of(entry, "level"));
  add("says", text_of(entry, "act"));
  add("cannot be read", text_of(entry, "unreadable"));
}

}  // namespace

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

std::string mark_of(const Json& entry) {
  const std::string entry_class = entry.value("class", "live");
  return entry_class == "live" ? "" : upper(entry_class) + " | ";
}

std::string utc_text(const Json& seconds) {
  if (!seconds.is_number_unsigned()) return "-";
  std::string out = format_utc(WallTime{seconds.get<std::uint32_t>()});
  out[10] = ' ';
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string_view rest = line;
    do {
      const std::size_t size = rest.empty() ? 0 : std::max<std::size_t>(1, fitting(rest, columns));
      out.emplace_back(rest.substr(0, size));
      rest.remove_prefix(size);
    } while (!rest.empty());
  }
  return out;
}

std::string verdict_text(const Json& entry) {
  const std::string verdict = entry.value("verdict", "valid");
  if (verdict == "valid") return "";
  const bool of_station = verdict == "after the last valid";
  const std::string head = of_station               ? upper(verdict)
                           : verdict == "used before" ? "SIGNATURE USED BEFORE"
                                                    : "SIGNATURE NOT VALID";
  return head + ": " + text_of(entry, "verdict_why");
}

std::vector<std::string> entry_lines(const Json& entry) {
  const std::string mark = mark_of(entry);
  std::vector<std::string> out;
  const std::string place = entry.contains("waiting") ? text_of(entry, "waiting")
                                                      : fmt::format("{} {}{}", text_of(entry, "whose"),
                                                                    entry.value("older_epoch", false) ? short_epoch(text_of(entry, "epoch")) + "/" : "",
                                                                    entry.value("index", std::uint64_t{0}));
  out.push_back(fmt::format("{}{}/{} {}  {} {}  {}", mark, text_of(entry, "counterpart"),
                            text_of(entry, "line"), place,
                            upper(entry.value("precedence", "routine")),
                            entry.value("class", "live"), utc_text(entry.value("time", Json()))) +
                (entry.value("ahead_s", std::uint64_t{0}) > 0 ? " (ahead of this clock)" : ""));
  std::string from = "    " + mark + author_of(entry);
  const std::string verdict = verdict_text(entry);
  if (verdict.starts_with("SIGNATURE")) {
    from += ", signature NOT VALID";
  } else if (entry.value("signed_by", 0u) > 0) {
    from += ", signed";
  }
  if (entry.value("kind", 1u) != 1) from += ", " + text_of(entry, "kind_name");
  if (const std::string far = how_far(entry); !far.empty()) from += ", " + far;
  out.push_back(std::move(from));
  if (!verdict.empty())
    for (const std::string& line : wrap(verdict, kColumns - 4 - mark.size())) out.push_back("    " + mark + line);
  add_fields(out, entry, mark);
  if (const auto late = entry.value("late_s", std::uint64_t{0}); late > 0 && entry.value("kind", 1u) == 1)
    out.push_back("    " + mark + "CAME HERE LATE, at " + utc_text(entry.value("stored_at", Json())) + ": it was written " +
                  duration_text(late) + " before, as its author's clock says");
  else if (late > 0)
    out.push_back("    " + mark + "SIGNED " + upper(duration_text(late)) + " BEFORE IT WAS HERE, as its author's clock says: what it says is done now, as it was meant then");
  if (entry.contains("text"))
    for (const std::string& line :
         wrap(wire::display_text(entry["text"].get<std::string>()), kColumns - 4 - mark.size()))
      out.push_back("    " + mark + line);
  if (entry.contains("attachments"))
    for (const Json& document : entry["attachments"]) {
      const std::string name = document.value("file_name", "").empty() ? "without a name" : text_of(document, "file_name");
      for (const std::string& line : wrap("document " + name + ", " + size_text(document.value("length", std::uint64_t{0})) + ": " +
                                              document_state_text(document), kColumns - 4 - mark.size()))
        out.push_back("    " + mark + line);
      if (document.contains("saved")) out.push_back("    " + mark + "  saved as " + text_of(document, "saved"));
      if (const std::string why = text_of(document, "not_saved"); !why.empty())
        for (const std::string& line : wrap("NOT SAVED: " + why, kColumns - 6 - mark.size())) out.push_back("    " + mark + "  " + line);
    }
  return out;
}

std::string event_line(const Json& event) {
  std::string out = mark_of(event) + utc_text(event.value("time", Json())) + "  " + text_of(event, "event") + "  " +
                    text_of(event, "counterpart");
  if (event.contains("line")) out += "/" + text_of(event, "line");
  if (event.contains("index")) out += " " + std::to_string(event["index"].get<std::uint64_t>());
  if (event.contains("size")) out += " up to " + std::to_string(event["size"].get<std::uint64_t>());
  if (event.contains("precedence"))
    out += "  " + upper(text_of(event, "precedence")) + " " + text_of(event, "class");
  if (event.contains("act")) out += "  " + upper(text_of(event, "act")) + " " + text_of(event, "officer");
  if (const std::string verdict = verdict_text(event); !verdict.empty()) out += "  " + verdict;
  if (event.contains("up")) out += event["up"] == true ? "  up" : "  down";
  if (event.contains("alarm"))
    out += "  " + text_of(event, "alarm") + ": " + text_of(event, "text");
  if (event.contains("kind") && text_of(event, "event") == "clock-step") out += text_of(event, "text");
  if (event.contains("error")) out += "  " + text_of(event["error"], "message");
  return out;
}

}  // namespace detente::cli
