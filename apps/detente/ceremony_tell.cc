#include "ceremony.h"
#include "client_http.h"

namespace detente::cli {

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

}  // namespace detente::cli
