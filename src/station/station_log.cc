#include "station/station_log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace detente::station {

namespace {
constexpr std::size_t kFileBytes = 10 << 20;
constexpr std::size_t kFiles = 3;
}  // namespace

Result<std::shared_ptr<spdlog::logger>> open_log(const io::Path& file) {
  try {
    auto to_file =
        std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.string(), kFileBytes, kFiles);
    auto to_stderr = std::make_shared<spdlog::sinks::stderr_sink_st>();
    auto log =
        std::make_shared<spdlog::logger>("detente", spdlog::sinks_init_list{to_file, to_stderr});
    log->set_pattern("%Y-%m-%dT%H:%M:%SZ %l %v", spdlog::pattern_time_type::utc);
    log->flush_on(spdlog::level::info);
    // A full disk must not end the station.
    log->set_error_handler([](const std::string&) {});
    return log;
  } catch (const std::exception& error) {
    const std::string what = error.what();  // "Failed opening file NAME for writing: Read-only file system"
    const std::size_t reason = what.rfind(": ");
    return fail(Fault::kIo, "cannot write " + file.string() + (reason == what.npos ? "" : what.substr(reason)) +
                                ": is the directory there and writable for this user, and is there "
                                "room on the disk?");
  }
}

}  // namespace detente::station
