// What can be said of the commands without running one: read from the parser,
// so that it never disagrees with --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace detente::cli {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string man_page(const CLI::App& app, const std::string& version);

}  // namespace detente::cli
