// Declaring keys of the own side lost, a station's or an officer's: which positions
// of the logs the side still vouches for, and the bulletin that says so.
// spec/credential.md section 3.
#pragma once

#include <map>

#include "ceremony.h"
#include "client_http.h"

namespace detente::cli {

// By line: how far the station's log counts. Where a line is not there, nothing of it does.
using Positions = std::map<LineId, accord::LastValid>;

// The credentials that have the keys of one station: renewals give the same keys further numbers.
// `number`: one of them; nothing: of the one station at that post that is not revoked yet.
Result<std::vector<OfficerId>> station_numbers(const accord::Roster& own, const std::string& post,
                                               std::optional<OfficerId> number);

// The same of an officer, by how the own side calls him. kNotFound where he is revoked already.
Result<std::vector<OfficerId>> officer_numbers(const SideDir& side, const accord::Roster& own, const std::string& name);

// What an extract proves that the other side had received of the station at `post`, up to `until` by the
// other side's clock. kAuthentication for a file that proves nothing.
Result<void> add_from_extract(const SideDir& side, const io::Path& file, const std::string& post,
                              std::optional<WallTime> until, Positions& positions);
// The same from the record in another directory of this side: a restored backup, say.
Result<void> add_from_record(const io::Path& dir, const std::string& post,
                             std::optional<WallTime> until, Positions& positions);
// The same from this side's own station, which runs.
Result<void> add_from_station(const StationClient& station, std::optional<WallTime> until, Positions& positions);
// "LINE=EPOCH:SIZE:ROOT", as detente record show has them at the other side.
Result<void> add_typed(const SideDir& side, const std::string& text, Positions& positions);

// The bulletin, saved among this side's.
struct Revoked {
  std::uint64_t bulletin = 0;
  Bytes bytes;
};
Result<Revoked> revoke_keys(const SideDir& side, const std::vector<OfficerId>& numbers,
                            const Positions& positions, const crypto::SignKey& root, WallTime now);

}  // namespace detente::cli
