// Watch: when each counterpart was heard last, kept over a new start: a screen that says "never" after it would say less
// than this side knows. spec/station-files.md, "Watch log".
#include <spdlog/spdlog.h>

#include "io/file.h"
#include "station/last_heard.h"
#include "station/watch.h"

namespace detente::station {

namespace {
constexpr std::size_t kHeardMax = 65536;
}

void Watch::read_heard() {
  if (const auto bytes = io::read_file(running_.dir.heard_file(), kHeardMax)) heard_before_ = parse_last_heard(as_string(*bytes));
}

void Watch::write_heard() {
  std::map<std::string, WallTime> heard = heard_before_;
  for (const auto& counterpart : running_.counterparts)
    if (const auto last = running_.driver->station().peer(counterpart->peer).link().last_heard())
      heard[counterpart->name()] = running_.driver->walls().at(*last);
  const std::string text = last_heard_text(heard);
  if (text == heard_written_) return;
  if (const auto done = io::write_file(running_.dir.heard_file(), as_bytes(text), io::kSecretMode); !done)
    return log_.warn("{}", done.error().message);
  heard_written_ = text;
}

std::optional<WallTime> Watch::heard_before(const Counterpart& counterpart) const {
  const auto found = heard_before_.find(counterpart.name());
  return found == heard_before_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace detente::station
