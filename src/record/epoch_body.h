// The body of an epoch's first entry: what its author's log was before. spec/record.md section 3, kind 3.
#pragma once

#include <optional>

#include "record/entry.h"

namespace detente::record {

// Nothing when the log was empty or is not known.
Bytes epoch_body(const std::optional<LogPosition>& before);
Result<std::optional<LogPosition>> parse_epoch_body(ByteView body);

// What this entry names as the log before its own; nothing where it is no opening, or not of its form.
std::optional<LogPosition> epoch_before(const Entry& entry);

}  // namespace detente::record
