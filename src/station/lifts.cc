#include "station/lifts.h"

#include <algorithm>

#include "station/proposal_words.h"

namespace detente::station {

namespace {

using record::Whose;

const core::TestedLine* line_of(const core::LiftRun& run, LineId line) {
  const auto found = std::find_if(run.lines.begin(), run.lines.end(), [line](const core::TestedLine& one) { return one.of.line == line; });
  return found == run.lines.end() ? nullptr : &*found;
}

const char* state_of(const core::LiftRun& run) {
  if (run.cleared) return "lifted";
  return run.end ? "fell back" : "testing";
}

Json lift_json(const Counterpart& counterpart, const core::LiftRun& run) {
  Json out{{"whose", run.whose == Whose::kAuthors ? "own" : "far"},
           {"submission", run.held},
           {"epoch", run.at ? Json(to_hex(run.at->epoch)) : Json()},
           {"index", run.at ? Json(run.at->index) : Json()},
           {"lines", Json::array()}};
  out.update(test_run_json(counterpart, run));
  out["state"] = state_of(run);
  out["why"] = run.why;
  return out;
}

}  // namespace

Json lifts_json(const Running& running, const Counterpart& counterpart) {
  Json all = Json::array();
  for (const core::LiftRun& run : running.driver->station().peer(counterpart.peer).lifts().runs())
    all.push_back(lift_json(counterpart, run));
  return {{"ok", true}, {"now", running.driver->now().wall.seconds}, {"lifts", std::move(all)}};
}

Result<Json> take_back_lift(Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  DETENTE_TRY_VOID(running.driver->take_back_lift(counterpart.peer, annex.line));
  return Json{{"ok", true}, {"counterpart", counterpart.name()}, {"line", annex.name}};
}

bool is_tested_lift(const core::Peer& peer, const line::ActPlace& place) {
  const auto& runs = peer.lifts().runs();
  return std::any_of(runs.begin(), runs.end(), [&](const core::LiftRun& run) { return run.at == place && !run.end; });
}

void add_lift_facts(const core::Peer& peer, LineId line, watch::LadderFacts& facts) {
  for (const core::LiftRun& run : peer.lifts().runs()) {
    const core::TestedLine* one = line_of(run, line);
    if (one == nullptr || run.end || run.cleared) continue;
    const bool ours = run.whose == Whose::kAuthors;
    std::string words = (ours ? "we lift our cut" : facts.far + " lifts its cut") + " of this line, and it is tested now: ";
    words += one->passed == 0 ? "nothing has passed both ways yet" : "passed both ways: " + line::media_words(one->passed);
    if (one->desk_wanted && !one->desk_passed) words += "; it waits for a word of both desks (detente restore desk)";
    facts.announced.push_back(words);
  }
}

}  // namespace detente::station
