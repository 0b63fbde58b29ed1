// Deeds of the watch at the command line: signed by the officer's own key, and kept by the station.
#pragma once

#include "client_http.h"
#include "station/watch_deed.h"

namespace detente::cli {

// Who takes the watch over; nobody in any other deed.
struct SecondSigner {
  std::string officer, passphrase_file;
};

// Signs it (by `second`, too, where there is one) and hands it to the station.
Result<Json> post_deed(Context& context, station::Deed deed, const std::string& officer, const SecondSigner& second = {});

}  // namespace detente::cli
