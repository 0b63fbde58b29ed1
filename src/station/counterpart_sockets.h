// A counterpart at the driver: the sockets where it is heard, the routes that begin there, and its setup for the core.
#pragma once

#include "station/running.h"

namespace detente::station {

// UDP and TCP are two worlds: a port of one is none of the other.
using Place = std::pair<io::BearerKind, std::string>;
using Sockets = std::map<Place, core::SocketId>;

// Those of every counterpart's paths that are not open yet; all that are. Counterparts may share a listen address: one
// socket for each.
Result<Sockets> open_sockets(Running& running);
// Where its paths are of another kind under `next`, the accord that this station holds: the other side may be under it
// already, and then calls there alone.
Result<void> hear_next(Running& running, const Counterpart& counterpart, const Counterpart& next);
Result<core::PeerSetup> setup_for(Running& running, const Counterpart& counterpart, const Sockets& sockets, bool new_epoch);
Result<void> set_routes(Running& running, const Counterpart& counterpart, const Sockets& sockets);

}  // namespace detente::station
