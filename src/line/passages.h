// Passages: when each entry of one life of a log was signed, and what its author had seen of the other side's.
//
// A hostile side makes its log as long as the disk allows. So what is asked of it is found in a number of steps that grows
// with the logarithm of its length: the first entry that is late, and the first that had seen a place.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "record/entry.h"

namespace detente::line {

// So much of a log: the entries of `epoch` below `size`.
struct LogPart {
  record::EpochId epoch{};
  std::uint64_t size = 0;
  bool operator==(const LogPart&) const = default;
};

class Passages {
 public:
  // Entries may come in any order; the first of an index stays. False: that index is known to be here.
  bool add(std::uint64_t index, WallTime time, const std::optional<LogPart>& seen);

  // Lives of the other side's that its entries named.
  std::size_t seen_lives() const { return seen_lives_.size(); }

  // Whether what is asked next sorts them first.
  bool in_order() const { return in_order_; }
  bool empty() const { return by_index_.empty(); }
  std::size_t size() const { return by_index_.size(); }
  std::uint64_t last() const { return last_; }  // the highest index; 0 where nothing is here
  std::optional<WallTime> began() const { return began_; }  // of entry 0
  std::optional<WallTime> time_of(std::uint64_t index) const;
  std::optional<LogPart> seen_at(std::uint64_t index) const;

  // The lowest index that is here, from `index` on; and of those the first that was signed at `time` or later.
  std::optional<std::uint64_t> first_from(std::uint64_t index) const;
  std::optional<std::uint64_t> first_since(std::uint64_t index, WallTime time) const;

  // Of the last `most` entries before that index: the lowest, and the latest time.
  struct Run {
    std::uint64_t from = 0;
    WallTime latest;
  };
  std::optional<Run> run_before(std::uint64_t index, std::size_t most) const;

  // The first that had seen one of these parts of the other side's log, or more of that life.
  std::optional<std::uint64_t> first_that_saw(const std::vector<LogPart>& parts) const;

 private:
  struct Passage {
    std::uint64_t index = 0;
    std::uint64_t seen_size = 0;
    std::uint32_t seen_life = kNone;  // place in seen_lives_
    WallTime time;
  };
  // An entry that had seen more of a life than all before it.
  struct Step {
    std::uint64_t size = 0;
    std::uint64_t index = 0;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kFan = 16;
  static constexpr std::size_t kNearTheEnd = 64;

  std::uint32_t life_number(const record::EpochId& epoch);
  void insert(const Passage& one, bool behind_all);
  void put_in_order() const;
  void append(std::size_t place) const;
  std::vector<Passage>::const_iterator find_from(std::uint64_t index) const;
  std::optional<Passage> find(std::uint64_t index) const;

  mutable std::vector<Passage> by_index_;
  mutable bool in_order_ = true;
  std::uint64_t last_ = 0;
  std::optional<WallTime> began_;
  std::map<record::EpochId, std::uint32_t> life_numbers_;
  std::vector<record::EpochId> seen_lives_;
  mutable std::vector<std::vector<Step>> steps_;        // by seen life
  mutable std::vector<std::vector<WallTime>> latest_;   // level n: the latest time of each kFan^(n+1) passages
};

}  // namespace detente::line
