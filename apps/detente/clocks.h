// Both sides' clocks, on every screen that shows a line, a counterpart or an instant: one way to say them, and with
// --json the same as the object `clocks` (spec/api.md, "Clocks").
#pragma once

#include <string>
#include <vector>

#include "client_http.h"
#include "client_live.h"

namespace detente::cli {

// Of all counterparts, or of the one that is named.
std::vector<std::string> clock_lines(const Json& clocks, const std::string& only = "", std::size_t indent = 0);

// Asks the station and says them, as the screen's last words; with --json as a field of the result.
// `mark`: what stands before every line, of a drill or test.
Result<void> say_clocks(Context& context, const StationClient& station, const std::string& only = "", const std::string& mark = "");
// The same before what goes on for as long as the command runs: with --json an object of its own, the first.
Result<void> put_clocks(Context& context, const StationClient& station, const std::string& only = "");
// The same for a screen that stays useful where no station runs.
void say_clocks_if_it_runs(Context& context, const StationClient& station, const std::string& only);
// The same for a view that is drawn again and again: its first lines, since a terminal may be too low for the last.
Result<void> add_clocks(LiveFrame& frame, const StationClient& station, const std::string& only = "");

}  // namespace detente::cli
