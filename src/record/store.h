// The store: where a station's record, outbox and counters are durable.
//
// Why a fence: a side may one day run a station on several machines. Whoever
// holds a line's newest fence may write it; a machine that was paused and
// believes that it still owns the line is refused, not merged.
//
// commit() is atomic over everything in it and durable when it returns. Readers
// see whole commits only. One contract test (store_contract.h) holds every store.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "record/blob.h"
#include "record/checkpoint.h"
#include "record/entry.h"
#include "record/tiles.h"

namespace detente::record {

// A line of one accord lineage: what is claimed and fenced.
struct LineKey {
  Digest lineage{};
  LineId line;
  auto operator<=>(const LineKey&) const = default;
};

// A log: one station's, on one line, in one epoch.
struct LogKey {
  LineKey line;
  bool own = true;          // written here, or by the other side
  std::string station_id;   // its author, "south/main"
  EpochId epoch{};
  auto operator<=>(const LogKey&) const = default;
};

struct Fence {
  LineKey line;
  std::uint64_t number = 0;
};

struct StoredEntry {
  std::uint64_t index = 0;
  EntryBytes bytes;
  Salt salt{};
  Digest leaf{};
  std::uint32_t period = 0;  // month of the salt key; the log's greatest so far
  WallTime stored_at;        // this station's clock when it was written here
};

struct StoredCheckpoint {
  std::uint64_t size = 0;
  Digest root{};
  std::optional<crypto::Signature> signature;  // none on a deniable line
};

// A receipt: by the other side over our log, or by us over theirs.
struct StoredCosignature {
  std::uint64_t size = 0;
  Digest root{};
  WallTime time;  // by the cosigner's clock; 0 on a deniable line
  std::optional<crypto::Signature> signature;
};

// What waits without an index. The bytes are the caller's (core/outbox).
struct OutboxItem {
  std::uint64_t id = 0;
  Bytes item;
};

// What a pair of stations must not forget. One per counterpart and lineage.
struct LinkState {
  std::uint32_t initiator_reserved = 0;  // every c below this may have been used
  std::uint32_t responder_last = 0;      // highest c accepted from the other side
  std::uint16_t psk_epoch = 0;
  Bytes psk;                             // 32 bytes
  WallTime psk_since;
  // Every copy of it goes through queues and commits, and is wiped where it ends. (Not moved, therefore: copied.)
  ~LinkState() { wipe(psk); }
};

// A document of one counterpart: ours to it, or its to us. spec/document.md.
struct BlobKey {
  Digest lineage{};
  std::string counterpart;
  bool own = true;
  Digest root{};
  auto operator<=>(const BlobKey&) const = default;
};

inline BlobKey lowest_blob_key(const Digest& lineage, const std::string& counterpart) { return {lineage, counterpart, false, {}}; }

enum class BlobState : std::uint8_t {
  kFilling = 0,    // ours: its pieces are coming from the desk
  kReady = 1,      // ours: all of it is here, and no entry names it
  kNamed = 2,      // ours: an entry of ours names it
  kConfirmed = 3,  // ours: the other side has said that it has it
  kWanted = 4,     // theirs: an entry of theirs names it, pieces are missing
  kHere = 5,       // theirs: all of it is here
  kRefused = 6,    // theirs: larger than what is taken, or than what is left of the counterpart's room
};

struct StoredBlob {
  std::uint64_t length = 0;
  LineId line;  // of the entry that named it first
  Precedence precedence = Precedence::kRoutine;
  BlobState state = BlobState::kFilling;
  WallTime since;  // this station's clock when it was first written
};

struct OpenLog { LogKey log; std::uint32_t ordinal = 0; };
struct AppendEntry { LogKey log; StoredEntry entry; };  // index = size of the log
// Ahead of what the log holds: shown, not yet countable. Gone when the index is appended.
struct PutEarlyEntry { LogKey log; StoredEntry entry; };
struct PutCheckpoint { LogKey log; StoredCheckpoint checkpoint; };
struct PutCosignature { LogKey log; StoredCosignature cosignature; };
struct PutOutbox { LineKey line; OutboxItem item; };
struct DeleteOutbox { LineKey line; std::uint64_t id = 0; };
// Refuses the commit when the pair is there already: (side, officer, counter) is used once.
struct UseOfficerCounter { Digest lineage{}; bool own = true; OfficerId officer; std::uint64_t counter = 0; };
struct PutLinkState { Digest lineage{}; std::string counterpart; LinkState state; };
// PutEvidence::what of an officer's signature that came a second time; bytes: index 8, officer 2, big-endian.
inline constexpr std::string_view kSignatureUsedBefore = "officer's signature used before";
// Of a checkpoint that does not fit the log that is held: its text (checkpoint.h), then the 64 bytes of its signature.
inline constexpr std::string_view kSecondCheckpoint = "second checkpoint of one size";
// Beside it, where both came ahead of an entry that is missing: SecondAhead (record/two_records.h).
inline constexpr std::string_view kSecondAhead = "second checkpoint of one size, both ahead of the record";
struct PutEvidence { LogKey log; std::string what; Bytes bytes; WallTime at; };  // e.g. two checkpoints that do not fit
using EvidenceAbout = ByteArray<8>;  // the first bytes of what is kept
struct PutBlob { BlobKey key; StoredBlob blob; };
struct PutPiece { BlobKey key; std::uint64_t piece = 0; Digest leaf{}; Bytes bytes; };
struct DropBlob { BlobKey key; };  // with its pieces
// Small settings: instance id, version of adopted accord. One that checks itself is no damage of the record where a disk
// changed it: who reads it finds that out, and has a way on.
struct PutValue { std::string key; Bytes value; bool checks_itself = false; };

using Write = std::variant<OpenLog, AppendEntry, PutEarlyEntry, PutCheckpoint, PutCosignature, PutOutbox,
                           DeleteOutbox, UseOfficerCounter, PutLinkState, PutEvidence, PutBlob, PutPiece, DropBlob, PutValue>;

// One line's part of a commit: made under `fence`.
struct Batch {
  Fence fence;
  // The log that is written to must have this size before; nothing when the batch stands on none.
  std::optional<std::pair<LogKey, std::uint64_t>> expected_size;
  std::vector<Write> writes;
  // An entry that must be there before, early or appended: its being put early changed no size.
  std::optional<std::pair<LogKey, std::uint64_t>> expected_early = std::nullopt;
};

// What a damaged disk does not show is missing in an answer: from then on a Store refuses every commit and claim (kIo), so
// that nothing is signed or acknowledged on such ground.
class Reader {
 public:
  virtual ~Reader() = default;

  struct LogInfo { LogKey log; std::uint32_t ordinal = 0; std::uint64_t size = 0; std::uint32_t period = 0; };
  // Every line that has a log here, whether an accord of today names it or not.
  virtual std::vector<LineKey> lines() const = 0;
  // Every log of a line, in the order of being opened here.
  virtual std::vector<LogInfo> logs(const LineKey& line) const = 0;
  // One of them, without reading what the others hold: a hostile side opens a new one every hour. Where several stations of a
  // side have a log of that epoch, the one that was opened here last.
  virtual std::optional<LogInfo> log_of(const LineKey& line, bool own, const EpochId& epoch) const = 0;
  virtual std::optional<LogInfo> newest_log(const LineKey& line, bool own) const = 0;  // opened here last
  // Entries from..to (exclusive), at most `limit`, in order.
  virtual std::vector<StoredEntry> entries(const LogKey& log, std::uint64_t from, std::uint64_t to,
                                           std::size_t limit) const = 0;
  virtual std::vector<StoredEntry> early_entries(const LogKey& log) const = 0;
  // The newest at or above `size`... of exactly that size, or the smallest that covers it.
  virtual std::optional<StoredCheckpoint> checkpoint_covering(const LogKey& log, std::uint64_t size) const = 0;
  virtual std::optional<StoredCosignature> cosignature_covering(const LogKey& log, std::uint64_t size) const = 0;
  virtual std::optional<StoredCosignature> newest_cosignature(const LogKey& log) const = 0;
  virtual std::vector<OutboxItem> outbox(const LineKey& line) const = 0;  // by id
  virtual bool officer_counter_used(const Digest& lineage, bool own, OfficerId officer,
                                    std::uint64_t counter) const = 0;
  virtual std::optional<LinkState> link_state(const Digest& lineage, const std::string& counterpart) const = 0;
  virtual std::optional<Bytes> value(const std::string& key) const = 0;
  // Documents of the counterpart of `first`, both directions, by key: at most `limit` from there on, whether it is there
  // or not. blobs(): every one.
  virtual std::vector<std::pair<BlobKey, StoredBlob>> blobs_from(const BlobKey& first, std::size_t limit) const = 0;
  std::vector<std::pair<BlobKey, StoredBlob>> blobs(const Digest& lineage, const std::string& counterpart) const {
    return blobs_from(lowest_blob_key(lineage, counterpart), SIZE_MAX);
  }
  virtual std::optional<StoredBlob> blob(const BlobKey& key) const = 0;
  virtual std::optional<Bytes> piece(const BlobKey& key, std::uint64_t piece) const = 0;
  // Which pieces are here, and their leaf hashes; ascending.
  virtual std::vector<std::pair<std::uint64_t, Digest>> piece_leaves(const BlobKey& key) const = 0;
  // In the order of being put, at most `limit`. A hostile side has no end of what it makes: whoever looks for something asks
  // for that kind alone, and for what it is about.
  virtual std::vector<PutEvidence> evidence(const LogKey& log, std::size_t limit) const = 0;
  virtual std::vector<PutEvidence> evidence_of(const LogKey& log, std::string_view what,
                                               const std::optional<EvidenceAbout>& about) const = 0;
  // Tiles of the log's tree; partial ones are computed from what is there. The reader borrows the store.
  virtual std::unique_ptr<TileReader> tiles(const LogKey& log) const = 0;
};

class Store : public Reader {
 public:
  // Takes the line over: every fence given before for it is void.
  virtual Result<Fence> claim(const LineKey& line) = 0;
  // All or nothing, durable on return. kState for an old fence, kConflict for an unexpected size, an
  // expected entry that is not there, a used officer counter, or an index that is not next; kIo for
  // the disk's errors (what to do in the message).
  virtual Result<void> commit(std::span<const Batch> batches) = 0;
};

}  // namespace detente::record
