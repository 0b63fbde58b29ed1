#include "record/blob.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace detente::record {
namespace {

Bytes some_bytes(std::size_t size, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  Bytes out(size);
  random.fill(out);
  return out;
}

std::vector<Digest> leaves_of(ByteView bytes) {
  std::vector<Digest> out;
  for (std::uint64_t piece = 0; piece < piece_count(bytes.size()); ++piece)
    out.push_back(leaf_hash(bytes.subspan(piece * kPieceBytes, piece_bytes(bytes.size(), piece))));
  return out;
}

TEST(BlobTest, PiecesOfEveryEdge) {
  EXPECT_EQ(piece_count(0), 1u);
  EXPECT_EQ(piece_bytes(0, 0), 0u);
  EXPECT_EQ(piece_count(kPieceBytes), 1u);
  EXPECT_EQ(piece_count(kPieceBytes + 1), 2u);
  EXPECT_EQ(piece_bytes(kPieceBytes + 1, 0), kPieceBytes);
  EXPECT_EQ(piece_bytes(kPieceBytes + 1, 1), 1u);
  EXPECT_EQ(piece_count(kBlobBytesMax), kPiecesMax);
}

TEST(BlobTest, TreeIsThatOfRfc6962AndItsProofsHold) {
  for (const std::size_t pieces : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 13u, 33u}) {
    const Bytes bytes = some_bytes((pieces - 1) * kPieceBytes + 5, pieces);
    const std::vector<Digest> leaves = leaves_of(bytes);
    ASSERT_EQ(leaves.size(), pieces);
    const BlobTree tree(leaves);
    EXPECT_EQ(tree.root(), blob_root(bytes)) << pieces;
    for (std::uint64_t piece = 0; piece < pieces; ++piece) {
      Proof proof = tree.proof(piece);
      EXPECT_TRUE(verify_inclusion(leaves[piece], piece, pieces, proof, tree.root()));
      if (proof.empty()) continue;
      proof.front()[3] ^= 1;
      EXPECT_FALSE(verify_inclusion(leaves[piece], piece, pieces, proof, tree.root()));
    }
  }
}

TEST(BlobTest, RootOfThePatternInTheSpec) {
  // spec/document.md, section 4: three pieces, byte i is i modulo 251.
  Bytes bytes(40000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  const std::string root = to_hex(blob_root(bytes));
  EXPECT_EQ(root, "8c98c4c5a7f8051a62238f07fafd4d9e634b5e45cf36c003bb476372077bd00c");
  // The frames there.
  Digest digest = blob_root(bytes);
  const std::string prefix = root.substr(0, 16);
  EXPECT_EQ(to_hex(encode_blob_frame(BlobWant{digest, 0, {}})), "00" + root + "00");
  EXPECT_EQ(to_hex(encode_blob_frame(BlobWant{digest, 1, {2}})), "00" + root + "0102");
  const std::vector<Digest> leaves = leaves_of(bytes);
  const BlobTree tree(leaves);
  EXPECT_EQ(to_hex(encode_blob_frame(BlobData{blob_prefix(digest), 1, 0, tree.proof(1), {0x45, 0x46, 0x47, 0x48}})),
            "02" + prefix + "0102" + to_hex(leaves[0]) + to_hex(leaves[2]) + "45464748");
  EXPECT_EQ(to_hex(encode_blob_frame(BlobData{blob_prefix(digest), 2, 300, std::nullopt, {0xbb, 0xbc, 0xbd, 0xbe}})),
            "01" + prefix + "02412c" + "bbbcbdbe");
  EXPECT_EQ(to_hex(encode_blob_frame(BlobNote{BlobWord::kOffer, blob_prefix(digest)})), "05" + prefix);
  EXPECT_EQ(to_hex(blob_root({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

void expect_same(const BlobFrame& frame) {
  const Bytes body = encode_blob_frame(frame);
  const Result<BlobFrame> back = decode_blob_frame(body);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->index(), frame.index());
  EXPECT_EQ(encode_blob_frame(*back), body);
}

TEST(BlobTest, FramesComeBackAsTheyWere) {
  Digest root;
  SeededRandom(3).fill(root);
  expect_same(BlobWant{root, 0, {}});
  expect_same(BlobWant{root, 70000, {0x00, 0x81}});
  expect_same(BlobData{blob_prefix(root), 5, 1200, std::nullopt, some_bytes(700)});
  expect_same(BlobData{blob_prefix(root), 5, 0, Proof{root, root}, some_bytes(700)});
  expect_same(BlobData{blob_prefix(root), 0, 0, Proof{}, {}});
  expect_same(BlobNote{BlobWord::kHave, blob_prefix(root)});
  expect_same(BlobNote{BlobWord::kGone, blob_prefix(root)});
  expect_same(BlobNote{BlobWord::kOffer, blob_prefix(root)});
  const BlobData data{blob_prefix(root), 70, 0, Proof{root}, some_bytes(100)};
  EXPECT_EQ(encode_blob_frame(data).size(), blob_data_overhead(data) + 100);
}

TEST(BlobTest, BadFramesAreRefused) {
  Digest root;
  SeededRandom(3).fill(root);
  const auto refused = [](Bytes body) { EXPECT_FALSE(decode_blob_frame(body)); };
  refused({});
  refused({0, 1, 2});
  refused(encode_blob_frame(BlobWant{root, 1, Bytes(kWantMapMax + 1, 1)}));
  refused(encode_blob_frame(BlobData{blob_prefix(root), 1, 16000, std::nullopt, some_bytes(500)}));
  refused(encode_blob_frame(BlobData{blob_prefix(root), 1, 7, std::nullopt, {}}));
  refused(encode_blob_frame(BlobData{blob_prefix(root), 1, 0, Proof(40), some_bytes(5)}));
  refused(encode_blob_frame(BlobData{blob_prefix(root), kPiecesMax, 7, std::nullopt, {1}}));
  Bytes long_note = encode_blob_frame(BlobNote{BlobWord::kHave, blob_prefix(root)});
  long_note.push_back(0);
  refused(long_note);
  Bytes unknown = encode_blob_frame(BlobNote{BlobWord::kHave, blob_prefix(root)});
  unknown[0] = 9;
  EXPECT_EQ(decode_blob_frame(unknown).error().fault, Fault::kUnsupported);
}

}  // namespace
}  // namespace detente::record
