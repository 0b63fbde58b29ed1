// What a start looks at before anything is signed on the ground of the record: a
// quick look at the newest end of every log, not at every entry (io/sqlite_check.h
// does that for backups).
#pragma once

#include "record/store.h"

namespace detente::io {
class SqliteStore;
}

namespace detente::station {

// That each log and document is found under its name; the newest signed and receipted roots against the
// stored trees, and what was not receipted yet, entry by entry. kIo says what is damaged and what to do.
Result<void> check_newest(const io::SqliteStore& store);

}  // namespace detente::station
