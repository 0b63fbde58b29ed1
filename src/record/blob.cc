#include "record/blob.h"

#include <algorithm>

#include "base/check.h"
#include "wire/reader.h"

namespace detente::record {

namespace {

constexpr std::uint8_t kWant = 0;
constexpr std::uint8_t kData = 1;
constexpr std::uint8_t kDataWithProof = 2;
constexpr std::size_t kProofMax = 31;  // a tree of kPiecesMax leaves

tl::unexpected<Error> bad_blob(const char* what) {
  return fail(Fault::kMalformed, std::string("a document's frame from the other side ") + what);
}

Result<BlobFrame> decode_want(const RootPrefix& prefix, wire::ByteReader& reader) {
  BlobWant want;
  DETENTE_TRY(rest, reader.take(sizeof(Digest) - prefix.size()));
  std::copy(prefix.begin(), prefix.end(), want.root.begin());
  std::copy(rest.begin(), rest.end(), want.root.begin() + prefix.size());
  DETENTE_TRY(base, reader.varint());
  if (base > kPiecesMax) return bad_blob("asks for a piece that no document has");
  want.base = base;
  want.map = to_bytes(reader.rest());
  if (want.map.size() > kWantMapMax) return bad_blob("has a map that is too long");
  return want;
}

Result<BlobFrame> decode_data(const RootPrefix& prefix, wire::ByteReader& reader, bool with_proof) {
  BlobData data;
  data.root = prefix;
  DETENTE_TRY(piece, reader.varint());
  if (piece >= kPiecesMax) return bad_blob("is of a piece that no document has");
  data.piece = piece;
  if (with_proof) {
    DETENTE_TRY(count, reader.u8());
    if (count > kProofMax) return bad_blob("has a proof that is too long");
    Proof proof(count);
    for (Digest& hash : proof) {
      DETENTE_TRY(bytes, reader.take(sizeof(Digest)));
      std::copy(bytes.begin(), bytes.end(), hash.begin());
    }
    data.proof = std::move(proof);
  } else {
    DETENTE_TRY(offset, reader.varint());
    if (offset >= kPieceBytes) return bad_blob("lies outside its piece");
    data.offset = static_cast<std::uint32_t>(offset);
  }
  data.bytes = to_bytes(reader.rest());
  if (data.offset + data.bytes.size() > kPieceBytes) return bad_blob("lies outside its piece");
  if (data.bytes.empty() && !with_proof) return bad_blob("carries nothing");
  return data;
}

Bytes head_of(std::uint8_t kind, ByteView prefix) {
  Bytes out{kind};
  append(out, prefix);
  return out;
}

struct Encoder {
  Bytes operator()(const BlobWant& want) const {
    Bytes out = head_of(kWant, want.root);
    wire::append_varint(out, want.base);
    append(out, want.map);
    return out;
  }
  Bytes operator()(const BlobData& data) const {
    Bytes out = head_of(data.proof ? kDataWithProof : kData, data.root);
    wire::append_varint(out, data.piece);
    if (data.proof) {
      out.push_back(static_cast<std::uint8_t>(data.proof->size()));
      for (const Digest& hash : *data.proof) append(out, hash);
    } else {
      wire::append_varint(out, data.offset);
    }
    append(out, data.bytes);
    return out;
  }
  Bytes operator()(const BlobNote& note) const {
    return head_of(static_cast<std::uint8_t>(note.word), note.root);
  }
};

}  // namespace

std::uint64_t piece_count(std::uint64_t length) {
  return length == 0 ? 1 : (length + kPieceBytes - 1) / kPieceBytes;
}

std::size_t piece_bytes(std::uint64_t length, std::uint64_t piece) {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(kPieceBytes, length - piece * kPieceBytes));
}

// A level's odd last node goes up alone: the same tree as RFC 6962's, which splits at the largest
// power of two below the size.
BlobTree::BlobTree(std::vector<Digest> leaves) {
  DETENTE_CHECK(!leaves.empty());
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const std::vector<Digest>& below = levels_.back();
    std::vector<Digest> level;
    level.reserve((below.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2)
      level.push_back(node_hash(below[i], below[i + 1]));
    if (below.size() % 2 != 0) level.push_back(below.back());
    levels_.push_back(std::move(level));
  }
}

Proof BlobTree::proof(std::uint64_t piece) const {
  Proof out;
  for (const std::vector<Digest>& level : levels_) {
    if (const std::uint64_t sibling = piece ^ 1; sibling < level.size()) out.push_back(level[sibling]);
    piece /= 2;
  }
  return out;
}

Digest blob_root(ByteView bytes) {
  Frontier frontier;
  for (std::uint64_t piece = 0; piece < piece_count(bytes.size()); ++piece)
    frontier.append(leaf_hash(bytes.subspan(piece * kPieceBytes, piece_bytes(bytes.size(), piece))));
  return frontier.root();
}

RootPrefix blob_prefix(const Digest& root) {
  RootPrefix out;
  std::copy_n(root.begin(), out.size(), out.begin());
  return out;
}

Bytes encode_blob_frame(const BlobFrame& frame) { return std::visit(Encoder(), frame); }

Result<BlobFrame> decode_blob_frame(ByteView body) {
  wire::ByteReader reader(body);
  DETENTE_TRY(kind, reader.u8());
  DETENTE_TRY(prefix_bytes, reader.take(sizeof(RootPrefix)));
  const RootPrefix prefix = *to_array<sizeof(RootPrefix)>(prefix_bytes);
  switch (kind) {
    case kWant: return decode_want(prefix, reader);
    case kData: return decode_data(prefix, reader, false);
    case kDataWithProof: return decode_data(prefix, reader, true);
    case static_cast<std::uint8_t>(BlobWord::kHave):
    case static_cast<std::uint8_t>(BlobWord::kGone):
    case static_cast<std::uint8_t>(BlobWord::kOffer):
      DETENTE_TRY_VOID(reader.expect_end());
      return BlobNote{static_cast<BlobWord>(kind), prefix};
    default: return fail(Fault::kUnsupported, "a document's frame of a kind that this version does not know");
  }
}

std::size_t blob_data_overhead(const BlobData& data) {
  return 1 + data.root.size() + wire::varint_size(data.piece) +
         (data.proof ? 1 + data.proof->size() * sizeof(Digest) : wire::varint_size(data.offset));
}

}  // namespace detente::record
