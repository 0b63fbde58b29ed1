#include <fmt/format.h>

#include <algorithm>

#include "client_show.h"
#include "clocks.h"
#include "watch/ladder.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

constexpr const char* kGreen = "\x1b[1;32m";
constexpr const char* kRed = "\x1b[1;31m";
constexpr const char* kPlain = "\x1b[0m";

std::string painted(const std::string& text, bool good, bool colour) {
  return colour ? (good ? kGreen : kRed) + text + kPlain : text;
}

std::string trimmed(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

void add_wrapped(std::vector<std::string>& out, const std::string& text, std::size_t indent) {
  for (const std::string& line : wrap(text, kColumns - indent))
    out.push_back(trimmed(std::string(indent, ' ') + line));
}

// "path         known good  both directions of path1 (2 s ago)": the words in a column of their own.
void add_finding(std::vector<std::string>& out, const std::string& name, std::size_t name_width,
                 const Json& finding, bool colour) {
  const std::string known = text_of(finding, "known");
  const std::string head = fmt::format("  {:<{}}  {:<10}  ", name, name_width, known);
  bool first = true;
  for (const std::string& line : wrap(finding_text(finding), kColumns - head.size())) {
    std::string start = first ? head : std::string(head.size(), ' ');
    if (first && known != "not known") start = painted(start, known == "known good", colour);
    out.push_back(start + trimmed(line));
    first = false;
  }
}

void add_directions(std::vector<std::string>& out, const Json& of, bool colour) {
  add_finding(out, "  out", 5, of["out"], colour);
  add_finding(out, "  in", 5, of["in"], colour);
}

std::string rungs_text(const Json& ladder) {
  const std::string good = text_of(ladder, "highest_good"), bad = text_of(ladder, "first_not");
  std::string out = good.empty() ? "No rung is known good." : "Known good up to: " + good + ".";
  if (!bad.empty()) out += " The first that is not: " + bad + ".";
  return out;
}

}  // namespace

std::string finding_text(const Json& finding) {
  const std::string words = text_of(finding, "words");
  if (finding["age_s"].is_null()) return words;
  return words + " (" + watch::span_text(std::chrono::seconds(finding["age_s"].get<std::int64_t>())) + " ago)";
}

// What is to be done is ready to be typed where it is of one line.
std::string to_do_of(const SituationView& view) {
  constexpr std::string_view kLine = " LINE";
  std::string out = text_of(view.of, "to_do");
  for (std::size_t at = 0; !view.address.empty() && (at = out.find(kLine, at)) != std::string::npos; at += 1 + view.address.size())
    out.replace(at + 1, kLine.size() - 1, view.address);
  return out;
}

std::vector<std::string> situation_lines(const SituationView& view, bool colour) {
  std::vector<std::string> out;
  const std::string title = text_of(view.of, "title");
  add_wrapped(out, title + view.whose, view.indent);
  if (!out.empty() && out.front().size() >= view.indent + title.size())
    out.front() = std::string(view.indent, ' ') +
                  painted(title, view.of["situation"] == "in-contact", colour) +
                  out.front().substr(view.indent + title.size());
  add_wrapped(out, text_of(view.of, "words"), view.indent + 2);
  for (const Json& also : view.of["also"])
    add_wrapped(out, "Also: " + wire::display_line(also.get<std::string>()), view.indent + 2);
  add_wrapped(out, "Do: " + to_do_of(view), view.indent + 2);
  return out;
}

std::vector<std::string> ladder_lines(const Json& ladder, bool colour) {
  std::vector<std::string> out;
  add_wrapped(out, fmt::format("{}/{}  line {}  {}", text_of(ladder, "counterpart"), text_of(ladder, "line"),
                               ladder["line_number"].get<unsigned>(), utc_text(ladder["now"])), 0);
  const std::string address = text_of(ladder, "counterpart") + "/" + text_of(ladder, "line");
  for (std::string& line : situation_lines({ladder, "", 0, address}, colour)) out.push_back(std::move(line));
  if (const Json heard = ladder.value("heard_in_public", Json()); heard.is_object())
    add_wrapped(out, "HEARD IN PUBLIC " + utc_text(heard.value("at", Json())) + ", " + text_of(heard, "outlet") + ": \"" +
                         text_of(heard, "words") + "\" (" + text_of(heard, "officer") + " says so; it changes nothing)", 2);
  out.push_back("");
  for (const Json& rung : ladder["rungs"]) add_finding(out, text_of(rung, "rung"), 13, rung, colour);
  add_wrapped(out, rungs_text(ladder), 2);
  out.push_back("");
  for (const Json& path : ladder["paths"]) {
    add_wrapped(out, text_of(path, "name") + " (" + text_of(path, "kind") + ")", 2);
    add_directions(out, path, colour);
  }
  out.push_back("");
  for (const Json& medium : ladder["media"]) {
    add_wrapped(out, text_of(medium, "medium"), 2);
    add_directions(out, medium, colour);
  }
  out.push_back("");
  for (std::string& line : clock_lines(ladder["clocks"]))
    out.push_back(std::move(line));
  return out;
}

}  // namespace detente::cli
