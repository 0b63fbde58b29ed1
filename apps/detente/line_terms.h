// What each line of a drafted accord is given beside its name, as the command line says it: accord draft and lab new.
#pragma once

#include "ceremony.h"
#include "cli.h"

namespace detente::cli {

// One text for each time that an option was given: "[LINE=]VALUE,VALUE"; without a line it is of every line.
struct LineTerms {
  std::vector<std::string> hours, people, media, paths, stations;
  std::vector<std::string> desk_restores;  // names of lines
  bool lift_alone = false;                 // of every line
};
void add_line_terms(CLI::App& command, LineTerms& terms);

// kNotFound for a line that is not among `lines`, and what is wrong with a value.
Result<void> choose_line_terms(const LineTerms& terms, std::vector<LineChoice>& lines);

}  // namespace detente::cli
