// Watch: alarms and what becomes of them.
#include <spdlog/spdlog.h>

#include "station/watch.h"

namespace detente::station {

void Watch::raise(const std::string& line, const char* kind, const std::string& words) {
  note({{"what", "alarm"}, {"line", line}, {"kind", kind}, {"words", words}});
  log_.warn("{}: {}: {}", line, kind, words);
}
void Watch::end(const std::string&, const char*) {}
Result<void> Watch::check_acknowledge(std::uint64_t) const { return {}; }
void Watch::acknowledge(const Deed&) {}
void Watch::read_alarm(const Json&) {}
Json Watch::alarms_json() const { return Json::array(); }

}  // namespace detente::station
