// GET /v1/clocks: both sides' clocks and their measured difference, as every screen shows them.
#include "io/os_clock.h"
#include "station/api.h"

namespace detente::station {

namespace {

// Why the own clock is not to be trusted; null where the kernel says that something keeps it right.
Json not_trusted_json(const std::optional<bool>& synchronised) {
  if (!synchronised) return "this machine does not say whether its clock is kept right";
  return *synchronised ? Json() : Json("this machine's clock is not synchronised");
}

}  // namespace

Json clocks_json(const Running& running, const Counterpart* only) {
  const Now now = running.driver->now();
  const std::optional<bool> synchronised = io::os_clock_synchronised();
  Json out{{"now", now.wall.seconds},
           {"synchronised", synchronised_json(synchronised)},
           {"not_trusted", not_trusted_json(synchronised)},
           {"counterparts", Json::array()}};
  for (const auto& counterpart : running.counterparts) {
    if (only != nullptr && only != counterpart.get()) continue;
    Json one{{"counterpart", counterpart->name()}};
    one.update(clock_json(running.links[counterpart->peer.value], now));
    one["not_measured_since"] = one["measured_s"].is_null() ? Json(running.started.seconds) : Json();
    out["counterparts"].push_back(std::move(one));
  }
  return out;
}

}  // namespace detente::station
