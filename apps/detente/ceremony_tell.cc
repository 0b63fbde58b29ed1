#include "ceremony.h"
#include "client_http.h"

namespace detente::cli {

bool station_runs(const SideDir& side) {
  return io::exists(side.socket_file()) && StationClient(side).get("/v1/status").has_value();
}

Result<bool> tell_station(const SideDir& side, ByteView bulletin) {
  if (!io::exists(side.socket_file())) return false;
  const auto answer =
      StationClient(side).post("/v1/bulletins", Json{{"bulletin", to_base64(bulletin)}});
  if (answer) return true;
  if (answer.error().fault == Fault::kState) return false;  // a socket that a killed station left
  return fail(answer.error().fault,
              "the bulletin is saved, but the running station did not take it: " +
                  answer.error().message + "; hand it over by detente bulletin export FILE");
}

Result<ToldTheirs> tell_station_theirs(const SideDir& side, const TakenBulletins& taken) {
  ToldTheirs out;
  if (!io::exists(side.socket_file())) return out;
  StationClient station(side);
  for (const Bytes& bulletin : taken.fresh) {
    const auto answer = station.post(
        "/v1/bulletins", Json{{"bulletin", to_base64(bulletin)}, {"side", taken.side}});
    if (!answer) {
      if (answer.error().fault == Fault::kState) return ToldTheirs{};  // left by a killed station
      return fail(answer.error().fault,
                  "the bulletins are saved, but the running station did not take them: " +
                      answer.error().message + "; it reads them when it starts again");
    }
    out.told = true;
    out.other_station = out.other_station || answer->value("other_station", false);
  }
  return out;
}

}  // namespace detente::cli
