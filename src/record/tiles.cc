#include "record/tiles.h"

#include <algorithm>
#include <bit>
#include <map>

namespace detente::record {
namespace {

constexpr int kLevelBits = 8;  // log2 of kTileWidth
constexpr std::uint64_t kInTile = kTileWidth - 1;

Digest digest_at(ByteView tile, std::size_t entry) {
  return *to_array<sizeof(Digest)>(tile.subspan(entry * sizeof(Digest), sizeof(Digest)));
}

// The root of 2^r hashes, r >= 0.
Digest perfect_root(ByteView hashes) {
  std::vector<Digest> row;
  for (std::size_t i = 0; i < hashes.size() / sizeof(Digest); ++i)
    row.push_back(digest_at(hashes, i));
  for (; row.size() > 1; row.resize(row.size() / 2))
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
  return row.front();
}

bool well_formed(const Bytes& tile) {
  return tile.size() % sizeof(Digest) == 0 && tile.size() <= kTileBytesMax;
}

// Nodes of the tree out of tiles; reads each tile once. Lives for one proof.
class Nodes {
 public:
  explicit Nodes(const TileReader& reader) : reader_(reader) {}

  // The perfect subtree of 2^height leaves from leaf index << height on.
  std::optional<Digest> perfect(int height, std::uint64_t index) {
    const int above = height % kLevelBits;  // how far above a stored level
    const std::uint64_t first = index << above;
    const Bytes* tile = read({static_cast<std::uint8_t>(height / kLevelBits), first >> kLevelBits});
    const std::size_t from = static_cast<std::size_t>(first & kInTile) * sizeof(Digest);
    const std::size_t size = sizeof(Digest) << above;
    if (!tile || from + size > tile->size()) return std::nullopt;
    return perfect_root(ByteView(*tile).subspan(from, size));
  }

  // The roots of the perfect subtrees that leaves [from, to) are the sum of, largest first. `from`
  // is a multiple of the largest of them.
  std::optional<std::vector<Digest>> edge(std::uint64_t from, std::uint64_t to) {
    std::vector<Digest> out;
    while (from < to) {
      const int height = static_cast<int>(std::bit_width(to - from)) - 1;
      const auto hash = perfect(height, from >> height);
      if (!hash) return std::nullopt;
      out.push_back(*hash);
      from += std::uint64_t{1} << height;
    }
    return out;
  }

  std::optional<Digest> range(std::uint64_t from, std::uint64_t to) {
    auto hashes = edge(from, to);
    if (!hashes) return std::nullopt;
    return Frontier::from(to - from, std::move(*hashes))->root();
  }

 private:
  const Bytes* read(TileId id) {
    auto found = tiles_.find(id);
    if (found == tiles_.end()) {
      std::optional<Bytes> tile = reader_.tile(id);
      if (tile && !well_formed(*tile)) tile.reset();
      found = tiles_.emplace(id, std::move(tile)).first;
    }
    return found->second ? &*found->second : nullptr;
  }

  const TileReader& reader_;
  std::map<TileId, std::optional<Bytes>> tiles_;
};

// Where a tree of n >= 2 leaves splits.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

// What a level's last, growing tile holds of a tree that has `count` entries there.
Result<Bytes> partial_tile(const TileReader& reader, std::uint8_t level, std::uint64_t count) {
  const std::size_t need = static_cast<std::size_t>(count & kInTile) * sizeof(Digest);
  if (need == 0) return Bytes();
  std::optional<Bytes> tile = reader.tile({level, count >> kLevelBits});
  if (!tile || !well_formed(*tile) || tile->size() < need)
    return fail(Fault::kState, "the stored tree lacks " +
                                   tile_path({level, count >> kLevelBits}, count & kInTile) +
                                   "; restore it from the entries");
  tile->resize(need);
  return std::move(*tile);
}

// Appends `hashes` at one level; puts the changed tiles into `out` and gives what the full ones
// among them add to the level above.
Result<std::vector<Digest>> extend_level(const TileReader& reader, std::uint8_t level,
                                         std::uint64_t count, std::span<const Digest> hashes,
                                         std::vector<Tile>& out) {
  DETENTE_TRY(tile, partial_tile(reader, level, count));
  std::vector<Digest> above;
  while (!hashes.empty()) {
    const std::size_t room = kTileWidth - static_cast<std::size_t>(count & kInTile);
    const std::size_t take = std::min(room, hashes.size());
    for (const Digest& hash : hashes.first(take)) append(tile, ByteView(hash));
    if (take == room) above.push_back(perfect_root(tile));
    out.push_back({{level, count >> kLevelBits}, std::move(tile)});
    tile = Bytes();
    count += take;
    hashes = hashes.subspan(take);
  }
  return above;
}

}  // namespace

Result<std::vector<Tile>> extend_tiles(const TileReader& reader, std::uint64_t size,
                                       std::span<const Digest> leaves) {
  if (leaves.size() > ~size) return fail(Fault::kLimit, "more leaves than a tree can count");
  std::vector<Tile> out;
  std::vector<Digest> row(leaves.begin(), leaves.end());
  for (std::uint8_t level = 0; !row.empty(); ++level) {
    DETENTE_TRY(above, extend_level(reader, level, size, row, out));
    row = std::move(above);
    size >>= kLevelBits;
  }
  return out;
}

std::optional<Frontier> frontier_at(const TileReader& reader, std::uint64_t size) {
  auto hashes = Nodes(reader).edge(0, size);
  if (!hashes) return std::nullopt;
  return *Frontier::from(size, std::move(*hashes));
}

std::optional<Digest> root_at(const TileReader& reader, std::uint64_t size) {
  const auto frontier = frontier_at(reader, size);
  if (!frontier) return std::nullopt;
  return frontier->root();
}

std::optional<Digest> leaf_at(const TileReader& reader, std::uint64_t index) {
  return Nodes(reader).perfect(0, index);
}

std::optional<Proof> inclusion_proof(const TileReader& reader, std::uint64_t index,
                                     std::uint64_t size) {
  if (index >= size) return std::nullopt;
  Nodes nodes(reader);
  Proof proof;
  std::uint64_t from = 0;
  std::uint64_t to = size;
  while (to - from > 1) {
    const std::uint64_t middle = from + split(to - from);
    const bool left = index < middle;
    const auto sibling = left ? nodes.range(middle, to) : nodes.range(from, middle);
    if (!sibling) return std::nullopt;
    proof.push_back(*sibling);
    (left ? to : from) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::optional<Proof> consistency_proof(const TileReader& reader, std::uint64_t size1,
                                       std::uint64_t size2) {
  if (size1 == 0 || size1 > size2) return std::nullopt;
  Nodes nodes(reader);
  Proof proof;
  std::uint64_t from = 0;
  std::uint64_t to = size2;
  while (size1 != to) {
    const std::uint64_t middle = from + split(to - from);
    const bool left = size1 <= middle;
    const auto sibling = left ? nodes.range(middle, to) : nodes.range(from, middle);
    if (!sibling) return std::nullopt;
    proof.push_back(*sibling);
    (left ? to : from) = middle;
  }
  // The verifier has the old root, but not the last part of an old tree that is no single node.
  if (from != 0) {
    const auto rest = nodes.range(from, to);
    if (!rest) return std::nullopt;
    proof.push_back(*rest);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::string tile_path(TileId id, std::size_t width) {
  const auto group = [](std::uint64_t n) {
    const std::string digits = std::to_string(n % 1000);
    return std::string(3 - digits.size(), '0') + digits;
  };
  std::string path = group(id.index);
  for (std::uint64_t rest = id.index / 1000; rest != 0; rest /= 1000)
    path = "x" + group(rest) + "/" + path;
  path = "tile/" + std::to_string(id.level) + "/" + path;
  if (width < kTileWidth) path += ".p/" + std::to_string(width);
  return path;
}

}  // namespace detente::record
