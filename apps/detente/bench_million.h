// A record of a size that takes years to write by hand: made in big commits, with the
// lab's own keys, exactly as the two stations would have it.
#pragma once

#include "lab.h"

namespace detente::cli {

// Appends `entries` to the record of `own` (half of them its own log, half the other side's) on the
// line of number 1, checkpointed and receipted but for the newest of each. The station has run once and does not
// run now.
Result<void> write_record(const LabSide& own, const LabSide& other, std::uint64_t entries);

// The texts that wait in the outbox of that line, in the order of their submission.
Result<std::vector<std::string>> outbox_texts(const LabSide& own);

// How many entries the two logs of that line hold.
Result<std::uint64_t> record_size(const LabSide& own);

}  // namespace detente::cli
