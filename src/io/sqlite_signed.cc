#include "io/sqlite_signed.h"

#include "io/sqlite_reader.h"
#include "io/sqlite_schema.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kCheckpoints = "SELECT key, root, signature FROM checkpoints WHERE key BETWEEN ? AND ? ORDER BY key";
constexpr const char* kReceipts = "SELECT key, root, signature, time FROM cosignatures WHERE key BETWEEN ? AND ? ORDER BY key";
constexpr const char* kCount = "SELECT (SELECT count(*) FROM checkpoints) + (SELECT count(*) FROM cosignatures)";

}  // namespace

Result<SignedReader> SignedReader::open(const std::string& path) {
  DETENTE_TRY(db, Connection::open(path, Connection::Mode::kRead));
  return SignedReader(std::move(db));
}

Result<void> SignedReader::read(const LogKey& log, const OnSigned& on) {
  DETENTE_TRY(id, SqliteReader(db_).find(log));
  if (!id) return {};
  for (const bool receipts : {false, true}) {
    Query query = db_.query(receipts ? kReceipts : kCheckpoints);
    query.with(first_key(*id), last_key(*id));
    for (;;) {
      DETENTE_TRY(more, query.row());
      if (!more) break;
      const std::uint64_t size = query.integer(0) & kIndexMax;
      const Digest root = query.array<32>(1);
      std::optional<crypto::Signature> signature;
      if (!query.is_null(2)) signature = query.array<crypto::kSignatureSize>(2);
      DETENTE_TRY_VOID(query.check());
      if (receipts) {
        DETENTE_TRY_VOID(on.receipt({size, root, {static_cast<std::uint32_t>(query.integer(3))}, signature}));
      } else {
        DETENTE_TRY_VOID(on.checkpoint({size, root, signature}));
      }
    }
  }
  return {};
}

Result<std::uint64_t> SignedReader::count() {
  Query query = db_.query(kCount);
  DETENTE_TRY(counted, query.row());
  return counted ? query.integer(0) : 0;
}

}  // namespace detente::io
