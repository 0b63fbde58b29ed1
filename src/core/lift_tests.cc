#include "core/lift_tests.h"

#include <algorithm>
#include <utility>

namespace detente::core {

void LiftTests::add(LiftTest test) {
  const line::ActPlace at = test.at;
  const auto dropped = dropped_.find({at.side, at.epoch});
  if (dropped != dropped_.end() && at.index <= dropped->second) return;
  if (!numbers_.emplace(at, next_).second) return;
  tests_.emplace(next_, std::move(test));
  std::deque<std::uint64_t>& by_age = by_age_[at.side];
  by_age.push_back(next_++);
  if (by_age.size() <= most_) return;
  const auto oldest = tests_.find(by_age.front());
  const line::ActPlace& out = oldest->second.at;
  std::uint64_t& below = dropped_[{out.side, out.epoch}];
  below = std::max(below, out.index);
  numbers_.erase(out);
  tests_.erase(oldest);
  by_age.pop_front();
}

std::vector<LiftTest> LiftTests::newest(std::uint8_t side, std::size_t most) const {
  const std::deque<std::uint64_t>& by_age = by_age_[side];
  std::vector<LiftTest> out;
  for (std::size_t i = by_age.size() - std::min(by_age.size(), most); i < by_age.size(); ++i) out.push_back(tests_.at(by_age[i]));
  return out;
}

const LiftTest* LiftTests::find(const line::ActPlace& at) const {
  const auto number = numbers_.find(at);
  return number == numbers_.end() ? nullptr : &tests_.at(number->second);
}

}  // namespace detente::core
