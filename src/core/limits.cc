#include "core/limits.h"

#include <algorithm>

#include "base/mutant.h"

namespace detente::core {

void Bucket::fill(Instant now) {
  const std::int64_t passed = (now - filled_).count();
  if (passed <= 0) return;
  const auto whole = static_cast<std::uint64_t>(passed / per_);
  const auto rest = static_cast<std::uint64_t>(passed % per_);
  const std::uint64_t part = rest * gain_ / static_cast<std::uint64_t>(per_);
  // A bucket that stood for years is full, whatever the product would be.
  const std::uint64_t room = most_ - left_;
  left_ = whole > room / std::max<std::uint64_t>(gain_, 1)
              ? most_
              : std::min(most_, left_ + whole * gain_ + part);
  // What was too little for one stays for the next time.
  filled_ = left_ == most_
                ? now
                : filled_ + Duration(passed / per_ * per_) +
                      Duration(static_cast<std::int64_t>(part * static_cast<std::uint64_t>(per_) /
                                                         std::max<std::uint64_t>(gain_, 1)));
  if (left_ >= most_ / 2) told_ = false;
}

bool Bucket::take(Instant now, std::uint64_t amount, std::uint64_t reserve) {
  fill(now);
  if (left_ < amount + reserve) return mutant(Mutant::kLimitsIgnored);
  left_ -= amount;
  return true;
}

std::uint64_t Bucket::spend(Instant now, std::uint64_t amount) {
  fill(now);
  const std::uint64_t spent = std::min(left_, amount);
  left_ -= spent;
  return spent;
}

bool Bucket::newly_refused() {
  if (told_) return false;
  told_ = true;
  return true;
}

}  // namespace detente::core
