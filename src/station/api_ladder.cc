// GET /v1/counterparts/{c}/lines/{l}/status: the status ladder of one line. What is not
// known is null or "not known", never a guess.
#include "io/os_clock.h"
#include "station/api.h"
#include "station/cuts.h"
#include "station/line_facts.h"
#include "station/watch.h"

namespace detente::station {

namespace {

Json rung_name(const std::optional<watch::RungKind>& kind) {
  return kind ? Json(watch::to_string(*kind)) : Json();
}

}  // namespace

Json finding_json(const watch::Finding& finding) {
  return {{"known", watch::to_string(finding.known)},
          {"words", finding.words},
          {"age_s", finding.age ? Json(finding.age->count() / 1'000'000) : Json()},
          {"evidence", finding.evidence == nullptr ? Json() : Json(finding.evidence)}};
}

Json situation_json(const watch::Ladder& ladder) {
  return {{"situation", watch::to_string(ladder.situation)},
          {"title", ladder.text.title},
          {"words", ladder.text.words},
          {"to_do", ladder.text.to_do},
          {"also", ladder.also},
          {"outage_over", ladder.outage_over ? Json{{"from", ladder.outage_over->from.seconds}, {"until", ladder.outage_over->until.seconds}} : Json()}};
}

Json synchronised_json(const std::optional<bool>& synchronised) {
  return synchronised ? Json(*synchronised) : Json();
}

Json clock_json(const LinkView& view, const Now& now) {
  if (!view.offset_s)
    return {{"offset_s", Json()}, {"uncertainty_s", Json()}, {"measured_s", Json()}};
  return {{"offset_s", *view.offset_s},
          {"uncertainty_s", view.offset_error_s},
          {"measured_s", (now.mono - view.offset_at).count() / 1'000'000}};
}

Json ladder_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex) {
  const watch::LadderFacts facts = gather_line(running, counterpart, gather_shared(running, counterpart), annex);
  const watch::Ladder ladder = watch::judge(facts);
  Json out{{"ok", true},
           {"counterpart", counterpart.name()},
           {"line", annex.name},
           {"line_number", annex.line.value},
           {"station", counterpart.their_station},
           {"now", facts.now.wall.seconds},
           {"clock", clock_json(running.links[counterpart.peer.value], facts.now)},
           {"clock_synchronised", synchronised_json(facts.equipment.clock_synchronised)},
           {"clocks", clocks_json(running, &counterpart)}};
  out.update(situation_json(ladder));
  out["heard_in_public"] = running.watch == nullptr ? Json() : running.watch->heard_json(counterpart, annex);
  out["registers"] = registers_json(running, counterpart, annex.line);
  out["highest_good"] = rung_name(ladder.highest_good);
  out["first_not"] = rung_name(ladder.first_not);
  out["rungs"] = Json::array();
  for (std::size_t i = 0; i < watch::kRungs; ++i) {
    Json rung{{"rung", watch::to_string(static_cast<watch::RungKind>(i))}};
    rung.update(finding_json(ladder.rungs[i]));
    out["rungs"].push_back(std::move(rung));
  }
  out["paths"] = Json::array();
  for (const watch::PathFinding& path : ladder.paths)
    out["paths"].push_back({{"name", path.name},
                            {"kind", path.kind},
                            {"out", finding_json(path.out)},
                            {"in", finding_json(path.in)}});
  out["media"] = Json::array();
  for (const watch::MediumFinding& medium : ladder.media)
    out["media"].push_back({{"medium", accord::to_string(medium.medium)},
                            {"out", finding_json(medium.out)},
                            {"in", finding_json(medium.in)}});
  return out;
}

}  // namespace detente::station
