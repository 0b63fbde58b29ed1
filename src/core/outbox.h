// What waits without an index, as bytes in the store. Not a format that leaves
// the station; versioned all the same, since a new program reads an old outbox.
#pragma once

#include <optional>

#include "record/entry.h"

namespace detente::core {

struct OutboxEntry {
  record::Entry entry;
  bool hold = false;  // waits while its line is cut, where others go back to their author
};
Bytes encode_outbox_item(const record::Entry& entry, bool hold);
std::optional<OutboxEntry> decode_outbox_item(ByteView item);

}  // namespace detente::core
