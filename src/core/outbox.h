// What waits without an index, as bytes in the store. Not a format that leaves
// the station; versioned all the same, since a new program reads an old outbox.
#pragma once

#include <optional>

#include "record/entry.h"

namespace detente::core {

enum class OutboxState : std::uint8_t {
  kWaits = 1,
  kHeld = 2,  // waits while its line is cut, where others go back to their author
  kLift = 3,  // of a cut, until its tests have passed; goes back to its officer with the end of its station's life
};
struct OutboxEntry {
  record::Entry entry;
  OutboxState state = OutboxState::kWaits;
};
Bytes encode_outbox_item(const record::Entry& entry, OutboxState state);
std::optional<OutboxEntry> decode_outbox_item(ByteView item);

}  // namespace detente::core
