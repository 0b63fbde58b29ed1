#include "client_address.h"

#include <algorithm>

#include "wire/text.h"

namespace detente::cli {

namespace {

bool fits(const Json& counterpart, const Json& line, std::string_view address) {
  const std::string name = line["name"].get<std::string>();
  const std::string number = std::to_string(line["number"].get<unsigned>());
  const std::string prefix = counterpart["name"].get<std::string>() + "/";
  return address == name || address == prefix + name || address == prefix + number;
}

std::string joined(const std::vector<LineAddress>& lines) {
  std::string out;
  for (const LineAddress& line : lines) out += (out.empty() ? "" : ", ") + line.text();
  return out.empty() ? "none" : out;
}

}  // namespace

std::vector<LineAddress> all_lines(const Json& status) {
  std::vector<LineAddress> out;
  for (const Json& counterpart : status["counterparts"])
    for (const Json& line : counterpart["lines"])
      out.push_back({counterpart["name"].get<std::string>(), line["name"].get<std::string>()});
  return out;
}

Result<LineAddress> find_line(const Json& status, std::string_view address) {
  std::vector<LineAddress> found;
  for (const Json& counterpart : status["counterparts"])
    for (const Json& line : counterpart["lines"])
      if (fits(counterpart, line, address))
        found.push_back({counterpart["name"].get<std::string>(), line["name"].get<std::string>()});
  // Its record stays readable; whatever else is asked of it the station refuses, and says why.
  if (found.empty())
    for (const Json& counterpart : status["counterparts"])
      for (const Json& line : counterpart.value("retired", Json::array()))
        if (fits(counterpart, line, address))
          found.push_back({counterpart["name"].get<std::string>(), line["name"].get<std::string>()});
  if (found.size() == 1) return found.front();
  const std::string shown = wire::display_line(address.substr(0, 80));
  if (found.empty())
    return fail(Fault::kNotFound,
                "there is no line " + shown + "; there are: " + joined(all_lines(status)));
  return fail(Fault::kConflict,
              "the line " + shown + " is one of several: say which of " + joined(found));
}

Result<LineAddress> find_line(const StationClient& station, std::string_view address) {
  DETENTE_TRY(status, station.get("/v1/status"));
  return find_line(status, address);
}

bool is_retired_line(const Json& status, const LineAddress& address) {
  const std::vector<LineAddress> lines = all_lines(status);
  return std::none_of(lines.begin(), lines.end(),
                      [&](const LineAddress& one) { return one.counterpart == address.counterpart && one.line == address.line; });
}

bool is_accord_line(const Json& status, const LineAddress& address) {
  for (const Json& counterpart : status["counterparts"])
    for (const Json& line : counterpart["lines"])
      if (counterpart["name"] == address.counterpart && line["name"] == address.line) return line["number"] == 0;
  return false;
}

LineAddress accord_line(const Json& status, const std::string& counterpart) {
  for (const LineAddress& line : all_lines(status))
    if (line.counterpart == counterpart && is_accord_line(status, line)) return line;
  return {counterpart, "0"};
}

}  // namespace detente::cli
