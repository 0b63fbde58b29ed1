// LiftTests: the first test of each lift of a cut, by number as they came to be known. Of each side the newest stay.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "line/proposal_book.h"
#include "line/restoration.h"

namespace detente::core {

// The first test of a lift of that side's own cut, by its station; what else is tested of this lift refers to it.
struct LiftTest {
  line::ActPlace at;
  std::vector<line::RegisterOf> registers;
};

class LiftTests {
 public:
  explicit LiftTests(std::size_t most_of_a_side) : most_(most_of_a_side) {}

  void add(LiftTest test);
  const LiftTest* find(const line::ActPlace& at) const;
  const std::map<std::uint64_t, LiftTest>& all() const { return tests_; }
  // The newest of that side's, the oldest of them first.
  std::vector<LiftTest> newest(std::uint8_t side, std::size_t most) const;
  std::uint64_t next_number() const { return next_; }

 private:
  std::size_t most_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, LiftTest> tests_;
  std::map<line::ActPlace, std::uint64_t> numbers_;
  std::deque<std::uint64_t> by_age_[2];  // of that side
  // Of each life, up to which place they were dropped: who reads the record again shows them again.
  std::map<std::pair<std::uint8_t, record::EpochId>, std::uint64_t> dropped_;
};

}  // namespace detente::core
