// NewestKept: a table that a counterpart fills, of which only the newest keys stay.
//
// What it writes displaces its own oldest. A table that took no more instead would be closed for ever by whoever fills it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>

namespace detente::core {

template <typename Key, typename Value>
class NewestKept {
 public:
  explicit NewestKept(std::size_t most) : most_(most) {}

  const Value* find(const Key& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }
  // The value of that key, made where there is none.
  Value& at(const Key& key) {
    const auto [found, fresh] = values_.try_emplace(key);
    if (!fresh) return found->second;
    by_age_.push_back(key);
    if (by_age_.size() > most_) {
      values_.erase(by_age_.front());
      by_age_.pop_front();
    }
    return found->second;
  }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::size_t most_;
  std::map<Key, Value> values_;
  std::deque<Key> by_age_;  // of the first word of each, the oldest first
};

}  // namespace detente::core
