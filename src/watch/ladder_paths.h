// Each direction of a path by itself, for watch/ladder.cc.
#pragma once

#include "watch/ladder.h"

namespace detente::watch {

enum class OneWay : std::uint8_t { kNone, kTheyDoNotHearUs, kWeDoNotHearThem };

// What of one path is needed above it.
struct JudgedPath {
  const PathFacts* facts = nullptr;
  PathFinding finding;
  OneWay one_way = OneWay::kNone;
  bool refused = false;     // and nothing was heard since
  bool unanswered = false;  // for too long to call it a lost packet
};

JudgedPath judge_path(const PathFacts& path, const LadderFacts& facts);

// How long evidence that a living session renews by itself may be old.
Duration fresh_for(const LadderFacts& facts);
std::optional<Duration> age_of(const LadderFacts& facts, const std::optional<Instant>& then);
// By this machine's clock, as it was then.
WallTime wall_of(const LadderFacts& facts, Instant then);
// "2026-11-24 09:00:03Z", by this machine's clock.
std::string since_text(const LadderFacts& facts, Instant then);
std::string time_text(WallTime time);
// Of what has been: with a remark where it lies ahead of this machine's clock.
std::string told_text(const LadderFacts& facts, WallTime time);
std::string started_text(const LadderFacts& facts);

}  // namespace detente::watch
