// What a station asks of the world. Drivers (io, sim) carry effects out in the
// order given; completions of Persist come back in the order issued.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "record/store.h"

namespace detente::core {

struct SendDatagram {
  PeerId peer;
  PathId path;
  Bytes datagram;
};

// One atomic, durable commit. Nothing that depends on it has left the station.
struct Persist {
  std::uint64_t token = 0;
  std::vector<record::Batch> batches;
};

using SubmissionId = std::uint64_t;

// What happened, for desks and programs. Facts only; the words for people are made above.
struct EntryPlaced {  // ours: it has its index and is on our disk
  PeerId peer;
  LineId line;
  SubmissionId submission = 0;
  record::EpochId epoch{};
  std::uint64_t index = 0;
};
struct EntryQueued {  // ours: on our disk, without an index yet
  PeerId peer;
  LineId line;
  SubmissionId submission = 0;
};
struct SubmissionFailed {
  PeerId peer;
  LineId line;
  SubmissionId submission = 0;
  Error error;
};
struct EntryArrived {  // theirs: on our disk, verified
  PeerId peer;
  LineId line;
  record::EpochId epoch{};
  std::uint64_t index = 0;
  bool early = false;  // entries before it are still missing
};
struct ReceiptVerified {  // theirs over ours: everything below `size` is on their disk
  PeerId peer;
  LineId line;
  record::EpochId epoch{};
  std::uint64_t size = 0;
  std::optional<WallTime> signed_at = {};  // by their clock; none on a deniable line
};
struct DocumentStored {  // ours: this part is on our disk
  PeerId peer;
  SubmissionId submission = 0;
  Digest root{};
  bool whole = false;  // and all the others: an entry may name it
};
struct DocumentFailed {  // ours: this part, or the whole with its last part
  PeerId peer;
  SubmissionId submission = 0;
  Error error;
};
struct DocumentConfirmed {  // ours: the other side says that all of it is on its disk
  PeerId peer;
  LineId line;
  Digest root{};
};
struct DocumentArrived {  // theirs: all of it is on our disk, verified
  PeerId peer;
  LineId line;
  Digest root{};
};
struct RegisterChanged {  // somebody cut or cleared a line, or the announced hour of a cut has come
  PeerId peer;
  LineId line;
  std::optional<record::Whose> whose;  // whose act; nothing for the hour
};
struct LinkChanged {
  PeerId peer;
  bool up = false;
};
enum class AlarmKind {
  kOtherAccord,     // the other station holds another accord
  kInnerSeal,       // outer AEAD good, inner bad
  kEquivocation,    // two records that do not agree
  kBadEntry,        // an authenticated counterpart sent what cannot be taken
  kPeerForgot,      // the other side holds less than it had cosigned
  kWeForgot,        // the other side holds more of our log than we do
  kNewEpoch,        // the other side opened a new epoch
  kStore,           // our own disk refused
  kDocument,        // a document of theirs is not fetched, or is there no more
  kQuota,           // the other side writes more than this station takes of a line
  kCut,             // the other side writes on a line that is cut
  kRate,            // the other side calls or asks more often than this station answers
  kRevoked,         // a station of theirs calls whose keys are revoked
};
struct Alarm {
  PeerId peer;
  AlarmKind kind = AlarmKind::kBadEntry;
  std::string text;  // safe to show
};

using DeskEvent = std::variant<EntryPlaced, EntryQueued, SubmissionFailed, EntryArrived, ReceiptVerified,
                               DocumentStored, DocumentFailed, DocumentConfirmed, DocumentArrived, RegisterChanged,
                               LinkChanged, Alarm>;
struct Notify {
  DeskEvent event;
};

using Effect = std::variant<SendDatagram, Persist, Notify>;

}  // namespace detente::core
