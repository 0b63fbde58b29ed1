#include "station/counterpart_sockets.h"

#include "station/announcer.h"
#include "station/proposals.h"
#include "station/vouched.h"

namespace detente::station {

namespace {

Place place_of(const Counterpart& counterpart, const PathConfig& path) {
  const bool tcp = counterpart.accord.accord.path(path.name)->kind == accord::PathKind::kTcp;
  return {tcp ? io::BearerKind::kTcp : io::BearerKind::kUdp, path.listen.text()};
}

Result<core::SocketId> open_socket(Running& running, const Place& place, const PathConfig& path) {
  if (const auto open = running.sockets.find(place); open != running.sockets.end()) return open->second;
  DETENTE_TRY(socket, running.driver->add_socket(place.first, path.listen.host, path.listen.port));
  return running.sockets[place] = socket;
}

}  // namespace

Result<Sockets> open_sockets(Running& running) {
  for (const auto& counterpart : running.counterparts)
    for (const PathConfig& path : counterpart->config.paths)
      DETENTE_TRY_VOID(open_socket(running, place_of(*counterpart, path), path));
  return running.sockets;
}

Result<void> hear_next(Running& running, const Counterpart& counterpart, const Counterpart& next) {
  for (const PathConfig& path : counterpart.config.paths) {
    const Place place = place_of(next, path);
    if (place == place_of(counterpart, path)) continue;
    DETENTE_TRY(socket, open_socket(running, place, path));
    running.driver->hear_also(counterpart.peer, socket, counterpart.accord.accord.path(path.name)->number);
  }
  return {};
}

Result<core::PeerSetup> setup_for(Running& running, const Counterpart& counterpart, const Sockets& sockets, bool new_epoch) {
  DETENTE_TRY(pair, running.dir.pair(counterpart.name()));
  const bool known =
      running.store->link_state(counterpart.accord.lineage, counterpart.name()).has_value();
  std::map<core::SocketId, PathId> heard_on;
  for (const PathConfig& path : counterpart.config.paths)
    heard_on[sockets.at(place_of(counterpart, path))] = counterpart.accord.accord.path(path.name)->number;
  DETENTE_TRY(setup, make_peer_setup(counterpart, running.keys, std::move(pair),
                                     std::move(heard_on), known, new_epoch));
  setup.counts = [&running, &counterpart](record::Whose whose, const record::Entry& entry,
                                          const std::optional<line::ActPlace>& at) {
    return act_counts(running, counterpart, whose, entry, at ? std::optional(EntryPlace{at->epoch, at->index}) : std::nullopt);
  };
  setup.vouched = [&running, &counterpart](record::Whose whose, const record::EpochId& epoch, std::uint64_t index) {
    const bool own = whose == record::Whose::kAuthors;
    const record::LogKey log{{counterpart.accord.lineage, kAccordLine}, own,
                             own ? counterpart.our_station : counterpart.their_station, epoch};
    return vouch_for(*running.store, own ? running.own_roster : counterpart.roster, log, index).vouched;
  };
  setup.clock_known = [&running, &counterpart] {
    return running.announcer != nullptr && running.announcer->clock_known(counterpart.peer);
  };
  return setup;
}

Result<void> set_routes(Running& running, const Counterpart& counterpart, const Sockets& sockets) {
  std::vector<io::RouteTo> routes;
  for (const PathConfig& path : counterpart.config.paths)
    routes.push_back({counterpart.accord.accord.path(path.name)->number, sockets.at(place_of(counterpart, path)),
                      path.peer.host, path.peer.port});
  return running.driver->set_routes(counterpart.peer, routes);
}

}  // namespace detente::station
