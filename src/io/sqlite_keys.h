// Whether what the database holds is found under its keys. A row whose key rotted is asked for by
// nobody: an answer lacks it, and nothing says so.
//
// What a line's keys are known by is its claim: no row was ever written without one (store_rules.h), and
// it outlives the accord that had the line.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "io/sqlite.h"
#include "record/store.h"

namespace detente::io {

// Of the queue, and no line will ever send it.
struct AstrayItem {
  record::LineKey line;  // as its row says now
  record::OutboxItem item;
  bool of_no_line = true;  // else the line was once had here, and it is not what was written for it
};
// `read`: the lines whose queues are read, and looked at, by themselves. What is whole and waits on a line that was left
// is not astray.
Result<std::vector<AstrayItem>> astray_items(Connection& db, const std::set<record::LineKey>& read);

// Logs and documents: every row is found by its key, and of a line that was had here. kIo says what is not. `version`: of the
// schema.
Result<void> check_owners(Connection& db, std::int64_t version);
// Rows that are numbered by a log or a document: that one is there. Reads through every table but that of the entries.
Result<void> check_orphans(Connection& db);

}  // namespace detente::io
