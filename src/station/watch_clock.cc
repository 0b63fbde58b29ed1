// Watch: a wall clock that steps, and a host that stands still. What was concluded by a clock that was then set back is not
// settled: the log says when it was, and the books are made again. spec/hours.md section 4, spec/station-files.md.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/civil.h"
#include "io/os_clock.h"
#include "station/clock_offset.h"
#include "station/watch_replay.h"

namespace detente::station {

Json Watch::gap_json(const watch::ClockGap& gap) {
  return {{"kind", watch::to_string(gap.kind)}, {"from", gap.from.seconds}, {"until", gap.until.seconds}};
}

std::optional<watch::ClockGap> Watch::gap_of(const Json& fields) {
  const auto kind = watch::gap_kind_from(fields.at("kind").get<std::string>());
  if (!kind) return std::nullopt;
  return watch::ClockGap{*kind, {fields.at("from").get<std::uint32_t>()}, {fields.at("until").get<std::uint32_t>()}};
}

std::optional<watch::ClockGap> Watch::gap_in(const Json& line) {
  const auto held = line.find("gap");
  return held == line.end() ? std::nullopt : gap_of(*held);
}

// While the clock shows the day of the step, or the one after it.
Json Watch::step_json() const {
  constexpr std::uint32_t kShownSeconds = 86400;
  if (!gap_ || now().seconds > std::uint64_t{gap_->until.seconds} + kShownSeconds) return {};
  Json out = gap_json(*gap_);
  out["text"] = watch::words_of(*gap_);
  return out;
}

void Watch::look_at_clock(WallTime time) {
  if (const auto gap = gaps_.look({running_.driver->now().mono, io::os_elapsed(), time})) take_gap(*gap);
}

void Watch::take_gap(const watch::ClockGap& gap) {
  gap_ = gap;
  const std::string words = watch::words_of(gap);
  log_.warn("{}", words);
  Json line{{"what", "clock"}};
  line.update(gap_json(gap));
  note(line);
  Json event{{"event", "clock-step"}, {"text", words}};
  event.update(gap_json(gap));
  running_.events.add_told(std::move(event), gap.until);
  if (gap.kind == watch::GapKind::kSetAhead || gap.kind == watch::GapKind::kSetBack)
    clock_was_set(running_, std::int64_t{gap.until.seconds} - gap.from.seconds);
  if (gap.kind != watch::GapKind::kSetBack) {
    for (auto& [key, one] : lines_) one.watch->add_fact(watch::GapFact{gap.from, gap});
    return;
  }
  for (auto& [key, one] : lines_) forget_outcomes(one, gap.until);
}

// Of calls that come after that by the clock as it is now.
void Watch::forget_outcomes(OneLine& line, WallTime until) {
  std::erase_if(line.outcomes, [&](const auto& outcome) {
    const auto call = line.watch->schedule() == nullptr ? std::nullopt : line.watch->schedule()->find(outcome.first);
    return call && call->unanswered_from > until;
  });
}

// What the log concluded beyond a clock that was then set back.
void Watch::take_back(Replay& replay, const watch::ClockGap& gap) {
  if (gap.kind != watch::GapKind::kSetBack) return;
  const WallTime from = gap.from, until = gap.until;
  replay.begin = std::min(*replay.begin, until);
  std::erase_if(replay.downs, [&](const watch::DownFact& down) { return down.at >= until; });
  // It started so long before the step, whatever its clock said then.
  for (watch::DownFact& down : replay.downs)
    if (down.until > until) {
      const std::uint32_t ran = from > down.until ? from.seconds - down.until.seconds : 0;
      down.until = std::max(down.at, WallTime{until.seconds - std::min(ran, until.seconds)});
    }
  for (auto& [name, past] : replay.past) past.take_back(until);
  for (auto& [key, one] : lines_) {
    forget_outcomes(one, until);
    if (one.accord_since) one.accord_since = std::min(*one.accord_since, until);
  }
}

// A deed came of a call that was over.
void Watch::settle_outcome(OneLine& line, const watch::CallId& id) {
  if (line.watch->book() == nullptr || !line.outcomes.contains(id)) return;
  if (const auto call = line.watch->book()->call(id); call && watch::mark_of(call->state, std::nullopt, line.watch->own()))
    note_outcome(line, *call);
}

// The clock was set back so far that the books no longer fit it.
Result<void> Watch::replay_again() {
  Replay replay;
  DETENTE_TRY_VOID(file_->read(1, [&](const Json& line) -> Result<void> {
    const std::string what = line.value("what", "");
    if (what == "deed" || what == "left" || what == "hook" || what.starts_with("alarm")) return {};  // these were taken and hang on no clock
    return read_line(replay, line);
  }));
  if (!replay.begin) replay.begin = now();
  started_ = false;
  begin_books(replay);
  started_ = true;
  look_at_zones();
  for (auto& [key, line] : lines_) {
    if (line.watch->book() == nullptr) continue;
    if (line.watch->book()->silence().row() == 0) end(line.name, "silence");
    if (line.watch->book()->missed().row() == 0) end(line.name, "missed-call");
  }
  return {};
}

}  // namespace detente::station
