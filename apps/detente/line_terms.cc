#include "line_terms.h"

#include "ceremony_commands.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

struct Chosen {
  std::string option;  // "--people"
  std::string text;    // "liaison=duty-officer,chief"
  std::string line;    // empty: every line
  std::string value;
  std::string where() const { return option + " " + text; }
};

Chosen chosen(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {option, text, "", text};
  return {option, text, text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out = {""};
  for (const char c : list) {
    if (c == ',')
      out.emplace_back();
    else
      out.back().push_back(c);
  }
  return out;
}

template <typename Set>
Result<void> for_lines(const Chosen& chosen, std::vector<LineChoice>& lines, Set set) {
  bool found = false;
  for (LineChoice& line : lines) {
    if (!chosen.line.empty() && line.name != chosen.line) continue;
    set(line);
    found = true;
  }
  if (found) return {};
  return fail(Fault::kNotFound, chosen.where() + ": no --line of that name");
}

Result<std::vector<std::string>> names_of(const Chosen& chosen) {
  std::vector<std::string> names = split(chosen.value);
  for (const std::string& name : names)
    if (const auto good = wire::check_name(name); !good) return fail_at(chosen.where(), good.error());
  return names;
}

Result<std::vector<accord::Medium>> media_of(const Chosen& chosen) {
  std::vector<accord::Medium> out;
  for (const std::string& word : split(chosen.value)) {
    const auto found = accord::medium_from(word);
    if (!found)
      return fail(Fault::kMalformed, chosen.where() + ": \"" + wire::display_line(word.substr(0, 40)) +
                                         "\" is no medium; choose text, document, voice, letter");
    out.push_back(*found);
  }
  return out;
}

Result<void> choose_hours(const Chosen& chosen, std::vector<LineChoice>& lines) {
  DETENTE_TRY(content, read_text(chosen.value, accord::kAnnexTextMax));
  const auto hours = accord::parse_hours(content);
  if (!hours) return fail_at(chosen.value, hours.error());
  return for_lines(chosen, lines, [&](LineChoice& line) { line.hours = *hours; });
}

Result<void> choose_people(const Chosen& chosen, std::vector<LineChoice>& lines) {
  DETENTE_TRY(posts, names_of(chosen));
  return for_lines(chosen, lines, [&](LineChoice& line) { line.people = posts; });
}

Result<void> choose_media(const Chosen& chosen, std::vector<LineChoice>& lines) {
  DETENTE_TRY(media, media_of(chosen));
  return for_lines(chosen, lines, [&](LineChoice& line) { line.media = media; });
}

Result<void> choose_paths(const Chosen& chosen, std::vector<LineChoice>& lines) {
  DETENTE_TRY(paths, names_of(chosen));
  return for_lines(chosen, lines, [&](LineChoice& line) { line.paths = paths; });
}

Result<void> choose_station(const Chosen& chosen, std::vector<LineChoice>& lines) {
  DETENTE_TRY(posts, names_of(chosen));
  if (posts.size() != 1) return fail(Fault::kMalformed, chosen.where() + ": a line ends at the stations of one post");
  return for_lines(chosen, lines, [&](LineChoice& line) { line.station = posts.front(); });
}

}  // namespace

void add_line_terms(CLI::App& command, LineTerms& terms) {
  const auto add = [&](const char* option, std::vector<std::string>& to, const char* value, const char* about) {
    command.add_option(option, to, about)->type_name(std::string("[LINE=]") + value)->allow_extra_args(false);
  };
  add("--hours", terms.hours, "FILE", "Check calls and holidays of a line, or of all, as in an annex (spec/accord.md)");
  add("--people", terms.people, "POST,POST", "The posts that may join (default: every officer of the line)");
  add("--media", terms.media, "MEDIUM,MEDIUM", "What a line carries (default: text,document)");
  add("--line-path", terms.paths, "PATH,PATH", "The paths that a line may take, the best first (default: every path)");
  add("--station", terms.stations, "POST", "A line ends at the stations of that post alone (default: at every station)");
  command.add_flag("--lift-alone", terms.lift_alone, "Each side may lift its own cuts without the other's consent");
  command.add_option("--desk-restores", terms.desk_restores, "Lines whose restoration waits for a word of both desks")->delimiter(',')->allow_extra_args(false);
}

Result<void> choose_line_terms(const LineTerms& terms, std::vector<LineChoice>& lines) {
  using Choose = Result<void> (*)(const Chosen&, std::vector<LineChoice>&);
  const std::tuple<const char*, const std::vector<std::string>*, Choose> all[] = {
      {"--hours", &terms.hours, choose_hours},     {"--people", &terms.people, choose_people},      {"--media", &terms.media, choose_media},
      {"--line-path", &terms.paths, choose_paths}, {"--station", &terms.stations, choose_station}};
  for (const auto& [option, texts, choose] : all)
    for (const std::string& text : *texts) DETENTE_TRY_VOID(choose(chosen(option, text), lines));
  for (LineChoice& line : lines) line.lift_alone = line.lift_alone || terms.lift_alone;
  for (const std::string& name : terms.desk_restores)
    DETENTE_TRY_VOID(for_lines({"--desk-restores", name, name, ""}, lines, [](LineChoice& line) { line.desk_restores = true; }));
  return {};
}

}  // namespace detente::cli
