// The watch's answers as lines for a person, at most 80 columns wide.
#pragma once

#include <map>
#include <tuple>

#include "client_show.h"

namespace detente::cli {

// At most 80 columns wide; `indent` before every line but the first.
void add_wrapped(std::vector<std::string>& out, const std::string& text, const std::string& indent = "  ");

std::vector<std::string> watch_lines(const Json& watch);   // GET /v1/watch
std::vector<std::string> open_matters(const Json& watch);  // one text each
// Hooks that fail, each by itself.
std::vector<std::string> hook_lines(const Json& hooks);
std::vector<std::string> alarm_lines(const Json& alarms);
std::vector<std::string> watch_log_lines(const Json& log);
// What the lines of a span come to, however many pages they are: "we called 826 times".
class WatchLogSums {
 public:
  void add(const Json& log);
  std::vector<std::string> lines() const;
  Json json() const;

 private:
  struct Outcome {
    std::string state;
    std::uint64_t hour = 0;
  };
  void settle(const std::string& lines);  // whose names begin so
  std::map<std::string, std::uint64_t> outcomes() const;

  std::map<std::string, std::uint64_t> settled_;  // of former accords
  // By line, date and place: of several of one call the newest counts.
  std::map<std::tuple<std::string, std::string, std::uint64_t>, Outcome> open_;
  std::uint64_t called_ = 0, sent_ = 0, heard_ = 0, not_sent_ = 0;
};

}  // namespace detente::cli
