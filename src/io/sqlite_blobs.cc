// Documents in the database: what the reader is asked, and what the writer puts.
#include "io/sqlite_reader.h"
#include "io/sqlite_schema.h"
#include "io/sqlite_writer.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kBlobsFrom =
    "SELECT own, root, length, line, precedence, state, since FROM blobs "
    "WHERE lineage = ? AND counterpart = ? AND (own, root) >= (?, ?) ORDER BY own, root";
constexpr const char* kBlob =
    "SELECT id, length, line, precedence, state, since FROM blobs "
    "WHERE lineage = ? AND counterpart = ? AND own = ? AND root = ?";
constexpr const char* kPiece =
    "SELECT leaf, bytes FROM pieces WHERE key = ((SELECT id FROM blobs "
    "WHERE lineage = ? AND counterpart = ? AND own = ? AND root = ?) << 31) | ?";
static_assert(kPieceBits == 31);
constexpr const char* kLeavesOfBlob =
    "SELECT key, leaf FROM pieces WHERE key BETWEEN ? AND ? ORDER BY key";
constexpr const char* kPutBlob =
    "INSERT INTO blobs(lineage, counterpart, own, root, length, line, precedence, state, since) "
    "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET line = excluded.line, "
    "precedence = excluded.precedence, state = excluded.state, since = excluded.since";
constexpr const char* kPutPiece = "INSERT OR REPLACE INTO pieces VALUES(?, ?, ?)";
constexpr const char* kDropPieces = "DELETE FROM pieces WHERE key BETWEEN ? AND ?";
constexpr const char* kDropBlob = "DELETE FROM blobs WHERE id = ?";

std::uint64_t piece_key(std::uint64_t blob, std::uint64_t piece) { return (blob << kPieceBits) | piece; }

// Columns from `first` on: length, line, precedence, state, since.
Result<StoredBlob> read_blob(Query& row, int first) {
  StoredBlob out;
  out.length = row.integer(first);
  out.line = LineId{static_cast<std::uint16_t>(row.integer(first + 1))};
  const std::uint64_t precedence = row.integer(first + 2);
  const std::uint64_t state = row.integer(first + 3);
  if (precedence > static_cast<std::uint64_t>(Precedence::kFlash) ||
      state > static_cast<std::uint64_t>(BlobState::kRefused) || out.length > kBlobBytesMax)
    return tl::unexpected<Error>(row.damage("a document's row is not what was written"));
  out.precedence = static_cast<Precedence>(precedence);
  out.state = static_cast<BlobState>(state);
  out.since = {static_cast<std::uint32_t>(row.integer(first + 4))};
  return out;
}

}  // namespace

Result<std::vector<std::pair<BlobKey, StoredBlob>>> SqliteReader::blobs_from(const BlobKey& first, std::size_t limit) {
  std::vector<std::pair<BlobKey, StoredBlob>> out;
  Query query = db_.query(kBlobsFrom);
  query.with(first.lineage, first.counterpart, first.own, first.root);
  while (out.size() < limit) {
    DETENTE_TRY(more, query.row());
    if (!more) break;
    BlobKey key{first.lineage, first.counterpart, query.integer(0) != 0, query.array<32>(1)};
    DETENTE_TRY(blob, read_blob(query, 2));
    out.emplace_back(std::move(key), blob);
  }
  return out;
}

Result<std::optional<SqliteReader::FoundBlob>> SqliteReader::blob(const BlobKey& key) {
  Query query = db_.query(kBlob);
  DETENTE_TRY(found, query.with(key.lineage, key.counterpart, key.own, key.root).row());
  if (!found) return std::nullopt;
  const std::uint64_t id = query.integer(0);
  DETENTE_TRY(blob, read_blob(query, 1));
  return FoundBlob{id, blob};
}

Result<std::optional<Bytes>> SqliteReader::piece(const BlobKey& key, std::uint64_t piece) {
  if (piece >= kPiecesMax) return std::nullopt;  // its number would reach into the next document's
  Query query = db_.query(kPiece);
  DETENTE_TRY(there, query.with(key.lineage, key.counterpart, key.own, key.root, piece).row());
  if (!there) return std::nullopt;
  Bytes bytes = to_bytes(query.blob(1));
  if (leaf_hash(bytes) != query.array<32>(0))
    return tl::unexpected<Error>(
        query.damage("piece " + std::to_string(piece) + " of a document is not what was written"));
  return bytes;
}

Result<std::vector<std::pair<std::uint64_t, Digest>>> SqliteReader::piece_leaves(const BlobKey& key) {
  std::vector<std::pair<std::uint64_t, Digest>> out;
  DETENTE_TRY(found, blob(key));
  if (!found) return out;
  Query query = db_.query(kLeavesOfBlob);
  query.with(piece_key(found->id, 0), piece_key(found->id, kPiecesMax));
  for (;;) {
    DETENTE_TRY(more, query.row());
    if (!more) return out;
    out.emplace_back(query.integer(0) & kPiecesMax, query.array<32>(1));
    DETENTE_TRY_VOID(query.check());
  }
}

Result<std::optional<std::uint64_t>> SqliteWriter::blob_length(const BlobKey& key) {
  DETENTE_TRY(found, reader_.blob(key));
  if (!found) return std::nullopt;
  return found->blob.length;
}

Result<void> SqliteWriter::put(const PutBlob& write) {
  const StoredBlob& given = write.blob;
  DETENTE_TRY_VOID(db_.query(kPutBlob)
                       .with(write.key.lineage, write.key.counterpart, write.key.own, write.key.root,
                             given.length, given.line.value, static_cast<std::uint16_t>(given.precedence),
                             static_cast<std::uint16_t>(given.state), given.since.seconds)
                       .done());
  DETENTE_TRY(found, reader_.blob(write.key));
  if (found && found->id <= kBlobIdMax) return {};
  return fail(Fault::kLimit, "the database " + db_.path() + " holds as many documents as it can");
}

Result<void> SqliteWriter::put(const PutPiece& write) {
  DETENTE_TRY(found, reader_.blob(write.key));  // check_write saw it
  return db_.query(kPutPiece).with(piece_key(found->id, write.piece), write.leaf, write.bytes).done();
}

Result<void> SqliteWriter::put(const DropBlob& write) {
  DETENTE_TRY(found, reader_.blob(write.key));
  if (!found) return {};
  DETENTE_TRY_VOID(
      db_.query(kDropPieces).with(piece_key(found->id, 0), piece_key(found->id, kPiecesMax)).done());
  return db_.query(kDropBlob).with(found->id).done();
}

}  // namespace detente::io
