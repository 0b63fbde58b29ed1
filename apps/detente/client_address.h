// Line addresses on the command line: north/military-west, military-west where
// only one counterpart has it, north/0 or north/accord for the accord line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client_http.h"

namespace detente::cli {

struct LineAddress {
  std::string counterpart;
  std::string line;
  std::string text() const { return counterpart + "/" + line; }
  std::string target() const {  // of the API
    return "/v1/counterparts/" + escape(counterpart) + "/lines/" + escape(line);
  }
  // Of one entry. `whose`: own, far; `epoch` in hex, empty: of the newest.
  std::string entry(const std::string& whose, std::uint64_t index, const std::string& epoch) const {
    return target() + "/entries/" + whose + "/" + std::to_string(index) + (epoch.empty() ? "" : "?epoch=" + escape(epoch));
  }
};

// Against the station's own list. kNotFound, or kConflict for a short name of several, with all
// that would do.
Result<LineAddress> find_line(const Json& status, std::string_view address);
Result<LineAddress> find_line(const StationClient& station, std::string_view address);
std::vector<LineAddress> all_lines(const Json& status);
// Of the lineage, and not of the accord in force.
bool is_retired_line(const Json& status, const LineAddress& address);
bool is_accord_line(const Json& status, const LineAddress& address);
LineAddress accord_line(const Json& status, const std::string& counterpart);

}  // namespace detente::cli
