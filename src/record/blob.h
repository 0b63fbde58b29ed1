// Blob: a document's bytes outside the log, named by the root of the tree over
// its pieces; and the frames that carry it. spec/document.md.
//
// Everything here is memory and arithmetic: who asks, who sends and what is
// kept is core/documents.h.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "record/merkle.h"

namespace detente::record {

inline constexpr std::size_t kPieceBytes = 16384;
inline constexpr std::uint64_t kPiecesMax = (std::uint64_t{1} << 31) - 1;
inline constexpr std::uint64_t kBlobBytesMax = kPiecesMax * kPieceBytes;

// An empty blob has one empty piece. `length` at most kBlobBytesMax.
std::uint64_t piece_count(std::uint64_t length);
// Bytes of piece number `piece`, which is below piece_count(length).
std::size_t piece_bytes(std::uint64_t length, std::uint64_t piece);

// All levels of the tree over a blob's pieces, for proofs: 64 bytes a piece.
class BlobTree {
 public:
  // The pieces' leaf hashes in order, at least one.
  explicit BlobTree(std::vector<Digest> leaves);
  const Digest& root() const { return levels_.back().front(); }
  std::uint64_t pieces() const { return levels_.front().size(); }
  // Of a piece below pieces(): its siblings, the lowest first.
  Proof proof(std::uint64_t piece) const;

 private:
  std::vector<std::vector<Digest>> levels_;
};

Digest blob_root(ByteView bytes);

// --- frames of type 5 ----------------------------------------------------------

using RootPrefix = ByteArray<8>;
RootPrefix blob_prefix(const Digest& root);

// The pieces that a receiver holds: all below `base`, and base + i where bit i of the map is set.
struct BlobWant {
  Digest root{};
  std::uint64_t base = 0;
  Bytes map;
};
inline constexpr std::size_t kWantMapMax = 512;

struct BlobData {
  RootPrefix root{};
  std::uint64_t piece = 0;
  std::uint32_t offset = 0;      // in the piece
  std::optional<Proof> proof;    // with the bytes from offset 0 on
  Bytes bytes;
};

// The whole of it is durable at the receiver; the author has it no more; the author asks whether it is there.
enum class BlobWord : std::uint8_t { kHave = 3, kGone = 4, kOffer = 5 };
struct BlobNote {
  BlobWord word = BlobWord::kHave;
  RootPrefix root{};
};

using BlobFrame = std::variant<BlobWant, BlobData, BlobNote>;
Bytes encode_blob_frame(const BlobFrame& frame);
// kMalformed for anything that encode_blob_frame would not have written, kUnsupported for an unknown kind.
Result<BlobFrame> decode_blob_frame(ByteView body);
// What a data frame takes beside its bytes.
std::size_t blob_data_overhead(const BlobData& data);

}  // namespace detente::record
