// Extract: chosen entries with their proofs in one file, for somebody who has
// neither station. spec/record.md section 9.
//
// Here is the file: what stands in it, encode and strict decode, and how it is
// made from a store. What it proves is extract_verify.h's question.
//
// An item shows its entry whole, its header alone or its leaf alone. The salt
// goes out only with a whole entry: of the others nothing can be guessed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accord/accord.h"
#include "accord/roster.h"
#include "record/checkpoint.h"
#include "record/entry.h"
#include "record/merkle.h"
#include "record/store.h"

namespace detente::record {

inline constexpr std::string_view kExtractFormat = "detente-extract/1";
inline constexpr std::size_t kExtractBytesMax = 16u << 20;
inline constexpr std::size_t kExtractItemsMax = 10'000;
inline constexpr std::size_t kExtractAccordsMax = 16;
inline constexpr std::size_t kExtractCredentialsMax = 256;
inline constexpr std::size_t kInclusionHashesMax = 63;

// The parts of a log's origin (spec/record.md section 1).
struct LogName {
  Digest lineage{};
  LineId line;
  std::string side;
  std::string post;
  EpochId epoch{};
  bool operator==(const LogName&) const = default;
};
// The strict inverse of log_origin.
Result<LogName> parse_log_origin(std::string_view origin);

// An accord's note, and the annexes of the lines that the items are of.
struct ExtractAccord {
  std::string note;
  std::map<LineId, std::string> annexes;
  bool operator==(const ExtractAccord&) const = default;
};

// `station` is the number of the station's credential, of its side.
struct ExtractCheckpoint {
  OfficerId station;
  crypto::Signature signature{};
  bool operator==(const ExtractCheckpoint&) const = default;
};
struct ExtractCosignature {
  OfficerId station;
  WallTime time;
  crypto::Signature signature{};
  bool operator==(const ExtractCosignature&) const = default;
};

struct ShownWhole {
  EntryBytes bytes;
  Salt salt{};
  bool operator==(const ShownWhole&) const = default;
};
struct ShownHeader {
  Bytes header;
  Digest inner{};
  bool operator==(const ShownHeader&) const = default;
};
struct ShownLeaf {
  Digest leaf{};
  bool operator==(const ShownLeaf&) const = default;
};
using Shown = std::variant<ShownWhole, ShownHeader, ShownLeaf>;

struct ExtractItem {
  std::string origin;
  std::uint64_t index = 0;
  std::uint64_t size = 0;  // of the tree that the signatures are over
  Proof inclusion;
  std::optional<ExtractCheckpoint> checkpoint;    // nothing on a deniable line
  std::optional<ExtractCosignature> cosignature;  // nothing while there is no receipt
  Shown shown;
  bool operator==(const ExtractItem&) const = default;
};

struct Extract {
  std::vector<ExtractAccord> accords;  // of one lineage, versions ascending
  std::vector<Bytes> credentials;      // ascending
  std::vector<ExtractItem> items;      // ascending by (origin, index)
  bool operator==(const Extract&) const = default;
};

// kMalformed or kLimit for what decode_extract would refuse.
Result<Bytes> encode_extract(const Extract& extract);
// Takes exactly one spelling of each extract. Headers and whole entries are canonical and of their
// origin's line. Notes and credentials are not looked into, and no signature is verified.
Result<Extract> decode_extract(ByteView bytes);

// ---- making one ----

enum class ItemForm { kWhole, kHeader, kLeaf };

struct ExtractChoice {
  LogKey log;  // of either side, in any epoch
  std::uint64_t index = 0;
  ItemForm form = ItemForm::kWhole;
};

// What the maker knows of the two sides. `accords` are of one lineage, ascending by version, with
// those under which the shown officers signed; usually the one in force alone.
struct ExtractSources {
  std::span<const accord::AccordInForce* const> accords;
  const accord::Roster* own = nullptr;    // of the side that keeps the store
  const accord::Roster* their = nullptr;  // of the other
};

// The file's bytes. Proof, checkpoint and cosignature are those of the smallest size that covers an
// entry and that both signed; without such a size there is the author's checkpoint and no
// cosignature. The same entry twice is taken once, in the form that shows more. Only the stations'
// and the shown signers' credentials are put in. kNotFound for an entry, checkpoint, accord, annex
// or credential that is not there, kState for a body that retention deleted, kLimit above the
// bounds, kIo when the store lost a part of the tree.
Result<Bytes> make_extract(const Reader& store, const ExtractSources& sources,
                           std::span<const ExtractChoice> choices);

// An entry's leaf that the store does not hold in its place, as its author signed for it: the last of the tree of `checkpoint`.
struct SignedLeaf {
  LogKey log;
  Checkpoint checkpoint;
  crypto::Signature signature{};
  Digest leaf{};
  Proof inclusion;
};
// An extract of that leaf alone.
Result<Bytes> make_extract(const Reader& store, const ExtractSources& sources, const SignedLeaf& leaf);

}  // namespace detente::record
