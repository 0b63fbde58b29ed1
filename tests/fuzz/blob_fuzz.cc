// Frames about documents (spec/document.md section 2): one spelling each, within their bounds; and
// the tree over a blob's pieces, whose proofs verify for their own place alone.
#include "fuzz.h"
#include "record/blob.h"

namespace detente::fuzz {

namespace {

struct Bounds {
  void operator()(const record::BlobWant& want) const {
    FUZZ_EXPECT(want.base <= record::kPiecesMax && want.map.size() <= record::kWantMapMax);
  }
  void operator()(const record::BlobData& data) const {
    FUZZ_EXPECT(data.piece < record::kPiecesMax);
    FUZZ_EXPECT(data.offset + data.bytes.size() <= record::kPieceBytes);
    FUZZ_EXPECT(data.proof ? data.offset == 0 : !data.bytes.empty());
    FUZZ_EXPECT(record::encode_blob_frame(data).size() == record::blob_data_overhead(data) + data.bytes.size());
  }
  void operator()(const record::BlobNote&) const {}
};

void check_frame(ByteView body) {
  const auto frame = record::decode_blob_frame(body);
  if (!frame) return;
  FUZZ_EXPECT(equal(record::encode_blob_frame(*frame), body));
  std::visit(Bounds(), *frame);
}

// The leaves are what the input says, so that equal ones occur.
void check_tree(Choices choices) {
  std::vector<Digest> leaves(1 + choices.below(40));
  for (Digest& leaf : leaves) leaf.fill(static_cast<std::uint8_t>(choices.below(4)));
  const record::BlobTree tree(leaves);
  record::Frontier frontier;
  for (const Digest& leaf : leaves) frontier.append(leaf);
  FUZZ_EXPECT(tree.root() == frontier.root());
  const std::uint64_t piece = choices.below(leaves.size());
  record::Proof proof = tree.proof(piece);
  FUZZ_EXPECT(record::verify_inclusion(leaves[piece], piece, leaves.size(), proof, tree.root()));
  Digest other = leaves[piece];
  other[choices.below(other.size())] ^= static_cast<std::uint8_t>(1 + choices.below(255));
  FUZZ_EXPECT(!record::verify_inclusion(other, piece, leaves.size(), proof, tree.root()));
  proof.push_back({});
  FUZZ_EXPECT(!record::verify_inclusion(leaves[piece], piece, leaves.size(), proof, tree.root()));
}

}  // namespace

void run(ByteView input) {
  check_frame(input);
  check_tree(Choices(input));
}

Seeds seeds() {
  Digest root{};
  for (std::size_t i = 0; i < root.size(); ++i) root[i] = static_cast<std::uint8_t>(i);
  const record::RootPrefix prefix = record::blob_prefix(root);
  const auto frame = [](const record::BlobFrame& one) { return record::encode_blob_frame(one); };
  return {{"want", frame(record::BlobWant{root, 0, {}})},
          {"want-map", frame(record::BlobWant{root, 300, {2, 255, 1}})},
          {"data", frame(record::BlobData{prefix, 70000, 300, std::nullopt, {1, 2, 3}})},
          {"proof", frame(record::BlobData{prefix, 2, 0, record::Proof(3), {1, 2, 3}})},
          {"empty", frame(record::BlobData{prefix, 0, 0, record::Proof(), {}})},
          {"have", frame(record::BlobNote{record::BlobWord::kHave, prefix})},
          {"gone", frame(record::BlobNote{record::BlobWord::kGone, prefix})},
          {"offer", frame(record::BlobNote{record::BlobWord::kOffer, prefix})}};
}

}  // namespace detente::fuzz
