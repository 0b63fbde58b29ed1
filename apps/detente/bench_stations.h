// Real stations for a benchmark: a laboratory in a directory of its own, and each
// station as a process.
#pragma once

#include <sys/types.h>

#include <memory>

#include "client_http.h"
#include "lab.h"

namespace detente::cli {

// Goes with everything in it.
class TemporaryDirectory {
 public:
  // In `parent`; empty = the current directory.
  static Result<std::unique_ptr<TemporaryDirectory>> make(const std::string& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// `detente station run` on a side's directory; stopped when this goes.
class StationProcess {
 public:
  explicit StationProcess(const io::Path& dir);
  ~StationProcess();
  StationProcess(const StationProcess&) = delete;
  // SIGKILL, as when the power goes.
  void kill_now();
  double cpu_seconds() const;  // that it has used so far
  double resident_kib() const;

 private:
  void end(int signal);
  pid_t pid_ = -1;
};

// Keys that live for a minute, in `directory`/lab.
Result<std::vector<LabSide>> make_bench_lab(const TemporaryDirectory& directory, LabChoices choices,
                                            Context& context);
// kState after twenty seconds.
Result<void> wait_for_link(const StationClient& client);

struct Took {
  double station_ms = 0;  // from the text's acceptance to its verified receipt
  double api_ms = 0;      // the same for the program that sent it, connection and JSON included
};
// A text of 100 characters from south to north, until its receipt is verified.
Result<Took> one_message(const StationClient& client, const std::string& line);

}  // namespace detente::cli
