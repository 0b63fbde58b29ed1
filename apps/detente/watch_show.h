// The watch's answers as lines for a person, at most 80 columns wide.
#pragma once

#include "client_show.h"

namespace detente::cli {

// At most 80 columns wide; `indent` before every line but the first.
void add_wrapped(std::vector<std::string>& out, const std::string& text, const std::string& indent = "  ");

std::vector<std::string> watch_lines(const Json& watch);   // GET /v1/watch
std::vector<std::string> open_matters(const Json& watch);  // one text each
std::vector<std::string> alarm_lines(const Json& alarms);
// `only` = "contact": what was recorded by hand and heard in public.
std::vector<std::string> watch_log_lines(const Json& log, const std::string& only);
// "826 calls were made; 3 answered, …": what the shown lines come to.
std::vector<std::string> watch_log_sums(const Json& log);

}  // namespace detente::cli
