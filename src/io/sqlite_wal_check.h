// What a killed station's write-ahead log holds, before SQLite sees it.
//
// SQLite takes the frames of a log up to the first whose checksum does not fit, and
// drops the others without a word: it takes that one for the end that a power cut
// tore. A bit that flipped in the midst of the log looks the same to it, and every
// commit behind it, though synced and acknowledged, would be gone.
//
// Why the two can be told apart: with synchronous=FULL no transaction is begun before
// the one before it is on the disk. So a power cut tears one transaction at most, and
// what is whole behind the first bad frame's own transaction says that this frame was
// whole, too. The mark (sqlite_wal.h) says the same of the last one.
//
// The log's form: https://www.sqlite.org/fileformat2.html, section 4. It is only read.
#pragma once

#include <string>

#include "base/result.h"

namespace detente::io {

// Call it while no connection is open. kIo when commits of the log would be lost; no log is success.
Result<void> check_wal(const std::string& database);

}  // namespace detente::io
