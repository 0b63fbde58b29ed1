#include "record/tiles.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

#include "../../tests/support/vectors.h"
#include "base/random.h"
#include "record/merkle_oracle_test.h"

namespace detente::record {
namespace {

// Tiles in memory; remembers what was read.
class MemoryTiles final : public TileReader {
 public:
  std::optional<Bytes> tile(TileId id) const override {
    ++reads_;
    levels_[id.level].insert(id.index);
    const auto found = tiles_.find(id);
    return found == tiles_.end() ? std::nullopt : std::optional(found->second);
  }
  void append(std::span<const Digest> leaves) {
    reset();
    auto changed = extend_tiles(*this, size_, leaves);
    ASSERT_TRUE(changed) << changed.error().message;
    for (Tile& tile : *changed) tiles_[tile.id] = std::move(tile.bytes);
    size_ += leaves.size();
  }
  void reset() const {
    reads_ = 0;
    levels_.clear();
  }
  std::size_t reads() const { return reads_; }
  std::size_t most_reads_of_a_level() const {
    std::size_t most = 0;
    for (const auto& [level, indices] : levels_) most = std::max(most, indices.size());
    return most;
  }
  std::map<TileId, Bytes>& tiles() { return tiles_; }
  std::uint64_t size() const { return size_; }

 private:
  std::map<TileId, Bytes> tiles_;
  std::uint64_t size_ = 0;
  mutable std::size_t reads_ = 0;
  mutable std::map<int, std::set<std::uint64_t>> levels_;
};

// The roots of every beginning of `leaves`.
std::vector<Digest> roots_of(std::span<const Digest> leaves) {
  Frontier frontier;
  std::vector<Digest> roots = {frontier.root()};
  for (const Digest& leaf : leaves) {
    frontier.append(leaf);
    roots.push_back(frontier.root());
  }
  return roots;
}

TEST(Tiles, EverySizeToSixHundredAgreesWithTheOracle) {
  const auto leaves = oracle::leaves(600);
  const auto roots = roots_of(leaves);
  MemoryTiles tiles;
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    tiles.append(std::span(&leaves[n - 1], 1));
    ASSERT_LE(tiles.reads(), 2u);
    ASSERT_EQ(root_at(tiles, n), roots[n]) << n;
    ASSERT_EQ(leaf_at(tiles, n - 1), leaves[n - 1]);
    ASSERT_FALSE(root_at(tiles, n + 1)) << n;
  }
  // Out of the tiles of the largest tree, every smaller one and every proof.
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    ASSERT_EQ(root_at(tiles, n), roots[n]);
    const bool whole = n < 20 || n % 97 == 0 || (n > 250 && n < 260) || n > 598;
    for (std::size_t index = 0; index < n; index += whole ? 1 : 53) {
      const auto proof = inclusion_proof(tiles, index, n);
      ASSERT_TRUE(proof);
      ASSERT_TRUE(verify_inclusion(leaves[index], index, n, *proof, roots[n])) << index << " " << n;
      const auto consistency = consistency_proof(tiles, index + 1, n);
      ASSERT_TRUE(consistency);
      ASSERT_TRUE(verify_consistency(index + 1, roots[index + 1], n, roots[n], *consistency));
    }
  }
}

TEST(Tiles, ProofsAreExactlyTheOracles) {
  const auto leaves = oracle::leaves(600);
  MemoryTiles tiles;
  tiles.append(leaves);
  const std::span<const Digest> all(leaves);
  for (const std::size_t n : {1, 2, 3, 7, 8, 64, 255, 256, 257, 300, 511, 512, 513, 600})
    for (std::size_t index = 0; index < n; index += n < 70 ? 1 : 31) {
      ASSERT_EQ(inclusion_proof(tiles, index, n), oracle::inclusion(index, all.first(n)));
      ASSERT_EQ(consistency_proof(tiles, index + 1, n),
                oracle::consistency(index + 1, all.first(n)));
    }
  for (const auto& [index, n] : {std::pair<std::uint64_t, std::uint64_t>{0, 0}, {5, 5}, {6, 5}})
    EXPECT_FALSE(inclusion_proof(tiles, index, n));
  EXPECT_FALSE(consistency_proof(tiles, 0, 5));
  EXPECT_FALSE(consistency_proof(tiles, 6, 5));
  EXPECT_FALSE(inclusion_proof(tiles, 3, 601));
}

TEST(Tiles, AnyCutIntoAppendsGivesTheSameTiles) {
  const auto leaves = oracle::leaves(1500);
  MemoryTiles whole;
  whole.append(leaves);
  ASSERT_TRUE(rc::check([&] {
    MemoryTiles parts;
    while (parts.size() < leaves.size()) {
      const auto rest = std::span(leaves).subspan(parts.size());
      parts.append(rest.first(std::min<std::size_t>(rest.size(), *rc::gen::inRange(1, 700))));
    }
    RC_ASSERT(parts.tiles() == whole.tiles());
  }));
}

TEST(Tiles, WhatWasNeverCommittedIsDropped) {
  const auto leaves = oracle::leaves(300);
  MemoryTiles torn;
  torn.append(std::span(leaves).first(120));
  const auto longer = extend_tiles(torn, 120, oracle::leaves(50));
  ASSERT_TRUE(longer);
  for (const Tile& tile : *longer) torn.tiles()[tile.id] = tile.bytes;
  torn.append(std::span(leaves).subspan(120));  // size is 120 still
  MemoryTiles clean;
  clean.append(leaves);
  EXPECT_EQ(torn.tiles(), clean.tiles());
}

TEST(Tiles, AMissingOrMalformedTileGivesNothing) {
  const auto leaves = oracle::leaves(700);
  for (const TileId gone : {TileId{0, 2}, TileId{1, 0}}) {
    for (const std::size_t size : {0, 31, 33, 8192 + 32}) {
      MemoryTiles tiles;
      tiles.append(leaves);
      tiles.tiles()[gone].resize(size);
      EXPECT_FALSE(root_at(tiles, 700));
      EXPECT_FALSE(inclusion_proof(tiles, 650, 700));
      EXPECT_FALSE(consistency_proof(tiles, 600, 700));
      const auto extended = extend_tiles(tiles, 700, std::span(leaves).first(100));
      ASSERT_FALSE(extended);
      EXPECT_EQ(extended.error().fault, Fault::kState);
    }
  }
}

TEST(Tiles, TwoHundredThousandLeavesReadAFewTilesALevel) {
  const std::size_t count = 200'000;
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < count; ++i) {
    Bytes bytes;
    append_be(bytes, i, 8);
    leaves.push_back(leaf_hash(bytes));
  }
  const auto roots = roots_of(leaves);
  MemoryTiles tiles;
  for (std::size_t at = 0; at < count; at += 10'000) {
    tiles.append(std::span(leaves).subspan(at, 10'000));
    ASSERT_LE(tiles.reads(), 3u);
  }
  SeededRandom random(7);
  for (int round = 0; round < 500; ++round) {
    const std::uint64_t size = 1 + random.below(count);
    const std::uint64_t index = random.below(size);
    tiles.reset();
    const auto inclusion = inclusion_proof(tiles, index, size);
    ASSERT_LE(tiles.reads(), 6u);
    ASSERT_LE(tiles.most_reads_of_a_level(), 2u);
    ASSERT_TRUE(inclusion && verify_inclusion(leaves[index], index, size, *inclusion, roots[size]));
    tiles.reset();
    const auto consistency = consistency_proof(tiles, index + 1, size);
    ASSERT_LE(tiles.reads(), 6u);
    ASSERT_LE(tiles.most_reads_of_a_level(), 2u);
    ASSERT_TRUE(consistency &&
                verify_consistency(index + 1, roots[index + 1], size, roots[size], *consistency));
    tiles.reset();
    ASSERT_EQ(root_at(tiles, size), roots[size]);
    ASSERT_LE(tiles.reads(), 3u);
  }
}

// A tree whose leaves are all equal: any tile of any size is known without storing one.
class EqualLeaves final : public TileReader {
 public:
  explicit EqualLeaves(std::uint64_t size) : size_(size) {}
  std::optional<Bytes> tile(TileId id) const override {
    ++reads;
    const std::uint64_t entries = size_ >> (8 * id.level);
    const std::uint64_t first = id.index * kTileWidth;
    if (first >= entries) return std::nullopt;
    Bytes out;
    const std::uint64_t width = std::min<std::uint64_t>(entries - first, kTileWidth);
    for (std::uint64_t i = 0; i < width; ++i) append(out, ByteView(node(8 * id.level)));
    return out;
  }
  static Digest leaf() { return leaf_hash(as_bytes("the same")); }
  static Digest node(int height) {
    Digest hash = leaf();
    for (int i = 0; i < height; ++i) hash = node_hash(hash, hash);
    return hash;
  }
  static Digest root(std::uint64_t size) {
    std::vector<Digest> hashes;
    for (int bit = 63; bit >= 0; --bit)
      if (((size >> bit) & 1) != 0) hashes.push_back(node(bit));
    return Frontier::from(size, hashes)->root();
  }
  mutable std::size_t reads = 0;

 private:
  std::uint64_t size_;
};

void check_reads(std::uint64_t size, std::size_t levels, SeededRandom& random) {
  const EqualLeaves tiles(size);
  const Digest root = EqualLeaves::root(size);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t index = random.below(size);
    tiles.reads = 0;
    const auto inclusion = inclusion_proof(tiles, index, size);
    EXPECT_LE(tiles.reads, 2 * levels);
    ASSERT_TRUE(inclusion);
    EXPECT_TRUE(verify_inclusion(EqualLeaves::leaf(), index, size, *inclusion, root));
    tiles.reads = 0;
    const auto consistency = consistency_proof(tiles, index + 1, size);
    EXPECT_LE(tiles.reads, 2 * levels);
    ASSERT_TRUE(consistency);
    EXPECT_TRUE(
        verify_consistency(index + 1, EqualLeaves::root(index + 1), size, root, *consistency));
  }
  tiles.reads = 0;
  EXPECT_EQ(root_at(tiles, size), root);
  EXPECT_LE(tiles.reads, levels);
  tiles.reads = 0;
  EXPECT_TRUE(extend_tiles(tiles, size, std::vector<Digest>{EqualLeaves::leaf()}));
  EXPECT_LE(tiles.reads, levels);
}

TEST(Tiles, TenMillionLeavesReadSixTilesAtMost) {
  SeededRandom random(11);
  check_reads(10'000'000, 3, random);
  check_reads(9'999'999, 3, random);
  check_reads(1 << 24, 4, random);
}

TEST(Tiles, TheLargestSizesWork) {
  SeededRandom random(12);
  check_reads(std::uint64_t{1} << 63, 8, random);
  check_reads((std::uint64_t{1} << 63) + 12345, 8, random);
  EXPECT_EQ(root_at(EqualLeaves(~std::uint64_t{0}), ~std::uint64_t{0}),
            EqualLeaves::root(~std::uint64_t{0}));
  const std::vector<Digest> two(2);
  EXPECT_FALSE(extend_tiles(EqualLeaves(~std::uint64_t{0}), ~std::uint64_t{0} - 1, two));
}

TEST(Tiles, Paths) {
  EXPECT_EQ(tile_path({0, 0}, 256), "tile/0/000");
  EXPECT_EQ(tile_path({0, 0}, 15), "tile/0/000.p/15");
  EXPECT_EQ(tile_path({1, 999}, 256), "tile/1/999");
  EXPECT_EQ(tile_path({1, 1000}, 256), "tile/1/x001/000");
  EXPECT_EQ(tile_path({7, 1234067}, 1), "tile/7/x001/x234/067.p/1");
}

// A published log: every one of its tiles and roots, built again here.
TEST(TilesVectors, PublishedLog) {
  support::CaseCount count("tlog/tessera_testdata_log.json");
  const auto log = support::read_vector_json("tlog/tessera_testdata_log.json");
  std::vector<Digest> leaves;
  for (const auto& text : log.at("leaves_utf8")) {
    const auto utf8 = text.get<std::string>();
    leaves.push_back(leaf_hash(as_bytes(utf8)));
    EXPECT_EQ(to_base64(leaves.back()), log.at("leaf_hashes_b64").at(leaves.size() - 1));
  }
  MemoryTiles tiles;
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    if (n > 0) tiles.append(std::span(&leaves[n - 1], 1));
    const auto root = root_at(tiles, n);
    ASSERT_TRUE(root);
    EXPECT_EQ(to_base64(*root), log.at("roots_b64").at(std::to_string(n))) << n;
    for (const auto& [id, bytes] : tiles.tiles())
      EXPECT_EQ(as_string(bytes), support::read_vector_file("tlog/tessera_testdata_log/" +
                                                         tile_path(id, bytes.size() / 32)));
    count.add();
  }
}

}  // namespace
}  // namespace detente::record
