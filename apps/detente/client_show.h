// The station's answers as lines for a person, at most 80 columns wide. Text in
// the API's answers is safe to show already; it is made safe once more here,
// since a terminal is what it protects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli.h"

namespace detente::cli {

inline constexpr std::size_t kColumns = 80;

// Broken at spaces where it can be, by the width that a terminal gives the characters.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

// An entry: a head line (address, index, precedence, class, time, author) and its text. Each line
// of a drill or test says so.
// "SIGNATURE NOT VALID: …"; empty where nothing is said against it.
std::string verdict_text(const Json& entry);
std::vector<std::string> entry_lines(const Json& entry);
// All lines at a glance; with `colour` for a terminal, where words say the same.
std::vector<std::string> status_lines(const Json& status, bool colour = false);
// One line's whole ladder.
std::vector<std::string> ladder_lines(const Json& ladder, bool colour = false);
// What both begin with: the situation's title, what is known, what to do. Indented.
struct SituationView {
  const Json& of;  // with "title", "words", "to_do", "also"
  std::string whose;  // ": military-west", or empty
  std::size_t indent = 0;
  std::string address = {};  // "north/military-west", for the commands to type; empty where several lines stand together
};
std::vector<std::string> situation_lines(const SituationView& view, bool colour);
// "answered the check call by duty-officer 12 (3 min ago)".
std::string finding_text(const Json& finding);
std::vector<std::string> paths_lines(const Json& paths);
std::vector<std::string> record_lines(const Json& record);
std::vector<std::string> evidence_lines(const Json& entry);
std::string event_line(const Json& event);

std::string text_of(const Json& json, const char* key);  // empty where it is none
std::string utc_text(const Json& seconds);  // "2026-11-24 09:00:03Z", "-" for null
std::string upper(std::string_view text);

}  // namespace detente::cli
