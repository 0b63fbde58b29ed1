// What belongs into a backup, by name.
#pragma once

#include <string_view>

namespace detente::station {

// Everything that a station and the desk in its directory need to go on, and nothing that another
// place keeps better (the vault) or that a new life must not inherit (the anchor, locks, the log).
inline constexpr std::string_view kBackupFiles[] = {"side.toml", "card.note", "station/station.toml", "station/station.key"};
// Where there is one: while a root key is being renewed.
inline constexpr std::string_view kBackupNextCard = "card-next.note";
inline constexpr std::string_view kBackupFolders[] = {"cards", "officers", "station/pairs", "station/announcements/texts"};
inline constexpr std::string_view kBackupFoldersBySide[] = {"accords", "bulletins"};

}  // namespace detente::station
