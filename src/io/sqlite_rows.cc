#include "io/sqlite_rows.h"

#include "crypto/hash.h"

namespace detente::io {

using namespace record;

namespace {

constexpr const char* kAllLinkStates =
    "SELECT lineage, counterpart, initiator_reserved, responder_last, psk_epoch, psk, psk_since, digest FROM link_states";
constexpr const char* kAllValues = "SELECT key, value, digest FROM settings";
constexpr const char* kAllEvidence = "SELECT log, what, bytes, at, digest FROM evidence";

// Each part with its length: two rows that differ give other bytes.
class RowHash {
 public:
  explicit RowHash(std::string_view table) { add(as_bytes(table)); }
  RowHash& add(ByteView part) {
    add(std::uint64_t{part.size()});
    hash_.add(part);
    return *this;
  }
  RowHash& add(std::uint64_t number) {
    Bytes bytes;
    append_be(bytes, number, 8);
    hash_.add(bytes);
    return *this;
  }
  Digest finish() { return hash_.finish(); }

 private:
  crypto::Sha256 hash_;
};

Result<void> check_link_states(Connection& db) {
  Query row = db.query(kAllLinkStates);
  for (;;) {
    DETENTE_TRY(more, row.row());
    if (!more) return {};
    const Digest expected = link_state_digest(row.array<32>(0), row.text(1), read_link_state(row, 2));
    DETENTE_TRY_VOID(check_digest(row, 7, expected, "the secret of a pair"));
  }
}

Result<void> check_values(Connection& db) {
  Query row = db.query(kAllValues);
  for (;;) {
    DETENTE_TRY(more, row.row());
    if (!more) return {};
    DETENTE_TRY_VOID(check_digest(row, 2, value_digest(row.text(0), row.blob(1)), "a value that the station keeps"));
  }
}

Result<void> check_evidence(Connection& db) {
  Query row = db.query(kAllEvidence);
  for (;;) {
    DETENTE_TRY(more, row.row());
    if (!more) return {};
    const Digest expected = evidence_digest(row.integer(0), row.text(1), row.blob(2), {static_cast<std::uint32_t>(row.integer(3))});
    DETENTE_TRY_VOID(check_digest(row, 4, expected, "evidence"));
  }
}

}  // namespace

LinkState read_link_state(const Query& row, int first) {
  return {static_cast<std::uint32_t>(row.integer(first)),
          static_cast<std::uint32_t>(row.integer(first + 1)),
          static_cast<std::uint16_t>(row.integer(first + 2)),
          to_bytes(row.blob(first + 3)),
          {static_cast<std::uint32_t>(row.integer(first + 4))}};
}

Digest link_state_digest(const Digest& lineage, const std::string& counterpart, const LinkState& state) {
  return RowHash("link_states")
      .add(lineage)
      .add(as_bytes(counterpart))
      .add(state.initiator_reserved)
      .add(state.responder_last)
      .add(state.psk_epoch)
      .add(state.psk)
      .add(state.psk_since.seconds)
      .finish();
}

Digest value_digest(const std::string& key, ByteView value) { return RowHash("settings").add(as_bytes(key)).add(value).finish(); }

Digest evidence_digest(std::uint64_t log, const std::string& what, ByteView bytes, WallTime at) {
  return RowHash("evidence").add(log).add(as_bytes(what)).add(bytes).add(at.seconds).finish();
}

Result<void> check_digest(Query& row, int column, const Digest& expected, const std::string& what) {
  if (row.is_null(column) || row.array<32>(column) == expected) return row.check();
  return tl::unexpected<Error>(row.damage(what + " is not what was written"));
}

Result<void> check_rows(Connection& db) {
  DETENTE_TRY_VOID(check_link_states(db));
  DETENTE_TRY_VOID(check_values(db));
  return check_evidence(db);
}

}  // namespace detente::io
