#include "station/line_facts.h"

#include "record/two_records.h"
#include "station/cuts.h"
#include "station/proposals.h"

#include "io/os_clock.h"
#include "station/watch.h"

namespace detente::station {

namespace {

watch::PathFacts path_facts(const core::PathState& state, const io::PathTrouble& trouble,
                            const PathConfig& config, accord::PathKind kind) {
  watch::PathFacts out;
  out.name = config.name;
  out.kind = accord::to_string(kind);
  out.arrived = state.confirmed;
  out.suspect_since = state.suspect_since;
  out.lacking = state.lacking;
  if (state.late) {
    out.late = state.late->told;
    out.late_by = state.late->took;
  }
  if (state.late_back) {
    out.late_back = state.late_back->told;
    out.late_back_by = state.late_back->took;
  }
  out.own = trouble.own;
  out.refused = trouble.refused;
  out.configured = config.peer.text();
  if (trouble.moved) out.moved_to = trouble.moved->words;
  out.heard = state.heard;
  if (state.elsewhere_since && state.elsewhere_last)
    out.answered_elsewhere = watch::Span{*state.elsewhere_since, *state.elsewhere_last};
  out.calls = state.calls;
  out.called_since = state.called_since;
  out.called = state.called;
  return out;
}

watch::FarFacts far_facts(const core::Link& link) {
  watch::FarFacts out;
  out.session = link.ready();
  out.session_since = link.session_since();
  out.heard = link.last_heard();
  if (const auto& farewell = link.farewell())
    out.farewell = watch::Farewell{farewell->at, farewell->words};
  out.other_accord = link.other_accord().has_value();
  out.calls_not_read = link.calls_not_read_there();
  return out;
}

// The newest of a post that is revoked, or, of the own side's, this station itself; what has its place is of other keys.
std::optional<watch::LostFacts> lost_facts(const accord::Roster& roster, const std::string& post, std::optional<OfficerId> here = {}) {
  const auto revoked = roster.revoked_stations(post);
  if (revoked.empty()) return std::nullopt;
  const bool this_one = here && roster.revoked(*here);
  const OfficerId number = this_one ? *here : revoked.back()->credential.number;
  watch::LostFacts out{post, number.value, roster.revoked_at(number), std::nullopt, 0, std::nullopt, 0};
  out.this_one = this_one;
  out.bulletin = roster.revoked_by(number);
  if (const accord::SignedCredential* current = roster.station(post)) out.successor = current->credential.number.value;
  return out;
}

}  // namespace

watch::LadderFacts gather_shared(const Running& running, const Counterpart& counterpart) {
  watch::LadderFacts facts;
  const accord::Accord& accord = counterpart.accord.accord;
  const core::Link& link = running.driver->station().peer(counterpart.peer).link();
  facts.now = running.driver->now();
  facts.far = counterpart.name();
  facts.heartbeat = std::chrono::seconds(accord.session.heartbeat_seconds);
  facts.equipment.started = running.started_mono;
  facts.equipment.started_at = running.started;
  facts.walls = &running.driver->walls();
  if (const auto fault = running.store->trouble()) facts.equipment.fault = fault->message;
  facts.equipment.clock_synchronised = io::os_clock_synchronised();
  facts.station = far_facts(link);
  if (running.watch != nullptr) facts.station.heard_before = running.watch->heard_before(counterpart);
  facts.station.lost = lost_facts(counterpart.roster, counterpart.config.their_post);
  if (facts.station.lost) {
    facts.station.lost->calls = link.revoked_calls().count;
    facts.station.lost->called = link.revoked_calls().last;
    facts.station.lost->files = link.revoked_calls().files;
  }
  facts.own_lost = lost_facts(running.own_roster, running.config.post, running.keys.number);
  for (const PathConfig& config : counterpart.config.paths) {
    const accord::AccordPath& agreed = *accord.path(config.name);
    facts.paths.push_back(path_facts(*link.paths().find(agreed.number),
                                     running.driver->path_trouble(counterpart.peer, agreed.number),
                                     config, agreed.kind));
  }
  return facts;
}

watch::LadderFacts gather_line(const Running& running, const Counterpart& counterpart,
                               const watch::LadderFacts& shared, const accord::Annex& annex) {
  watch::LadderFacts out = shared;
  std::erase_if(out.paths, [&](const watch::PathFacts& path) {
    if (annex.allows_path(path.name)) return false;
    std::optional<watch::FarFacts::Elsewhere>& elsewhere = out.station.elsewhere;
    if (path.heard && (!elsewhere || elsewhere->heard < *path.heard)) elsewhere = {path.name, *path.heard};
    return true;
  });
  out.media = annex.media;
  out.lift_alone = annex.lift_alone;
  const core::Peer& peer = running.driver->station().peer(counterpart.peer);
  add_cut_facts(running, counterpart, annex.line, out);
  add_restoration_facts(peer, annex.line, running.driver->now().wall, out);
  out.two_records = record::second_checkpoints(*running.store, {counterpart.accord.lineage, annex.line}).size();
  if (running.watch != nullptr) running.watch->add_facts(counterpart, annex, out);
  return out;
}

}  // namespace detente::station
