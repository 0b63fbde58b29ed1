// The station's log: stderr and station.log (turned over at 10 MB, three kept).
// Facts about links, logs and disks; never a message's text, never a key.
#pragma once

#include <memory>

#include "base/result.h"
#include "core/effects.h"
#include "io/file.h"

namespace spdlog {
class logger;
}

namespace detente::station {

// kIo when the file cannot be written.
Result<std::shared_ptr<spdlog::logger>> open_log(const io::Path& file);

}  // namespace detente::station
