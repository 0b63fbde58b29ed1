// Planted bugs. A checker that has never caught anything proves nothing: the
// program `detente-mutants` is the same core with one of these faults at a time,
// and the simulator must catch every one. In every other program mutant() is false
// at compile time and the faults are not there.
#pragma once

#include <string_view>

namespace detente {

enum class Mutant {
  kNone,
  kAcknowledgeBeforeSync,   // a desk is told "taken" before its text is durable
  kSendBeforeSync,          // an entry leaves before its own commit
  kCosignBeforeSync,        // a receipt leaves before what it covers is durable
  kCosignSmaller,           // a receipt over fewer entries than one given before
  kNoReplayWindow,          // a packet is taken twice
  kDuplicateDelivery,       // an entry is shown twice
  kOrderSwapped,            // the newer of one precedence goes first
  kCosignatureUnchecked,    // a receipt counts without its signature
  kCheckpointUnchecked,     // an entry counts without its author's signature
  kCounterReused,           // a start forgets the counter of its calls
  kFirstPacketReplayed,     // a call is answered a second time
  kFenceIgnored,            // a station that was taken over goes on writing
  kRekeyLost,               // a receiver misses the next generation of keys
  kOldEpochAppended,        // a restored disk goes on in its old log
  kFloorIgnored,            // a restored disk cosigns less than it had
  kEquivocationOverlooked,  // two signed histories are taken for a duplicate
  kPrecedenceIgnored,       // FLASH waits in the queue
  kPieceUnverified,         // a document's piece is kept without its proof
  kHaveBeforeSync,          // a document is called there before its last piece is durable
  kDocumentGivenUnnamed,    // who knows a root gets a document that no entry names
  kTailForgotten,           // what is unreceipted at a start is not sent again
  kCutIgnored,              // a line that this side has cut goes on
  kRegisterLost,            // a cut is in force and not on the disk
  kLiftUntested,            // a lift opens the line at once
  kDarkAnswered,            // a station that is in the dark answers a call
  kReleasedEarly,           // an announcement is released before its instant
  kReportForgotten,         // a restoration ends without a report
  kPacketCounterReused,     // two packets are sealed with one key and counter
  kStoredOtherwise,         // what is held of the other side's log is not what it was proved to be
  kBytesOtherwise,          // under leaves that were proved stands something else
  kLimitsIgnored,           // a counterpart that asks without end is answered without end
};

#ifdef DETENTE_MUTANTS
inline Mutant planted = Mutant::kNone;
inline bool mutant(Mutant which) { return planted == which; }
#else
constexpr bool mutant(Mutant) { return false; }
#endif

}  // namespace detente
