// Writing an entry at the command line: the station is asked what it needs to be,
// an officer signs it here, and only then the station gets it. The officer's key
// is opened in this process alone.
#pragma once

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

// Completes, signs and posts. Gives the station's answer.
Result<Json> post_entry(Context& context, const SideDir& side, const StationClient& station,
                        Compose compose);

// What became of it, for a person; true when the other side has it on its disk.
bool say_outcome(Context& context, const LineAddress& line, const station::Submission& submission,
                 const Json& answer);

// "none", "durable", "receipt" and "10s", "500ms".
Result<station::Wait> parse_wait(const std::string& text);
Result<std::uint64_t> parse_timeout_ms(const std::string& text);
// "2026-11-24T09:00:00Z", or from now on: "+30m", "+2h", "+1d".
Result<WallTime> parse_when(const std::string& text, WallTime now);

}  // namespace detente::cli
