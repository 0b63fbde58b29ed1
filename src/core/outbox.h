// What waits without an index, as bytes in the store. Not a format that leaves
// the station; versioned, and with a digest: a disk's change must not be signed and sent as its author's word.
#pragma once

#include <optional>
#include <string_view>

#include "record/entry.h"

namespace detente::core {

// What becomes of an entry that waits when its line is cut, as its author says.
enum class IfCut : std::uint8_t {
  kReturn,  // it goes back to him
  kHold,    // it waits until the line is open
  kDrop,    // it is dropped, and he is told so
};

enum class OutboxState : std::uint8_t {
  kWaits = 1,
  kHeld = 2,     // IfCut::kHold
  kLift = 3,     // of a cut, until its tests have passed; goes back to its officer with the end of its station's life
  kDropped = 4,  // IfCut::kDrop
};
const char* to_string(IfCut if_cut);  // "return", "hold", "drop"
std::optional<IfCut> if_cut_from(std::string_view name);
OutboxState outbox_state(IfCut if_cut);
IfCut if_cut_of(OutboxState state);
struct OutboxEntry {
  record::Entry entry;
  OutboxState state = OutboxState::kWaits;
};
Bytes encode_outbox_item(const record::Entry& entry, OutboxState state);
std::optional<OutboxEntry> decode_outbox_item(ByteView item);

}  // namespace detente::core
