// What a station asks of the world. Drivers (io, sim) carry effects out in the
// order given; completions of Persist come back in the order issued.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "line/proposal_book.h"
#include "line/restoration.h"
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
  std::optional<record::Entry> given_back = {};  // what had waited; with submission 0 what had left, without a receipt
  bool dropped = false;                          // as its author wanted, should the line be cut
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
struct RegisterChanged {  // somebody cut or cleared a line, an announced hour has come, or a lift is tested or fell back
  PeerId peer;
  LineId line;
  std::optional<record::Whose> whose;  // whose act; nothing for the others
};
struct RestorationChanged {  // the tests of an agreed restoration began, or it ended
  PeerId peer;
  std::optional<line::RestorationEnd> end = {};  // nothing: they began
};
struct AnnouncementChanged {  // of an agreed announcement
  PeerId peer;
  line::ActPlace at;
  enum class What {
    kAsks,   // a person has to say whether it is released
    kArmed,  // it is released at its instant by this station's clock
    kDue,    // now; also once more after a start, if nobody said that it was done
  };
  What what = What::kAsks;
};
struct AccordDue {  // the other station holds the successor that is held here: the station goes on under it now
  PeerId peer;
  Digest accord{};
};
using CourierId = std::uint64_t;
struct CourierPacked {  // a file for the other station is ready, and all in it is on our disk
  PeerId peer;
  CourierId id = 0;
  Bytes file;
  std::uint64_t number = 0;
  std::size_t entries = 0;
  std::size_t receipts = 0;
  std::size_t waiting = 0;   // without an index, and so not in it
  std::size_t left_out = 0;  // they have one and did not fit
  bool contact = false;      // of every line; without it nothing that waits gets its index
};
// What a file of the other station's brought to one line.
struct CourierLine {
  LineId line;
  std::size_t entries = 0;  // in the file
  std::size_t taken = 0;    // that were not here
  std::size_t early = 0;    // here now ahead of missing ones
  std::size_t known = 0;    // that were here
  bool receipt = false;     // it receipts more than before
  bool contact = false;
  bool closed = false;      // a cut keeps something off the line
  std::optional<std::pair<std::uint64_t, std::uint64_t>> missing = {};  // first and last that come before the file's
};
enum class CourierKind {
  kNew,
  kRepeated,  // taken before in this life
  kOlder,     // a later one was taken before
  kUnheard,   // made before its station can have heard of this one's present life: nothing of it is taken
};
struct CourierTaken {  // and what it brought is on our disk
  PeerId peer;
  CourierId id = 0;
  CourierKind kind = CourierKind::kNew;
  std::uint64_t number = 0;
  WallTime made;  // by the other station's clock
  std::vector<CourierLine> lines = {};
};
struct CourierFailed {  // our disk refused
  PeerId peer;
  CourierId id = 0;
  Error error;
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
  kCourier,         // a file that claims to be of the other station is not
  kCut,             // the other side writes on a line that is cut
  kRate,            // the other side calls or asks more often than this station answers
  kLift,            // an own lift fell back: its cut stands
  kRevoked,         // a station of theirs calls whose keys are revoked
};
struct Alarm {
  PeerId peer;
  AlarmKind kind = AlarmKind::kBadEntry;
  std::string text;  // safe to show
  std::optional<LineId> line = {};  // where each line has its own
};

using DeskEvent = std::variant<EntryPlaced, EntryQueued, SubmissionFailed, EntryArrived, ReceiptVerified,
                               DocumentStored, DocumentFailed, DocumentConfirmed, DocumentArrived, RegisterChanged,
                               RestorationChanged, AnnouncementChanged, AccordDue, CourierPacked, CourierTaken, CourierFailed, LinkChanged, Alarm>;
struct Notify {
  DeskEvent event;
};

using Effect = std::variant<SendDatagram, Persist, Notify>;

}  // namespace detente::core
