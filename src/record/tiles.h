// The tree as it is stored: tiles of C2SP tlog-tiles, and proofs out of them.
//
// Why tiles and not nodes: a node a row would be two writes and a read for each
// entry and level; a tile holds 256 hashes of one level, everything between two
// stored levels is hashed again when it is asked for (at most 255 hashes).
//
// Entry i of tile n at level l is the root of the 256^l leaves from
// (256 n + i) 256^l on. Only complete subtrees are entries, so an entry never
// changes once it is there; a tile only grows. A proof out of n leaves reads at
// most two tiles a level: six among ten million.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "record/merkle.h"

namespace detente::record {

inline constexpr std::size_t kTileWidth = 256;
inline constexpr std::size_t kTileBytesMax = kTileWidth * sizeof(Digest);

struct TileId {
  std::uint8_t level = 0;  // 0 holds leaf hashes; 64-bit sizes need no level above 7
  std::uint64_t index = 0;
  auto operator<=>(const TileId&) const = default;
};

struct Tile {
  TileId id;
  Bytes bytes;  // 1 to 256 hashes
  bool operator==(const Tile&) const = default;
};

class TileReader {
 public:
  virtual ~TileReader() = default;
  // The tile's hashes, 32 bytes each, as many as there are (at least those that the size in
  // question needs; more do no harm); nothing when there is no such tile.
  virtual std::optional<Bytes> tile(TileId id) const = 0;
};

// The tiles that change when `leaves` are appended to a tree of `size`, whole, in the order of
// (level, index). Reads at most one tile a level; what `reader` has beyond `size` is dropped, as
// after an append that was never committed. kState when a tile that must exist is missing.
Result<std::vector<Tile>> extend_tiles(const TileReader& reader, std::uint64_t size,
                                       std::span<const Digest> leaves);

// Each gives nothing when a tile is missing, too short or malformed (the store lost something, or
// has no tree of that size), or when the numbers make no proof (index >= size; size1 = 0 or above
// size2). What is in the tiles is believed: check the root that results.
std::optional<Frontier> frontier_at(const TileReader& reader, std::uint64_t size);
std::optional<Digest> root_at(const TileReader& reader, std::uint64_t size);
std::optional<Digest> leaf_at(const TileReader& reader, std::uint64_t index);
std::optional<Proof> inclusion_proof(const TileReader& reader, std::uint64_t index,
                                     std::uint64_t size);
std::optional<Proof> consistency_proof(const TileReader& reader, std::uint64_t size1,
                                       std::uint64_t size2);

// "tile/<level>/<index>" and, for a width below 256, ".p/<width>": the index in groups of three
// digits, all but the last after an x (1234067 is x001/x234/067).
std::string tile_path(TileId id, std::size_t width);

}  // namespace detente::record
