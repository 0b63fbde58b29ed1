#include "line/passages.h"

#include <algorithm>

namespace detente::line {

std::uint32_t Passages::life_number(const record::EpochId& epoch) {
  const auto [known, fresh] = life_numbers_.try_emplace(epoch, static_cast<std::uint32_t>(seen_lives_.size()));
  if (fresh) {
    seen_lives_.push_back(epoch);
    steps_.emplace_back();
  }
  return known->second;
}

bool Passages::add(std::uint64_t index, WallTime time, const std::optional<LogPart>& seen) {
  const bool behind_all = by_index_.empty() || index > last_;
  if (!behind_all && in_order_ && find(index)) return false;
  Passage one{index, 0, kNone, time};
  if (seen) {
    one.seen_life = life_number(seen->epoch);
    one.seen_size = seen->size;
  }
  last_ = std::max(last_, index);
  if (index == 0 && !began_) began_ = time;
  insert(one, behind_all);
  return true;
}

// What came ahead of a hole stands a little before the end. Anything else is sorted when somebody asks: a log whose acts
// are read before the rest would be moved with every entry.
void Passages::insert(const Passage& one, bool behind_all) {
  const auto place = in_order_ && !behind_all ? find_from(one.index) : by_index_.cend();
  const auto behind = static_cast<std::size_t>(by_index_.cend() - place);
  if (!behind_all && (!in_order_ || behind > kNearTheEnd)) {
    in_order_ = false;
    by_index_.push_back(one);
    return;
  }
  by_index_.insert(place, one);
  if (!behind_all)
    for (std::vector<Step>& steps : steps_)
      while (!steps.empty() && steps.back().index > one.index) steps.pop_back();
  // A block that is said to be later than it has become costs a step, and no answer.
  if (in_order_)
    for (std::size_t at = by_index_.size() - 1 - behind; at < by_index_.size(); ++at) append(at);
}

void Passages::put_in_order() const {
  if (in_order_) return;
  in_order_ = true;
  const auto by_index = [](const Passage& a, const Passage& b) { return a.index < b.index; };
  std::stable_sort(by_index_.begin(), by_index_.end(), by_index);
  const auto same = [](const Passage& a, const Passage& b) { return a.index == b.index; };
  by_index_.erase(std::unique(by_index_.begin(), by_index_.end(), same), by_index_.end());
  for (std::vector<Step>& steps : steps_) steps.clear();
  latest_.clear();
  for (std::size_t place = 0; place < by_index_.size(); ++place) append(place);
}

void Passages::append(std::size_t place) const {
  const Passage& one = by_index_[place];
  if (one.seen_life != kNone) {
    std::vector<Step>& steps = steps_[one.seen_life];
    if (steps.empty() || steps.back().size < one.seen_size) steps.push_back({one.seen_size, one.index});
  }
  std::size_t level = 0;
  for (std::size_t at = place / kFan;; at /= kFan, ++level) {
    if (level == latest_.size()) {
      latest_.emplace_back();
      if (level > 0) latest_[level] = {*std::max_element(latest_[level - 1].begin(), latest_[level - 1].end())};
    }
    std::vector<WallTime>& blocks = latest_[level];
    if (at == blocks.size()) blocks.push_back(one.time);
    blocks[at] = std::max(blocks[at], one.time);
    if (blocks.size() == 1) return;
  }
}

std::vector<Passages::Passage>::const_iterator Passages::find_from(std::uint64_t index) const {
  put_in_order();
  return std::lower_bound(by_index_.begin(), by_index_.end(), index, [](const Passage& one, std::uint64_t at) { return one.index < at; });
}

std::optional<Passages::Passage> Passages::find(std::uint64_t index) const {
  const auto found = find_from(index);
  return found == by_index_.end() || found->index != index ? std::nullopt : std::optional(*found);
}

std::optional<WallTime> Passages::time_of(std::uint64_t index) const {
  const auto found = find(index);
  return found ? std::optional(found->time) : std::nullopt;
}

std::optional<LogPart> Passages::seen_at(std::uint64_t index) const {
  const auto found = find(index);
  if (!found || found->seen_life == kNone) return std::nullopt;
  return LogPart{seen_lives_[found->seen_life], found->seen_size};
}

std::optional<std::uint64_t> Passages::first_from(std::uint64_t index) const {
  const auto found = find_from(index);
  return found == by_index_.end() ? std::nullopt : std::optional(found->index);
}

// Up to the first block with a late one, and down into it.
std::optional<std::uint64_t> Passages::first_since(std::uint64_t index, WallTime time) const {
  auto place = static_cast<std::size_t>(find_from(index) - by_index_.begin());
  std::size_t level = 0;  // `place` counts blocks of kFan^level passages, all before it are earlier
  const auto time_at = [&](std::size_t at) { return level == 0 ? by_index_[at].time : latest_[level - 1][at]; };
  const auto count = [&] { return level == 0 ? by_index_.size() : latest_[level - 1].size(); };
  for (;;) {
    while (place < count() && time_at(place) < time && (level == latest_.size() || (place + 1) % kFan != 0)) ++place;
    if (place >= count()) return std::nullopt;
    if (time_at(place) < time) {
      place = place / kFan + 1;
      ++level;
    } else if (level == 0) {
      return by_index_[place].index;
    } else {
      place *= kFan;
      --level;
    }
  }
}

std::optional<Passages::Run> Passages::run_before(std::uint64_t index, std::size_t most) const {
  const auto end = find_from(index);
  const auto count = std::min(most, static_cast<std::size_t>(end - by_index_.cbegin()));
  if (count == 0) return std::nullopt;
  const auto begin = end - static_cast<std::ptrdiff_t>(count);
  const auto earlier = [](const Passage& a, const Passage& b) { return a.time < b.time; };
  return Run{begin->index, std::max_element(begin, end, earlier)->time};
}

std::optional<std::uint64_t> Passages::first_that_saw(const std::vector<LogPart>& parts) const {
  put_in_order();
  std::optional<std::uint64_t> out;
  for (const LogPart& part : parts) {
    const auto life = life_numbers_.find(part.epoch);
    if (life == life_numbers_.end()) continue;
    const std::vector<Step>& steps = steps_[life->second];
    const auto step = std::lower_bound(steps.begin(), steps.end(), part.size,
                                       [](const Step& one, std::uint64_t enough) { return one.size < enough; });
    if (step != steps.end()) out = std::min(out.value_or(step->index), step->index);
  }
  return out;
}

}  // namespace detente::line
