// Watch: another accord comes into force. Calls of the one before keep what became of them; one that is open goes on where
// the new accord has it at the same hour. spec/hours.md section 4, spec/station-files.md, "watch.log".
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "station/watch_replay.h"

namespace detente::station {

std::map<LineId, std::vector<watch::BookCall>> Watch::open_calls(const Counterpart& counterpart) const {
  std::map<LineId, std::vector<watch::BookCall>> out;
  for (const auto& [key, line] : lines_)
    if (key.peer == counterpart.peer) out[key.line] = line.watch->open_calls(now());
  return out;
}

void Watch::on_accord_changed(const Counterpart& counterpart) {
  const auto open = open_calls(counterpart);
  std::erase_if(lines_, [&](const auto& line) {
    return line.first.peer == counterpart.peer && counterpart.accord.annex(line.first.line) == nullptr;
  });
  make_lines_of(counterpart);
  GoingOn going_on;
  for (auto& [key, line] : lines_) {
    if (key.peer != counterpart.peer) continue;
    auto& of_line = going_on[line.name];
    const auto held = open.find(key.line);
    for (const watch::BookCall& call : held == open.end() ? std::vector<watch::BookCall>() : held->second)
      line.watch->plans(call.call) ? void(of_line.insert(call.call.id)) : end_call(line, call);
  }
  note_accord(counterpart, going_on);
  if (const auto done = replay_again(); !done) log_.error("the watch log cannot be read again: {}", done.error().message);
  tell_zones(counterpart);
  for (auto& [key, line] : lines_)
    if (key.peer == counterpart.peer) tell_on_watch(line);
}

// The accord that comes does not have it: it keeps what persons made of it, and is else nobody's silence.
void Watch::end_call(OneLine& line, watch::BookCall call) {
  for (const line::CallDeed act : withdraw_acts(line, call, "another accord is in force, which does not have that check call, and no path carried it"))
    call.facts.deeds[line.watch->own()][static_cast<std::size_t>(fact_kind(act))].reset();
  call.state = watch::judge(call.call, call.facts, now());
  if (watch::is_by_deeds(call.state)) note_outcome(line, call);
  Json more = call_fields(call.call.id);
  more.update(Json{{"caller", line.counterpart->accord.accord.sides[call.call.caller].name},
                   {"at", call.call.at.seconds},
                   {"state", watch::to_string(call.state)}});
  tell(line, "call-closed", std::move(more));
}

// In the log before anything that was noted under it.
void Watch::note_accord(const Counterpart& counterpart, const std::optional<GoingOn>& going_on) {
  Json out{{"what", "accord"}, {"counterpart", counterpart.name()}, {"version", counterpart.accord.accord.version},
           {"digest", to_hex(counterpart.accord.digest)}};
  if (going_on) {
    out["going_on"] = Json::array();
    for (const auto& [name, calls] : *going_on)
      for (const watch::CallId& call : calls) {
        Json one{{"line", name}};
        one.update(call_fields(call));
        out["going_on"].push_back(std::move(one));
      }
  }
  note(out);
}

Result<void> Watch::read_accord(Replay& replay, const Json& line) {
  std::optional<GoingOn> going_on;
  if (const auto held = line.find("going_on"); held != line.end()) {
    going_on.emplace();
    for (const Json& one : *held) {
      DETENTE_TRY(day, watch::parse_day(one.at("date").get<std::string>()));
      (*going_on)[one.at("line").get<std::string>()].insert({day, one.at("place").get<std::uint8_t>()});
    }
  }
  follow_accord(replay, line.at("counterpart").get<std::string>(),
                {line.at("digest").get<std::string>(), line.at("version").get<std::uint32_t>()}, {line.at("at").get<std::uint32_t>()}, going_on);
  return {};
}

// What was noted until now is of the accord before. What it leaves in force goes on.
void Watch::follow_accord(Replay& replay, const std::string& counterpart, const AccordThen& accord, WallTime at,
                          const std::optional<GoingOn>& going_on) {
  const auto [known, is_first] = replay.accords.try_emplace(counterpart, accord);
  const AccordThen before = std::exchange(known->second, accord);
  if (is_first || before.digest == accord.digest) return;
  for (auto& [key, one] : lines_) {
    OneLine& line = one;
    if (line.counterpart->name() != counterpart) continue;
    line.accord_since = at;
    line.version_before = before.version;
    line.going_on.reset();
    if (going_on) {
      const auto of_line = going_on->find(line.name);
      line.going_on = of_line == going_on->end() ? std::set<watch::CallId>() : of_line->second;
    }
    line.outcomes.clear();
    past_of(replay, line.name)->settle();
    auto& facts = replay.facts[line.name];
    std::optional<watch::CutFact> cut;
    std::erase_if(facts, [&](const watch::BookFact& fact) {
      if (const auto* begun = std::get_if<watch::CutFact>(&fact)) cut = *begun;
      const auto* call = std::get_if<watch::CallFact>(&fact);
      return call == nullptr || !line.watch->is_of_this_accord(call->call, before.version);
    });
    if (line.cut && cut) facts.push_back(*cut);
  }
}

// A call that goes on is in the book from its hour on. Where this station did not run when the accord changed, nobody noted
// which those are: all that both accords plan at the same hour.
WallTime Watch::begin_of_book(const Replay& replay, const OneLine& line) {
  if (!line.accord_since) return *replay.begin;
  WallTime out = *line.accord_since;
  if (line.watch->schedule() == nullptr) return out;
  constexpr std::uint32_t kDay = 86400;
  for (const watch::PlannedCall& call : line.watch->schedule()->planned({line.accord_since->seconds - std::min(line.accord_since->seconds, kDay)}, out))
    if (call.unanswered_from > *line.accord_since &&
        (line.going_on ? line.going_on->contains(call.id) : line.watch->is_of_this_accord(call.id, line.version_before)))
      out = std::min(out, call.at);
  return out;
}

}  // namespace detente::station
