// ReadMarks: which of the other side's entries on a line no person has
// acknowledged. Follows from the record alone: an entry is read when an own entry
// of kind 2 refers to it. Looks at the newest kWindow entries of each log and goes
// on from there as the logs grow.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "record/store.h"

namespace detente::station {

class ReadMarks {
 public:
  static constexpr std::uint64_t kWindow = 2000;

  void refresh(const record::Reader& store, const record::LineKey& line);

  using Place = std::pair<record::EpochId, std::uint64_t>;
  bool unread(const record::EpochId& epoch, std::uint64_t index) const {
    return unread_.count({epoch, index}) > 0;
  }
  struct Unread {
    record::EntryClass entry_class = record::EntryClass::kLive;
    bool flash = false;
    WallTime stored_at;
  };
  std::size_t count() const { return unread_.size(); }
  std::size_t count(record::EntryClass of) const;
  const std::map<Place, Unread>& places() const { return unread_; }
  // The real ones, the one that came first in front.
  std::vector<std::pair<Place, Unread>> flashes() const;

 private:
  void take_far(const record::LogKey& log, const record::StoredEntry& stored);
  void take_own(const record::StoredEntry& stored);

  std::map<record::LogKey, std::uint64_t> next_;
  std::map<Place, Unread> unread_;
  std::set<Place> read_early_;  // acknowledged before its place was certain
};

}  // namespace detente::station
