#include "watch/alarm_rule.h"

#include <algorithm>

namespace detente::watch {
namespace {

bool is_step(const AlarmSteps& steps, std::uint32_t row) {
  if (std::find(steps.at.begin(), steps.at.end(), row) != steps.at.end()) return true;
  return steps.then_every != 0 && (steps.at.empty() || row > steps.at.back()) &&
         row % steps.then_every == 0;
}

}  // namespace

std::optional<Alarm> AlarmRule::on_silence(const PlannedCall& call) {
  if (row_++ == 0) since_ = call.at;
  if (!is_step(steps_, row_)) return std::nullopt;
  return Alarm{AlarmKind::kSilence, row_, since_, call.unanswered_from};
}

std::optional<Alarm> AlarmRule::on_life(WallTime at) {
  const bool after_row = row_ > 0 && at >= since_;
  const bool after_cut = cut_over_ && at >= *cut_over_;
  if (!after_row && !after_cut) return std::nullopt;
  const Alarm out = after_row ? Alarm{AlarmKind::kSignOfLife, row_, since_, at}
                              : Alarm{AlarmKind::kSignOfLife, 0, *cut_over_, at};
  if (after_row) row_ = 0;
  if (after_cut) cut_over_.reset();
  return out;
}

}  // namespace detente::watch
