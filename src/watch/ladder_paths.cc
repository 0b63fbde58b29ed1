#include "watch/ladder_paths.h"

#include <algorithm>

#include "base/civil.h"

namespace detente::watch {
namespace {

// A packet or two may always be lost: no direction is called dead on less.
constexpr Duration kLostPackets = std::chrono::seconds(3);
constexpr Duration kUnanswered = std::chrono::seconds(5);
constexpr std::uint32_t kCallsInVain = 3;
// What is suspect is tried at least every 30 s, so a refusal that stands is renewed.
constexpr Duration kRefusalStands = std::chrono::seconds(90);

bool is_fresh(const LadderFacts& facts, const std::optional<Instant>& then) {
  return then && facts.now.mono - *then <= fresh_for(facts);
}

// Their calls verify, too.
std::optional<Instant> newest_in(const PathFacts& path) {
  return std::max(path.heard, path.called);
}

bool is_refused(const PathFacts& path, const LadderFacts& facts) {
  return path.refused && facts.now.mono - path.refused->last <= kRefusalStands &&
         !(newest_in(path) && *newest_in(path) > path.refused->last);
}

bool suspect_for(const PathFacts& path, const LadderFacts& facts, Duration least) {
  return path.suspect_since && facts.now.mono - *path.suspect_since >= least;
}

// Slower than anybody waits, and not dead.
bool is_slow_out(const PathFacts& path, const LadderFacts& facts) {
  return is_fresh(facts, path.late) && path.late_by >= kLostPackets;
}
bool is_slow_back(const PathFacts& path, const LadderFacts& facts) {
  return is_fresh(facts, path.late_back) && path.late_back_by >= kLostPackets;
}

std::string seconds_text(Duration time) { return std::to_string(time.count() / 1'000'000) + " s"; }

OneWay one_way(const PathFacts& path, const LadderFacts& facts) {
  const bool told = !is_slow_out(path, facts) && !is_slow_back(path, facts) && suspect_for(path, facts, kLostPackets) && path.lacking &&
                    *path.lacking >= *path.suspect_since && is_fresh(facts, path.lacking);
  const bool calls_in_vain = !facts.station.session && path.calls >= kCallsInVain &&
                             is_fresh(facts, path.called) &&
                             facts.now.mono - *path.called_since >= kLostPackets;
  if (!path.own && (told || calls_in_vain)) return OneWay::kTheyDoNotHearUs;
  if (!is_slow_back(path, facts) && path.answered_elsewhere && is_fresh(facts, path.answered_elsewhere->last) &&
      facts.now.mono - path.answered_elsewhere->since >= kLostPackets)
    return OneWay::kWeDoNotHearThem;
  return OneWay::kNone;
}

Finding out_finding(const JudgedPath& path, const LadderFacts& facts) {
  const PathFacts& of = *path.facts;
  if (of.own) return {Known::kNot, of.own->words, age_of(facts, of.own->since)};
  if (path.one_way == OneWay::kTheyDoNotHearUs) {
    if (of.lacking && of.suspect_since)
      return {Known::kNot, "they say that nothing of ours has come",
              age_of(facts, of.suspect_since)};
    return {Known::kNot, "they call, and our answers draw nothing", age_of(facts, of.called)};
  }
  if (path.refused)
    return {Known::kNot, "a machine at that address says that nobody listens there",
            age_of(facts, of.refused->since)};
  if (is_slow_back(of, facts))
    return {Known::kGood, "SLOW: the answer to what was sent " + seconds_text(of.late_back_by) + " before came", age_of(facts, of.late_back)};
  if (is_slow_out(of, facts))
    return {Known::kGood, "SLOW: what was sent up to " + seconds_text(of.late_by) + " before was told to be there",
            age_of(facts, of.late)};
  if (of.suspect_since)
    return {Known::kUnknown, "no answer to what was sent", age_of(facts, of.suspect_since)};
  if (is_fresh(facts, of.arrived))
    return {Known::kGood, "known to arrive", age_of(facts, of.arrived)};
  if (of.arrived) return {Known::kUnknown, "last known to arrive", age_of(facts, of.arrived)};
  // With one path alone it was that one.
  if (facts.paths.size() == 1 && facts.station.session &&
      is_fresh(facts, facts.station.session_since))
    return {Known::kGood, "the session was made over it",
            age_of(facts, facts.station.session_since)};
  return {Known::kUnknown, "nothing has shown it since this station's start", std::nullopt};
}

Finding in_finding(const JudgedPath& path, const LadderFacts& facts) {
  const PathFacts& of = *path.facts;
  const std::optional<Instant> last = newest_in(of);
  if (path.one_way == OneWay::kWeDoNotHearThem)
    return {Known::kNot, "they have what we sent here, and answer by another path alone",
            age_of(facts, of.answered_elsewhere->since)};
  if (is_slow_back(of, facts))
    return {Known::kGood, "SLOW: the answer to what was sent " + seconds_text(of.late_back_by) + " before came", age_of(facts, of.late_back)};
  if (!last) return {Known::kUnknown, "nothing was heard since this station's start", std::nullopt};
  const bool silent_since = (path.unanswered && *last < *of.suspect_since) || path.refused;
  const bool left = facts.station.farewell && facts.station.farewell->at >= *last;
  if (is_fresh(facts, last) && !silent_since && !left)
    return {Known::kGood, "heard", age_of(facts, last)};
  return {Known::kUnknown, "last heard", age_of(facts, last)};
}

}  // namespace

Duration fresh_for(const LadderFacts& facts) {
  return facts.heartbeat * 3 + std::chrono::seconds(2);
}

std::optional<Duration> age_of(const LadderFacts& facts, const std::optional<Instant>& then) {
  if (!then) return std::nullopt;
  const Duration awake = std::max(Duration{0}, facts.now.mono - *then);
  if (facts.walls == nullptr) return awake;
  // A host that slept is older by the wall clock; one whose clock was set back is not younger.
  const WallTime at = facts.walls->at(*then);
  const std::int64_t by_wall = std::int64_t{facts.now.wall.seconds} - at.seconds;
  return by_wall * 1'000'000 > awake.count() + 2'000'000 ? std::chrono::seconds(by_wall) : awake;
}

std::string time_text(WallTime time) {
  std::string out = format_utc(time);
  out[10] = ' ';
  return out;
}

std::string told_text(const LadderFacts& facts, WallTime time) {
  constexpr std::uint32_t kAheadSeconds = 60;  // clocks differ by less
  const bool ahead = time.seconds > std::uint64_t{facts.now.wall.seconds} + kAheadSeconds;
  return time_text(time) + (ahead ? " (an hour that this clock has not reached)" : "");
}

WallTime wall_of(const LadderFacts& facts, Instant then) {
  if (facts.walls != nullptr) return facts.walls->at(then);
  const auto ago = std::max<std::int64_t>(0, (facts.now.mono - then).count() / 1'000'000);
  const std::int64_t at = std::max<std::int64_t>(0, std::int64_t{facts.now.wall.seconds} - ago);
  return {static_cast<std::uint32_t>(at)};
}

std::string since_text(const LadderFacts& facts, Instant then) {
  return told_text(facts, wall_of(facts, then));
}

std::string started_text(const LadderFacts& facts) {
  return facts.equipment.started_at ? time_text(*facts.equipment.started_at) : since_text(facts, facts.equipment.started);
}

JudgedPath judge_path(const PathFacts& path, const LadderFacts& facts) {
  JudgedPath out;
  out.facts = &path;
  out.one_way = one_way(path, facts);
  out.refused = is_refused(path, facts);
  out.unanswered = suspect_for(path, facts, kUnanswered);
  out.finding = {path.name, path.kind, out_finding(out, facts), in_finding(out, facts)};
  return out;
}

}  // namespace detente::watch
