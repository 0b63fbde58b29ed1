// AlarmRule: when a row of the other side's silences is worth an alarm.
//
// Designs rejected: an alarm a call (826 of them teach people to look away), and
// one alarm for all (nobody notices the second year). So alarms are raised on
// change: at the first silence, at stated lengths of the row, and, loudest, at
// the first sign of life afterwards, and after a cut. Calls in a cut, called off,
// declined or not seen neither lengthen a row nor end it. A row of what this side
// missed itself goes by the same steps.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "watch/schedule.h"

namespace detente::watch {

struct AlarmSteps {
  std::vector<std::uint32_t> at = {1, 7, 30, 100};  // lengths of the row, ascending
  std::uint32_t then_every = 365;                   // after the last of them; 0 = never
};

enum class AlarmKind : std::uint8_t {
  kSilence,     // the other side's
  kSignOfLife,  // of the other side, after a silence or a cut
  kMissed,      // this side did not call or answer: of the same steps, and for this side's people alone
};

struct Alarm {
  AlarmKind kind = AlarmKind::kSilence;
  std::uint32_t row = 0;  // silences in a row, the newest of them included; of a sign of life 0 after a cut alone
  WallTime since;         // the first one's hour; without a row when the cut ended
  WallTime at;            // when it was raised: the newest one's end, or the sign of life
  bool operator==(const Alarm&) const = default;
};

class AlarmRule {
 public:
  explicit AlarmRule(AlarmSteps steps = {}) : steps_(std::move(steps)) {}

  std::optional<Alarm> on_silence(const PlannedCall& call);
  // The silence at that hour was concluded by a clock that was ahead.
  void take_back(WallTime hour) { row_ -= row_ > 0 && hour >= since_ ? 1 : 0; }
  // A cut of the line ended: the first word of a person after it is as loud as one after a silence.
  void on_cut_over(WallTime at) { cut_over_ = at; }
  // Anything that a person there did. Nothing when neither a silence nor a cut came before, and for what is older
  // than either: a word that was long on its way ends no silence.
  std::optional<Alarm> on_life(WallTime at);

  std::uint32_t row() const { return row_; }
  WallTime since() const { return since_; }  // meaningful with a row

 private:
  AlarmSteps steps_;
  std::uint32_t row_ = 0;
  WallTime since_;
  std::optional<WallTime> cut_over_;  // and nobody was heard since
};

}  // namespace detente::watch
