// What the watch log says of the past, for the books: filled line by line, in the log's order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "station/watch.h"

namespace detente::station {

struct Watch::Replay {
  struct Call {
    std::string line;
    watch::CallId id;
    EntryRef entry;
  };
  std::optional<WallTime> begin;
  WallTime newest;
  std::map<std::string, std::vector<watch::BookFact>> facts;
  std::map<std::string, watch::PastCalls> past;  // by line
  std::map<std::string, AccordThen> accords;  // by counterpart: the newest
  std::vector<watch::DownFact> downs;
  std::vector<Call> entries;
};

}  // namespace detente::station
