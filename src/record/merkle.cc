#include "record/merkle.h"

#include <bit>
#include <limits>

#include "base/check.h"
#include "crypto/hash.h"

namespace detente::record {
namespace {

constexpr std::uint8_t kLeafPrefix[] = {0};
constexpr std::uint8_t kNodePrefix[] = {1};
constexpr std::size_t kSizeBytes = 8;

bool is_odd(std::uint64_t n) { return (n & 1) != 0; }

bool is_subtree(std::uint64_t start, std::uint64_t end) {
  if (start > end) return false;
  if (start == 0 || start == end) return true;
  // Above 2^63 leaves there is no aligned start but 0.
  const std::uint64_t leaves = end - start;
  return leaves <= std::uint64_t{1} << 63 && (start & (std::bit_ceil(leaves) - 1)) == 0;
}

// Positions in one level of the tree: of the subtree's first and last node, of the tree's last.
struct Edges {
  std::uint64_t first;
  std::uint64_t end;
  std::uint64_t last;
  void up() {
    first >>= 1;
    end >>= 1;
    last >>= 1;
  }
};

}  // namespace

Digest leaf_hash(ByteView data) { return crypto::sha256({ByteView(kLeafPrefix), data}); }

Digest node_hash(const Digest& left, const Digest& right) {
  return crypto::sha256({ByteView(kNodePrefix), ByteView(left), ByteView(right)});
}

const Digest& empty_root() {
  static const Digest root = crypto::sha256(ByteView());
  return root;
}

Result<Frontier> Frontier::from(std::uint64_t size, std::vector<Digest> hashes) {
  if (hashes.size() != static_cast<std::size_t>(std::popcount(size)))
    return fail(Fault::kMalformed, "frontier: " + std::to_string(hashes.size()) +
                                       " hashes do not make a tree of size " +
                                       std::to_string(size));
  Frontier out;
  out.size_ = size;
  out.hashes_ = std::move(hashes);
  return out;
}

void Frontier::append(const Digest& leaf) {
  DETENTE_CHECK(size_ < std::numeric_limits<std::uint64_t>::max());
  Digest hash = leaf;
  // Each low bit that is set is a perfect subtree of the same size as `hash` by now: they join.
  for (std::uint64_t rest = size_; is_odd(rest); rest >>= 1) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
}

Digest Frontier::root() const {
  if (hashes_.empty()) return empty_root();
  Digest root = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
  return root;
}

Digest Frontier::root_with(std::span<const Digest> leaves) const {
  Frontier longer = *this;
  for (const Digest& leaf : leaves) longer.append(leaf);
  return longer.root();
}

Bytes Frontier::encode() const {
  Bytes out;
  append_be(out, size_, kSizeBytes);
  for (const Digest& hash : hashes_) detente::append(out, ByteView(hash));
  return out;
}

Result<Frontier> Frontier::decode(ByteView bytes) {
  if (bytes.size() < kSizeBytes || (bytes.size() - kSizeBytes) % sizeof(Digest) != 0)
    return fail(Fault::kMalformed, "frontier: not a size and whole hashes");
  const std::uint64_t size = read_be(bytes.first(kSizeBytes));
  std::vector<Digest> hashes;
  for (ByteView rest = bytes.subspan(kSizeBytes); !rest.empty();
       rest = rest.subspan(sizeof(Digest)))
    hashes.push_back(*to_array<sizeof(Digest)>(rest.first(sizeof(Digest))));
  return from(size, std::move(hashes));
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index;     // position of the running hash in its level
  std::uint64_t last = size - 1;  // position of that level's last node
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;  // at the root already
    if (is_odd(node) || node == last) {
      hash = node_hash(sibling, hash);
      // On the right edge a node without a right sibling moves up as it is.
      while (!is_odd(node) && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t size1, const Digest& root1, std::uint64_t size2,
                        const Digest& root2, std::span<const Digest> proof) {
  return size1 != 0 && verify_subtree_consistency(0, size1, root1, size2, root2, proof);
}

bool verify_subtree_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t start,
                              std::uint64_t end, std::span<const Digest> proof,
                              const Digest& root) {
  return is_subtree(start, end) && index >= start &&
         verify_inclusion(leaf, index - start, end - start, proof, root);
}

bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end, const Digest& subtree_root,
                                std::uint64_t size, const Digest& root,
                                std::span<const Digest> proof) {
  if (end > size || !is_subtree(start, end)) return false;
  if (start == end) return proof.empty() && subtree_root == empty_root();
  // Up to the largest node that ends where the subtree ends: the first that both trees share.
  Edges edges{start, end - 1, size - 1};
  while (edges.first != edges.end && (edges.end == edges.last || is_odd(edges.end))) edges.up();
  Digest subtree = subtree_root;
  if (edges.first != edges.end) {  // the subtree is no node itself: the proof begins with one
    if (proof.empty()) return false;
    subtree = proof.front();
    proof = proof.subspan(1);
  }
  Digest whole = subtree;
  for (const Digest& sibling : proof) {
    if (edges.last == 0) return false;
    if (is_odd(edges.end) || edges.end == edges.last) {
      if (edges.first < edges.end) subtree = node_hash(sibling, subtree);
      whole = node_hash(sibling, whole);
      while (!is_odd(edges.end) && edges.end != 0) edges.up();
    } else {
      whole = node_hash(whole, sibling);
    }
    edges.up();
  }
  return edges.last == 0 && subtree == subtree_root && whole == root;
}

}  // namespace detente::record
