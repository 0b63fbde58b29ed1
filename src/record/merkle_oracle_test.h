// The tree of RFC 6962 section 2.1, word for word and slow: what the fast code
// is held against. For tests alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "record/merkle.h"

namespace detente::record::oracle {

inline std::vector<Digest> leaves(std::size_t count) {
  std::vector<Digest> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(leaf_hash(as_bytes("leaf " + std::to_string(i))));
  return out;
}

inline std::size_t split(std::size_t n) {
  std::size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

inline Digest root(std::span<const Digest> tree) {
  if (tree.empty()) return empty_root();
  if (tree.size() == 1) return tree[0];
  const std::size_t k = split(tree.size());
  return node_hash(root(tree.first(k)), root(tree.subspan(k)));
}

inline Proof inclusion(std::size_t m, std::span<const Digest> tree) {
  if (tree.size() <= 1) return {};
  const std::size_t k = split(tree.size());
  Proof proof = m < k ? inclusion(m, tree.first(k)) : inclusion(m - k, tree.subspan(k));
  proof.push_back(root(m < k ? tree.subspan(k) : tree.first(k)));
  return proof;
}

inline Proof subproof(std::size_t m, std::span<const Digest> tree, bool whole) {
  if (m == tree.size()) return whole ? Proof{} : Proof{root(tree)};
  const std::size_t k = split(tree.size());
  Proof proof =
      m <= k ? subproof(m, tree.first(k), whole) : subproof(m - k, tree.subspan(k), false);
  proof.push_back(root(m <= k ? tree.subspan(k) : tree.first(k)));
  return proof;
}

inline Proof consistency(std::size_t m, std::span<const Digest> tree) {
  return subproof(m, tree, true);
}

}  // namespace detente::record::oracle
