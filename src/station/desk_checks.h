// What the station asks of everything that a person brings to it, an entry or a deed.
#pragma once

#include "accord/annex.h"
#include "accord/credential.h"

namespace detente::station {

// An entry that is dated far ahead would be refused by the other station and stop the log.
Result<void> check_desk_time(WallTime claimed, WallTime now);
// kDenied on a line that carries nothing by the program, with what to do instead.
Result<void> check_carried(const accord::Annex& annex);
// Whether the officer may act at all now; else what gives him the right again.
Result<void> check_valid_now(const accord::Credential& officer, WallTime now);
// Whether his credential names the line, and the accord lets his post join it.
Result<void> check_line_right(const accord::Annex& annex, const accord::Credential& officer);
// Whether the accord lets this officer's post join the line.
Result<void> check_post(const accord::Annex& annex, const accord::Credential& officer);

}  // namespace detente::station
