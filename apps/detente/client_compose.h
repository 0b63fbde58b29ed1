// Writing an entry at the command line: the station is asked what it needs to be,
// an officer signs it here, and only then the station gets it. The officer's key
// is opened in this process alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "client_address.h"
#include "station/submission.h"

namespace detente::cli {

struct Compose {
  LineAddress line;
  station::Submission
      submission;       // all that is said; references without epoch or leaf are completed
  std::string officer;  // --as; empty: the station alone
};

// References without epoch or leaf get those of what stands there now.
Result<void> complete_references(const StationClient& station, Compose& compose);
// The accord that lies here, if the station runs under the same; `line`: its answer about a line of it.
Result<accord::AccordInForce> accord_of_line(const SideDir& side, const std::string& counterpart, const Json& line);

// Completes, signs and posts. Gives the station's answer.
Result<Json> post_entry(Context& context, const SideDir& side, const StationClient& station,
                        Compose compose);

// What became of it, for a person; true when the other side has it on its disk.
bool say_outcome(Context& context, const LineAddress& line, const station::Submission& submission,
                 const Json& answer);

// --wait and --timeout, as every command that writes an entry has them.
void add_wait_options(CLI::App& command, std::string& wait, std::string& timeout);
// Their texts into the submission: "none", "durable", "receipt" and "10s", "500ms".
Result<void> set_wait(station::Submission& submission, const std::string& wait, const std::string& timeout);
// "10s", "500ms", "5m" or "2h", at most a day.
Result<std::chrono::milliseconds> parse_timeout(const std::string& text);
// "2026-11-24T09:00:00Z", or from now on: "+30m", "+2h", "+1d".
Result<WallTime> parse_when(const std::string& text, WallTime now);

}  // namespace detente::cli
