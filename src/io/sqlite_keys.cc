#include "io/sqlite_keys.h"

#include "core/outbox.h"
#include "io/sqlite_schema.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kWaiting =
    "SELECT lineage, line, id, item, EXISTS(SELECT 1 FROM claims AS c WHERE c.lineage = o.lineage AND c.line = o.line) "
    "FROM outbox AS o";

struct Question {
  const char* sql;  // a row: what it says is so
  const char* found;
};

// The rows and the index over them hold the key each: a flip in either parts them.
constexpr Question kOwners[] = {
    {"SELECT 1 FROM logs AS l NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM logs AS i INDEXED BY sqlite_autoindex_logs_1 "
     "WHERE i.lineage = l.lineage AND i.line = l.line AND i.own = l.own AND i.station = l.station AND i.epoch = l.epoch "
     "AND i.id = l.id) LIMIT 1",
     "a log is not found by its name"},
    {"SELECT 1 FROM logs AS l WHERE NOT EXISTS (SELECT 1 FROM claims AS c WHERE c.lineage = l.lineage AND c.line = l.line) LIMIT 1",
     "a log belongs to no line that this station had"},
    {"SELECT 1 FROM blobs AS b NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM blobs AS i INDEXED BY sqlite_autoindex_blobs_1 "
     "WHERE i.lineage = b.lineage AND i.counterpart = b.counterpart AND i.own = b.own AND i.root = b.root AND i.id = b.id) LIMIT 1",
     "a document is not found by its name"},
    {"SELECT 1 FROM blobs AS b WHERE NOT EXISTS (SELECT 1 FROM claims AS c WHERE c.lineage = b.lineage) LIMIT 1",
     "a document belongs to no accord that this station had"},
};

// From kEpochIndexSince on.
constexpr Question kEpochs[] = {
    {"SELECT 1 FROM logs AS l NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM logs AS i INDEXED BY logs_of_epoch "
     "WHERE i.lineage = l.lineage AND i.line = l.line AND i.own = l.own AND i.epoch = l.epoch AND i.id = l.id) LIMIT 1",
     "a log is not found by its epoch"},
};

constexpr Question kOrphans[] = {
    {"SELECT 1 FROM early_entries WHERE log NOT IN (SELECT id FROM logs) LIMIT 1", "entries that belong to no log"},
    {"SELECT 1 FROM tiles WHERE log NOT IN (SELECT id FROM logs) LIMIT 1", "parts of a tree that belong to no log"},
    {"SELECT 1 FROM checkpoints WHERE log NOT IN (SELECT id FROM logs) LIMIT 1", "checkpoints that belong to no log"},
    {"SELECT 1 FROM cosignatures WHERE log NOT IN (SELECT id FROM logs) LIMIT 1", "receipts that belong to no log"},
    {"SELECT 1 FROM evidence WHERE log NOT IN (SELECT id FROM logs) LIMIT 1", "evidence that belongs to no log"},
    {"SELECT 1 FROM pieces WHERE blob NOT IN (SELECT id FROM blobs) LIMIT 1", "pieces that belong to no document"},
};

Result<void> ask_each(Connection& db, std::span<const Question> questions) {
  for (const Question& question : questions) {
    Query query = db.query(question.sql);
    DETENTE_TRY(found, query.row());
    if (found) return tl::unexpected<Error>(query.damage(question.found));
  }
  return {};
}

}  // namespace

Result<std::vector<AstrayItem>> astray_items(Connection& db, const std::set<LineKey>& read) {
  std::vector<AstrayItem> out;
  Query query = db.query(kWaiting);
  for (;;) {
    DETENTE_TRY(more, query.row());
    if (!more) return out;
    const LineKey line{query.array<32>(0), LineId{static_cast<std::uint16_t>(query.integer(1))}};
    DETENTE_TRY_VOID(query.check());
    const bool fits = line.line.value == query.integer(1);  // wider than any line's number, else
    if (fits && read.count(line) > 0) continue;
    const bool had = fits && query.integer(4) != 0;
    if (had) {
      const auto item = core::decode_outbox_item(query.blob(3));
      if (item && item->entry.header.line == line.line) continue;
    }
    out.push_back({line, {query.integer(2), to_bytes(query.blob(3))}, !had});
  }
}

Result<void> check_owners(Connection& db, std::int64_t version) {
  DETENTE_TRY_VOID(ask_each(db, kOwners));
  return version < kEpochIndexSince ? Result<void>() : ask_each(db, kEpochs);
}
Result<void> check_orphans(Connection& db) { return ask_each(db, kOrphans); }

}  // namespace detente::io
