// Watch: how far its log went when this station last noted it. The chain of digests shows what was changed or taken out
// within the log, and not that its end, or all of it, is gone. spec/station-files.md, "Watch log".
#include <spdlog/spdlog.h>

#include "io/file.h"
#include "station/watch.h"

namespace detente::station {

namespace {
constexpr std::size_t kFileMax = 256;

Path end_file(const Running& running) { return running.dir.station_dir() / "watch.end"; }
}

// Before anything is added to the log.
void Watch::compare_end() {
  const auto bytes = io::read_file(end_file(running_), kFileMax);
  if (!bytes) return;
  const auto noted = parse_end(as_string(*bytes));
  if (!noted) return log_.warn("{}: {}", end_file(running_).string(), noted.error().message);
  const auto same = file_->goes_through(*noted);
  if (same && *same) return;
  end_lost_ = "THE WATCH LOG LOST ITS END: it had " + std::to_string(noted->lines) + " lines when this station noted it last, and " +
              (noted->lines > file_->lines() ? "has " + std::to_string(file_->lines()) : "line " + std::to_string(noted->lines) + " is another one") +
              " now. Who is on watch, alarms that nobody acknowledged and what became of calls may be missing. Keep a copy of "
              "the station's directory and look at the disk; the lines are in the newest backup (detente restore FILE --to another directory), "
              "station/watch.log. If a person moved the log away, acknowledge this";
}

// Said by the log itself, so that a later start needs no second word of it.
void Watch::tell_lost_end() {
  if (end_lost_.empty()) return;
  raise("", "watch-log", end_lost_);
  end("", "watch-log");  // it asks for a person, and its cause does not last
  end_lost_.clear();
}

void Watch::keep_end() {
  const WatchLog::End now = file_->end();
  if (now == end_written_ || !end_lost_.empty()) return;
  const std::string text = write_end(now);
  if (const auto done = io::write_file(end_file(running_), as_bytes(text), io::kSecretMode); !done)
    return log_.warn("{}", done.error().message);
  end_written_ = now;
}

}  // namespace detente::station
