// WatchPeople: who of this side is on watch, by line. From the deeds of the watch
// log, in their order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "station/watch_deed.h"

namespace detente::station {

class WatchPeople {
 public:
  struct OnLine {
    OfficerId officer;
    WallTime since;
  };

  // `every_line`: what a deed without lines is about.
  void take(const Deed& deed, const std::vector<std::string>& every_line);

  // Off every line, by no deed of his own.
  void leave_all(OfficerId officer);
  std::vector<OfficerId> everybody() const;
  // By their numbers; of somebody whose credential was renewed the first.
  std::vector<OnLine> on(const std::string& line) const;
  bool anybody() const { return !on_.empty(); }
  bool is_on(OfficerId officer, const std::string& line) const;
  // The earliest of those who are on now.
  std::optional<WallTime> staffed_since(const std::string& line) const;

 private:
  void leave(OfficerId officer, const std::string& line);
  std::map<std::string, std::map<OfficerId, WallTime>> on_;  // no line without an officer
  std::map<std::string, WallTime> staffed_;
};

}  // namespace detente::station
