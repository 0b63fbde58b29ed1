// The Merkle tree of RFC 6962 over SHA-256: hashes, the right edge of a growing
// tree, and the check of proofs. Everything here is memory and arithmetic;
// proofs are made from stored tiles in tiles.h.
//
//     leaf  SHA-256(00, data)      node  SHA-256(01, left, right)
//     empty tree  SHA-256("")      a tree splits at the largest power of two below its size
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::record {

using Proof = std::vector<Digest>;

Digest leaf_hash(ByteView data);
Digest node_hash(const Digest& left, const Digest& right);
const Digest& empty_root();

// The right edge of a tree: the roots of the perfect subtrees that its size is
// the sum of, largest first ("compact range"). All that an author or a receiver
// needs in memory to append and to know the root.
//
// Invariant: as many hashes as the size has bits set.
class Frontier {
 public:
  Frontier() = default;  // of the empty tree
  // kMalformed when the number of hashes is not that of the size.
  static Result<Frontier> from(std::uint64_t size, std::vector<Digest> hashes);

  void append(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  const std::vector<Digest>& hashes() const { return hashes_; }
  Digest root() const;
  // The root after `leaves` more, without appending them.
  Digest root_with(std::span<const Digest> leaves) const;

  // Size as 8 bytes, then the hashes. decode is the strict inverse.
  Bytes encode() const;
  static Result<Frontier> decode(ByteView bytes);
  bool operator==(const Frontier&) const = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> hashes_;
};

// Whether `leaf` is number `index` of the tree of `size` leaves with this root. `proof` is the
// siblings, the leaf's own first (RFC 9162 section 2.1.3.2). Exact: a hash too few or too many is
// no proof.
[[nodiscard]] bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                    std::span<const Digest> proof, const Digest& root);

// Whether the tree (size1, root1) is the beginning of (size2, root2); RFC 9162 section 2.1.4.2.
// Equal sizes need equal roots and an empty proof. size1 = 0 is refused: everything begins with
// the empty tree, so a proof of that says nothing.
[[nodiscard]] bool verify_consistency(std::uint64_t size1, const Digest& root1, std::uint64_t size2,
                                      const Digest& root2, std::span<const Digest> proof);

// The same for a subtree: the root over leaves [start, end) of a larger tree, as C2SP's
// tlog-cosignature signs one (definitions of draft-ietf-plants-merkle-tree-certs). `start` is a
// multiple of the smallest power of two that is not below end - start; any other is refused.
// Inclusion of leaf number `index` of the whole tree in the subtree with this root:
[[nodiscard]] bool verify_subtree_inclusion(const Digest& leaf, std::uint64_t index,
                                            std::uint64_t start, std::uint64_t end,
                                            std::span<const Digest> proof, const Digest& root);
// Whether the tree (size, root) has this subtree. Of an empty one (start = end) only its own root
// is checked, which says nothing about the tree.
[[nodiscard]] bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end,
                                              const Digest& subtree_root, std::uint64_t size,
                                              const Digest& root, std::span<const Digest> proof);

}  // namespace detente::record
