// GET /v1/paths: each path and each direction of it, as the link measures them.
// What nothing has been measured of is null, never a guess.
#include <algorithm>

#include "station/api.h"
#include "station/line_facts.h"
#include "watch/ladder_paths.h"

namespace detente::station {

namespace {

Json ago_ms(Instant now, const std::optional<Instant>& then) {
  return then ? Json(std::max<std::int64_t>(0, (now - *then).count() / 1000)) : Json();
}

Json wall_of(const Now& now, const std::optional<Instant>& then) {
  if (!then) return Json();
  const std::int64_t ago = std::max<std::int64_t>(0, (now.mono - *then).count() / 1'000'000);
  return Json(std::max<std::int64_t>(0, now.wall.seconds - ago));
}

Json out_json(const core::PathState& state, const Now& now) {
  return {{"arrived_ms", ago_ms(now.mono, state.confirmed)},
          {"suspect", state.suspect},
          {"suspect_since", wall_of(now, state.suspect_since)},
          {"suspect_ms", ago_ms(now.mono, state.suspect_since)}};
}

// Whether any packet of ours was ever found to have arrived there or not.
bool loss_known(const core::PathState& state) {
  return state.confirmed || state.suspect_since || state.flow.round_trip().known() ||
         state.flow.loss_per_mille() > 0;
}

// The same words as in the status ladder.
void add_findings(Json& shown, const watch::LadderFacts& shared) {
  for (const watch::PathFacts& facts : shared.paths) {
    if (facts.name != shown["name"].get<std::string>()) continue;
    const watch::PathFinding found = watch::judge_path(facts, shared).finding;
    shown["in"].update(finding_json(found.in));
    shown["out"].update(finding_json(found.out));
  }
}

}  // namespace

Json path_json(const PathView& view) {
  const core::PathState& state = view.state;
  const link::PathTerms& terms = state.flow.terms();
  const std::size_t most = terms.packet_bytes > 0 ? terms.packet_bytes : state.packet_bytes;
  Json out{{"name", view.config.name},
           {"number", state.id.value},
           {"kind", accord::to_string(view.kind)},
           {"listen", view.config.listen.text()},
           {"peer", view.config.peer.text()},
           {"heard_from", view.moved ? Json(view.moved->words) : Json()},
           {"heard_from_since", wall_of(view.now, view.moved ? std::optional(view.moved->since) : std::nullopt)},
           {"best", view.best},
           {"in", {{"heard_ms", ago_ms(view.now.mono, state.heard)}}},
           {"out", out_json(state, view.now)},
           {"round_trip_ms", Json()},
           {"loss_per_mille", loss_known(state) ? Json(state.flow.loss_per_mille()) : Json()},
           {"rate_bps", terms.rate_bps > 0 ? Json(terms.rate_bps) : Json()},
           // A path of a configured rate is held to that instead.
           {"window_bytes", terms.rate_bps > 0 ? Json() : Json(state.flow.window())},
           {"in_flight_bytes", state.flow.in_flight()},
           {"packet_bytes", std::min(state.packet_bytes, most)}};
  if (state.flow.round_trip().known())
    out["round_trip_ms"] = static_cast<double>(state.flow.round_trip().smoothed().count()) / 1000;
  return out;
}

Json paths_json(Running& running) {
  const Now now = running.driver->now();
  Json out{{"ok", true}, {"station", running.station_id}, {"now", now.wall.seconds}};
  out["counterparts"] = Json::array();
  for (const auto& counterpart : running.counterparts) {
    const watch::LadderFacts shared = gather_shared(running, *counterpart);
    const core::Link& link = running.driver->station().peer(counterpart->peer).link();
    Json one{{"counterpart", counterpart->name()},
             {"station", counterpart->their_station},
             {"link_up", link.up() && link.ready()},
             {"paths", Json::array()}};
    const PathId best = link.paths().choose().id;
    for (const PathConfig& path : counterpart->config.paths) {
      const accord::AccordPath& agreed = *counterpart->accord.accord.path(path.name);
      Json shown = path_json({path, agreed.kind, *link.paths().find(agreed.number), agreed.number == best, now,
                              running.driver->path_trouble(counterpart->peer, agreed.number).moved});
      add_findings(shown, shared);
      one["paths"].push_back(std::move(shown));
    }
    out["counterparts"].push_back(std::move(one));
  }
  return out;
}

}  // namespace detente::station
