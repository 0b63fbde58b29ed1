// The digests of small rows: the state of a link, evidence, values. Nothing else is checked by what it says, as an entry
// is by its leaf and a signature by its key.
//
// A row that a database of an earlier version had carries none until it is written again.
#pragma once

#include "io/sqlite.h"
#include "record/store.h"

namespace detente::io {

// From initiator_reserved on, in the order of the table.
record::LinkState read_link_state(const Query& row, int first);

Digest link_state_digest(const Digest& lineage, const std::string& counterpart, const record::LinkState& state);
Digest value_digest(const std::string& key, ByteView value);
// Of the log with that number in this database.
Digest evidence_digest(std::uint64_t log, const std::string& what, ByteView bytes, WallTime at);

// Compares with what stands in that column of the row. kIo, and the connection's doubt: `what` is not what was written.
Result<void> check_digest(Query& row, int column, const Digest& expected, const std::string& what);

// Every such row, with its key. kIo says which is not what was written.
Result<void> check_rows(Connection& db);

}  // namespace detente::io
