#include "record/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <optional>

#include "../../tests/support/vectors.h"
#include "record/merkle_oracle_test.h"

namespace detente::record {
namespace {

Frontier frontier_of(std::span<const Digest> leaves) {
  Frontier frontier;
  for (const Digest& leaf : leaves) frontier.append(leaf);
  return frontier;
}

TEST(Merkle, FrontierAgreesWithTheRecursiveRoot) {
  const auto leaves = oracle::leaves(600);
  Frontier frontier;
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    const std::span<const Digest> first(leaves.data(), n);
    ASSERT_EQ(frontier.size(), n);
    ASSERT_EQ(frontier.root(), oracle::root(first)) << n;
    const auto again = Frontier::decode(frontier.encode());
    ASSERT_TRUE(again);
    ASSERT_EQ(*again, frontier);
    if (n < leaves.size()) frontier.append(leaves[n]);
  }
}

TEST(Merkle, RootWithMoreLeavesDoesNotAppend) {
  const auto leaves = oracle::leaves(70);
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    const std::span<const Digest> all(leaves);
    const Frontier frontier = frontier_of(all.first(n));
    EXPECT_EQ(frontier.root_with(all.subspan(n)), oracle::root(all));
    EXPECT_EQ(frontier.size(), n);
  }
}

TEST(Merkle, FrontierOfAWrongLengthIsRefused) {
  const Frontier frontier = frontier_of(oracle::leaves(13));
  Bytes bytes = frontier.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Frontier::decode(ByteView(bytes).first(size))) << size;
  bytes.resize(bytes.size() + 32);
  EXPECT_FALSE(Frontier::decode(bytes));
  EXPECT_FALSE(Frontier::from(12, frontier.hashes()));
  EXPECT_TRUE(Frontier::from(13, frontier.hashes()));
  EXPECT_FALSE(Frontier::from(0, {Digest{}}));
}

TEST(Merkle, LeafAndNodeAreApart) {
  const auto leaves = oracle::leaves(2);
  Bytes joined = concat(ByteView(leaves[0]), ByteView(leaves[1]));
  EXPECT_NE(leaf_hash(joined), node_hash(leaves[0], leaves[1]));
}

TEST(Merkle, InclusionProofsVerifyAtTheirPlaceOnly) {
  const auto leaves = oracle::leaves(40);
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    const std::span<const Digest> tree(leaves.data(), size);
    const Digest root = oracle::root(tree);
    for (std::uint64_t index = 0; index < size; ++index) {
      Proof proof = oracle::inclusion(index, tree);
      for (std::uint64_t at = 0; at < size + 3; ++at)
        ASSERT_EQ(verify_inclusion(leaves[index], at, size, proof, root), at == index)
            << index << " at " << at << " of " << size;
      for (Digest& hash : proof) {
        hash[31] ^= 1;
        ASSERT_FALSE(verify_inclusion(leaves[index], index, size, proof, root));
        hash[31] ^= 1;
      }
      proof.push_back(root);
      ASSERT_FALSE(verify_inclusion(leaves[index], index, size, proof, root));
      proof.pop_back();
      if (proof.empty()) continue;
      proof.pop_back();
      ASSERT_FALSE(verify_inclusion(leaves[index], index, size, proof, root));
    }
  }
}

TEST(Merkle, ConsistencyProofsFitTheirTwoTreesOnly) {
  const auto leaves = oracle::leaves(40);
  std::vector<Digest> roots;
  for (std::size_t n = 0; n <= leaves.size(); ++n)
    roots.push_back(oracle::root(std::span(leaves.data(), n)));
  for (std::uint64_t size2 = 1; size2 <= leaves.size(); ++size2)
    for (std::uint64_t size1 = 1; size1 <= size2; ++size1) {
      Proof proof = oracle::consistency(size1, std::span(leaves.data(), size2));
      ASSERT_TRUE(verify_consistency(size1, roots[size1], size2, roots[size2], proof));
      for (std::uint64_t other = 0; other <= size2; ++other)
        ASSERT_EQ(verify_consistency(size1, roots[other], size2, roots[size2], proof),
                  other == size1);
      ASSERT_FALSE(verify_consistency(size1, roots[size1], size2, roots[size2 - 1], proof));
      for (Digest& hash : proof) {
        hash[0] ^= 0x80;
        ASSERT_FALSE(verify_consistency(size1, roots[size1], size2, roots[size2], proof));
        hash[0] ^= 0x80;
      }
      proof.push_back(roots[size1]);
      ASSERT_FALSE(verify_consistency(size1, roots[size1], size2, roots[size2], proof));
    }
  EXPECT_FALSE(verify_consistency(0, roots[0], 0, roots[0], {}));
  EXPECT_FALSE(verify_consistency(0, roots[0], 5, roots[5], {}));
  EXPECT_FALSE(verify_consistency(5, roots[5], 4, roots[4], {}));
}

// Every subtree of every tree up to 24 leaves: the proof is built here by the definition.
Proof subtree_proof(std::uint64_t start, std::uint64_t end, std::span<const Digest> tree,
                    bool whole) {
  if (start == 0 && end == tree.size()) return whole ? Proof{} : Proof{oracle::root(tree)};
  const std::size_t k = oracle::split(tree.size());
  Proof proof;
  if (end <= k) {
    proof = subtree_proof(start, end, tree.first(k), whole);
    proof.push_back(oracle::root(tree.subspan(k)));
  } else if (start >= k) {
    proof = subtree_proof(start - k, end - k, tree.subspan(k), whole);
    proof.push_back(oracle::root(tree.first(k)));
  } else {
    proof = subtree_proof(0, end - k, tree.subspan(k), false);
    proof.push_back(oracle::root(tree.first(k)));
  }
  return proof;
}

TEST(Merkle, SubtreesFitTheirTreeOnly) {
  const auto leaves = oracle::leaves(24);
  for (std::uint64_t size = 1; size <= leaves.size(); ++size)
    for (std::uint64_t start = 0; start < size; ++start)
      for (std::uint64_t end = start + 1; end <= size; ++end) {
        const std::span<const Digest> tree(leaves.data(), size);
        const auto part = tree.subspan(start, end - start);
        const Digest root = oracle::root(tree);
        const Digest part_root = oracle::root(part);
        const bool aligned = start % std::bit_ceil(end - start) == 0;
        for (std::uint64_t index = 0; index < size; ++index) {
          const bool inside = aligned && index >= start && index < end;
          const Proof proof = inside ? oracle::inclusion(index - start, part) : Proof{};
          ASSERT_EQ(verify_subtree_inclusion(tree[index], index, start, end, proof, part_root),
                    inside);
        }
        if (!aligned) {
          ASSERT_FALSE(verify_subtree_consistency(start, end, part_root, size, root, {}));
          continue;
        }
        Proof proof = subtree_proof(start, end, tree, true);
        ASSERT_TRUE(verify_subtree_consistency(start, end, part_root, size, root, proof));
        ASSERT_FALSE(verify_subtree_consistency(start, end, leaf_hash({}), size, root, proof));
        for (Digest& hash : proof) {
          hash[7] ^= 4;
          ASSERT_FALSE(verify_subtree_consistency(start, end, part_root, size, root, proof));
          hash[7] ^= 4;
        }
        proof.push_back(root);
        ASSERT_FALSE(verify_subtree_consistency(start, end, part_root, size, root, proof));
      }
}

TEST(Merkle, SizesAtTheEndOfTheRangeAreHarmless) {
  const std::uint64_t most = ~std::uint64_t{0};
  const Proof proof(64);
  EXPECT_FALSE(verify_inclusion(Digest{}, most, most, proof, Digest{}));
  EXPECT_FALSE(verify_inclusion(Digest{}, most - 1, most, proof, Digest{}));
  EXPECT_FALSE(verify_consistency(most - 1, Digest{}, most, Digest{}, proof));
  EXPECT_FALSE(verify_consistency(std::uint64_t{1} << 63, Digest{}, most, Digest{}, proof));
}

// ---- vectors ----

std::optional<Digest> hash_of(const nlohmann::json& base64) {
  if (!base64.is_string()) return std::nullopt;
  const auto bytes = from_base64(base64.get<std::string>());
  return bytes ? to_array<32>(*bytes) : std::nullopt;
}

std::optional<Proof> proof_of(const nlohmann::json& list) {
  Proof out;
  if (list.is_null()) return out;
  for (const auto& item : list) {
    const auto hash = hash_of(item);
    if (!hash) return std::nullopt;
    out.push_back(*hash);
  }
  return out;
}

bool inclusion_holds(const nlohmann::json& item, const char* leaf, const char* index,
                     const char* size) {
  const auto hash = hash_of(item.at(leaf));
  const auto root = hash_of(item.at("root"));
  const auto proof = proof_of(item.at("proof"));
  if (!hash || !root || !proof) return false;
  if (item.contains("start"))
    return verify_subtree_inclusion(*hash, item.at(index).get<std::uint64_t>(),
                                    item.at("start").get<std::uint64_t>(),
                                    item.at("end").get<std::uint64_t>(), *proof, *root);
  return verify_inclusion(*hash, item.at(index).get<std::uint64_t>(),
                          item.at(size).get<std::uint64_t>(), *proof, *root);
}

// Some published cases have short texts for roots, where it matters only whether the two are equal
// or where no root is looked at: those stand here as their hashes.
std::optional<Digest> root_of(const nlohmann::json& base64) {
  const auto bytes = from_base64(base64.get<std::string>());
  if (!bytes) return std::nullopt;
  return bytes->size() == sizeof(Digest) ? *to_array<sizeof(Digest)>(*bytes) : leaf_hash(*bytes);
}

bool consistency_holds(const nlohmann::json& item) {
  const auto root1 = root_of(item.at("root1"));
  const auto root2 = root_of(item.at("root2"));
  const auto proof = proof_of(item.at("proof"));
  if (!root1 || !root2 || !proof) return false;
  if (item.contains("start"))
    return verify_subtree_consistency(item.at("start").get<std::uint64_t>(),
                                      item.at("end").get<std::uint64_t>(), *root1,
                                      item.at("size").get<std::uint64_t>(), *root2, *proof);
  return verify_consistency(item.at("size1").get<std::uint64_t>(), *root1,
                            item.at("size2").get<std::uint64_t>(), *root2, *proof);
}

TEST(MerkleVectors, Inclusion) {
  support::CaseCount count("merkle/inclusion.json");
  for (const auto& item : support::read_vector_json("merkle/inclusion.json")) {
    count.add();
    EXPECT_EQ(inclusion_holds(item, "leafHash", "leafIdx", "treeSize"),
              !item.at("wantErr").get<bool>())
        << item.at("file");
  }
}

// The file holds proofs of consistency and, under their own field names, of subtrees.
TEST(MerkleVectors, Consistency) {
  support::CaseCount count("merkle/consistency.json");
  for (const auto& item : support::read_vector_json("merkle/consistency.json")) {
    count.add();
    const bool holds = item.contains("leafHash")
                           ? inclusion_holds(item, "leafHash", "leafIdx", "treeSize")
                           : consistency_holds(item);
    EXPECT_EQ(holds, !item.at("wantErr").get<bool>()) << item.at("file");
  }
}

TEST(MerkleVectors, DerivedProofs) {
  support::CaseCount count("merkle/derived_proofs.json");
  for (const auto& item : support::read_vector_json("merkle/derived_proofs.json")) {
    count.add();
    if (item.at("kind") == "inclusion")
      EXPECT_TRUE(inclusion_holds(item, "leaf_hash", "leaf_index", "tree_size")) << item;
    else
      EXPECT_TRUE(consistency_holds(item)) << item;
  }
}

}  // namespace
}  // namespace detente::record
