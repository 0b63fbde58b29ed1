// An entry as a person names it: 12 or far:12 is the other side's, own:3 this side's; 1a2b3c4d/12 stands in the epoch of the log
// that begins so. A number that stands in several epochs names none of them.
#pragma once

#include <string_view>

#include "client_address.h"
#include "client_http.h"
#include "station/submission.h"

namespace detente::cli {

// With its epoch. `unread_first`: of several, the one that nobody has acknowledged. kConflict where several are left, with
// what to type for each.
Result<station::SubmissionReference> find_entry(const StationClient& station, const LineAddress& line, std::string_view text,
                                                bool unread_first = false);
// "1a2b3c4d", as far as a person has to type it.
std::string short_epoch(const std::string& epoch);

}  // namespace detente::cli
