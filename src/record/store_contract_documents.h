// The part of every store's contract that is about documents; store_contract.h has
// the rest, and says how a store's test takes it up.
//
// For tests only.
#pragma once

#include "record/store_contract_fixture.h"

namespace detente::record::contract {

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, DocumentsAreKeptPieceByPiece) {
  const Bytes bytes(kPieceBytes + 3, 7);
  const ByteView whole(bytes);
  const BlobKey key{this->line_.lineage, "north", true, blob_root(bytes)};
  BlobKey theirs = key;
  theirs.own = false;
  const auto piece = [&](const BlobKey& of, std::uint64_t number) {
    const ByteView part = whole.subspan(number * kPieceBytes, piece_bytes(bytes.size(), number));
    return PutPiece{of, number, leaf_hash(part), to_bytes(part)};
  };
  this->expect_fault(this->write({piece(key, 0)}), Fault::kNotFound);
  StoredBlob blob{bytes.size(), LineId{3}, Precedence::kPriority, BlobState::kFilling, {77}};
  ASSERT_TRUE(this->write({PutBlob{key, blob}, piece(key, 1)}));
  this->harness_.reopen();
  ASSERT_TRUE(this->write({PutBlob{theirs, blob}, piece(theirs, 0), piece(theirs, 1), piece(key, 0)}));
  blob.state = BlobState::kNamed;
  ASSERT_TRUE(this->write({PutBlob{key, blob}}));

  const auto stored = this->store().blob(key);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->length, bytes.size());
  EXPECT_EQ(stored->line, LineId{3});
  EXPECT_EQ(stored->precedence, Precedence::kPriority);
  EXPECT_EQ(stored->state, BlobState::kNamed);
  EXPECT_EQ(stored->since, WallTime{77});
  EXPECT_EQ(this->store().piece(key, 1), piece(key, 1).bytes);
  EXPECT_FALSE(this->store().piece(key, 2));
  const auto leaves = this->store().piece_leaves(key);
  ASSERT_EQ(leaves.size(), 2u);
  EXPECT_EQ(leaves[1], std::pair(std::uint64_t{1}, piece(key, 1).leaf));
  EXPECT_EQ(this->store().blobs(key.lineage, "north").size(), 2u);
  EXPECT_TRUE(this->store().blobs(key.lineage, "west").empty());
  const auto first = this->store().blobs_from(lowest_blob_key(key.lineage, "north"), 1);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(this->store().blobs_from(first[0].first, 1)[0].first, first[0].first);
  BlobKey behind = first[0].first;
  for (std::size_t i = behind.root.size(); i-- > 0 && ++behind.root[i] == 0;) {}
  const auto rest = this->store().blobs_from(behind, 5);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].first, this->store().blobs(key.lineage, "north")[1].first);

  // What does not fit is refused, and nothing of its commit is kept.
  StoredBlob longer = blob;
  longer.length += 1;
  this->expect_fault(this->write({PutValue{"k", {1}}, PutBlob{key, longer}}), Fault::kConflict);
  EXPECT_FALSE(this->store().value("k"));
  PutPiece bad = piece(key, 1);
  bad.bytes.push_back(0);
  this->expect_fault(this->write({bad}), Fault::kConflict);
  bad = piece(key, 0);
  bad.piece = 2;
  this->expect_fault(this->write({bad}), Fault::kConflict);
  BlobKey elsewhere = key;
  elsewhere.lineage[0] ^= 1;
  this->expect_fault(this->write({PutBlob{elsewhere, blob}}), Fault::kState);
  this->expect_fault(this->write({DropBlob{key}, AppendEntry{this->log_, entry(5)}}), Fault::kConflict);
  EXPECT_EQ(this->store().piece_leaves(key).size(), 2u);

  ASSERT_TRUE(this->write({DropBlob{key}}));
  this->harness_.reopen();
  EXPECT_FALSE(this->store().blob(key));
  EXPECT_FALSE(this->store().piece(key, 0));
  EXPECT_TRUE(this->store().piece_leaves(key).empty());
  EXPECT_EQ(this->store().piece(theirs, 0), piece(theirs, 0).bytes);
}

}  // namespace detente::record::contract
