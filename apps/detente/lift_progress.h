// What becomes of a lift that is tested, shown as it goes on. spec/restoration.md section 5.
#pragma once

#include "client_http.h"

namespace detente::cli {

Result<Json> lifts_of(const StationClient& station, const std::string& counterpart);

// The lift that names all of these lines and is tested now; null: none is.
Json tested_lift(const Json& lifts, const std::vector<std::string>& lines);

// Until it has ended: what passes is said as it does. kState with what is missing when it has fallen back.
Result<void> follow_lift(Context& context, const StationClient& station, const std::string& counterpart, std::uint64_t submission);

}  // namespace detente::cli
