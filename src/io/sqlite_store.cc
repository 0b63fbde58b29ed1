#include "io/sqlite_store.h"

#include <sqlite3.h>

#include "io/sqlite_rows.h"
#include "io/sqlite_schema.h"

namespace detente::io {

using namespace record;

namespace {

constexpr std::int64_t kPageSize = 4096;
constexpr std::int64_t kWalLimit = 64 << 20;  // bytes; then a commit waits for the log's move
constexpr int kFramesMax = static_cast<int>(kWalLimit / kPageSize);

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  DETENTE_TRY(lock, StationLock::take(path + ".lock", path));
  DETENTE_TRY_VOID(prepare_database(path));
  DETENTE_TRY(writing, Connection::open(path, Connection::Mode::kWrite));
  DETENTE_TRY_VOID(
      writing.run("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16000;"
                  "PRAGMA journal_size_limit=" +
                  std::to_string(kWalLimit)));
  DETENTE_TRY(reading, Connection::open(path, Connection::Mode::kRead));
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(std::move(lock), std::move(writing), std::move(reading)));
  // Also shows now, not at the first message, whether the disk takes a write.
  DETENTE_TRY_VOID(store->maintain());
  return store;
}

SqliteStore::SqliteStore(StationLock lock, Connection writing, Connection reading)
    : lock_(std::move(lock)),
      writing_(std::move(writing)),
      writer_(writing_),
      marker_(writing_.path()),
      reading_(std::move(reading)),
      reader_(reading_) {
  const auto count = [](void* frames, sqlite3*, const char*, int now) {
    *static_cast<int*>(frames) = now;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(writing_.handle(), count, &frames_);
}

SqliteStore::~SqliteStore() {
  // Best effort: SQLite itself moves the log into the file when the last connection goes.
  if (wipe_due_) static_cast<void>(maintain());
}

Result<void> SqliteStore::ready() const {
  if (!failed_) return {};
  const std::lock_guard guard(fault_mutex_);
  return tl::unexpected<Error>(*fault_);
}

std::optional<Error> SqliteStore::fault() const {
  const std::lock_guard guard(fault_mutex_);
  return fault_;
}

std::optional<Error> SqliteStore::trouble() const {
  const std::lock_guard guard(fault_mutex_);
  return fault_ ? fault_ : trouble_;
}

template <typename Work>
Result<void> SqliteStore::transact(Work work) {
  DETENTE_TRY_VOID(ready());
  auto done = [&]() -> Result<void> {
    DETENTE_TRY(transaction, Transaction::begin(writing_));
    DETENTE_TRY_VOID(work());
    return transaction.commit();
  }();
  if (troubled_ || (!done && done.error().fault == Fault::kIo)) {
    const std::lock_guard guard(fault_mutex_);
    trouble_ = done ? std::nullopt : std::optional(done.error());
    troubled_ = trouble_.has_value();
  }
  if (done) {
    dirty_ = true;
    marker_.note(frames_);
    wipe_due_ |= writer_.take_replaced_secret();
    return {};
  }
  writer_.forget();
  static_cast<void>(writer_.take_replaced_secret());
  if (writing_.doubt()) remember(*writing_.doubt());
  return done;
}

Result<Fence> SqliteStore::claim(const LineKey& line) {
  const std::lock_guard guard(write_mutex_);
  Fence fence;
  DETENTE_TRY_VOID(transact([&]() -> Result<void> {
    DETENTE_TRY(given, writer_.claim(line));
    fence = given;
    return {};
  }));
  return fence;
}

Result<void> SqliteStore::commit(std::span<const Batch> batches) {
  const std::lock_guard guard(write_mutex_);
  DETENTE_TRY_VOID(transact([&]() -> Result<void> {
    for (const Batch& batch : batches) DETENTE_TRY_VOID(writer_.apply(batch));
    return {};
  }));
  // What is committed stays so, whatever becomes of the log; the next commit tries again.
  if (frames_ > kFramesMax && !copying_) static_cast<void>(start_log_over());
  return {};
}

Result<void> SqliteStore::maintain() {
  const std::lock_guard guard(write_mutex_);
  if (!dirty_ || copying_) return {};
  DETENTE_TRY_VOID(ready());
  return start_log_over();
}

Result<void> SqliteStore::snapshot(const std::string& to, const OnProgress& progress) {
  {
    const std::lock_guard guard(write_mutex_);
    DETENTE_TRY_VOID(ready());
    if (copying_) return fail(Fault::kState, "a copy of the record is being made already");
    copying_ = true;
  }
  Result<void> done = snapshot_database(writing_.path(), to, progress, Log::kInUse);
  {
    const std::lock_guard guard(write_mutex_);
    copying_ = false;
  }
  static_cast<void>(maintain());  // what it held up; a later one tries again
  return done;
}

// A disk that fails here fails for what comes after, too; nothing else would be told of it.
Result<void> SqliteStore::start_log_over() {
  const Result<void> done = move_log();
  if (!done && writing_.doubt()) remember(*writing_.doubt());
  return done;
}

Result<void> SqliteStore::move_log() {
  DETENTE_TRY(busy, writing_.integer("PRAGMA wal_checkpoint(RESTART)"));
  if (busy != 0) return fail(Fault::kIo, "the database " + writing_.path() + " is being read");
  if (wipe_due_) {
    const std::lock_guard guard(read_mutex_);
    DETENTE_TRY_VOID(wipe_wal(writing_.path()));
    wipe_due_ = false;
  }
  // The first commit into a log that starts over syncs its head too: better now than with a
  // message.
  DETENTE_TRY_VOID(writing_.run("PRAGMA user_version=" + std::to_string(kSchemaVersion)));
  marker_.note(frames_);
  dirty_ = false;
  return {};
}

void SqliteStore::remember(const Error& error) const {
  const std::lock_guard guard(fault_mutex_);
  if (!fault_) fault_ = error;
  failed_ = true;
}

template <typename Answer, typename Ask>
Answer SqliteStore::read(Answer otherwise, Ask ask) const {
  const std::lock_guard guard(read_mutex_);
  Result<Answer> answer = ask(reader_);
  if (answer) return std::move(*answer);
  remember(answer.error());
  return otherwise;
}

template <typename Answer, typename Ask>
Answer SqliteStore::read_log(const LogKey& log, Answer otherwise, Ask ask) const {
  return read(otherwise, [&](SqliteReader& reader) -> Result<Answer> {
    DETENTE_TRY(id, reader.find(log));
    if (!id) return otherwise;
    return ask(reader, *id);
  });
}

std::vector<record::LineKey> SqliteStore::lines() const {
  return read(std::vector<record::LineKey>{}, [](SqliteReader& reader) { return reader.lines(); });
}

std::vector<Reader::LogInfo> SqliteStore::logs(const LineKey& line) const {
  return read(std::vector<LogInfo>{}, [&](SqliteReader& reader) { return reader.logs(line); });
}

std::optional<Reader::LogInfo> SqliteStore::log_of(const LineKey& line, bool own, const record::EpochId& epoch) const {
  return read(std::optional<LogInfo>{}, [&](SqliteReader& reader) { return reader.log_of(line, own, epoch); });
}

std::optional<Reader::LogInfo> SqliteStore::newest_log(const LineKey& line, bool own) const {
  return read(std::optional<LogInfo>{}, [&](SqliteReader& reader) { return reader.newest_log(line, own); });
}

std::vector<StoredEntry> SqliteStore::entries(const LogKey& log, std::uint64_t from,
                                              std::uint64_t to, std::size_t limit) const {
  return read_log(log, std::vector<StoredEntry>{}, [&](SqliteReader& reader, LogId id) {
    return reader.entries(id, from, to, limit);
  });
}

std::vector<StoredEntry> SqliteStore::early_entries(const LogKey& log) const {
  return read_log(log, std::vector<StoredEntry>{},
                  [](SqliteReader& reader, LogId id) { return reader.early_entries(id); });
}

std::optional<StoredCheckpoint> SqliteStore::checkpoint_covering(const LogKey& log,
                                                                 std::uint64_t size) const {
  return read_log(log, std::optional<StoredCheckpoint>{},
                  [&](SqliteReader& reader, LogId id) { return reader.checkpoint(id, size); });
}

std::optional<StoredCosignature> SqliteStore::cosignature_covering(const LogKey& log,
                                                                   std::uint64_t size) const {
  return read_log(log, std::optional<StoredCosignature>{},
                  [&](SqliteReader& reader, LogId id) { return reader.cosignature(id, size); });
}

std::optional<StoredCosignature> SqliteStore::newest_cosignature(const LogKey& log) const {
  return read_log(log, std::optional<StoredCosignature>{},
                  [](SqliteReader& reader, LogId id) { return reader.newest_cosignature(id); });
}

std::vector<OutboxItem> SqliteStore::outbox(const LineKey& line) const {
  return read(std::vector<OutboxItem>{}, [&](SqliteReader& reader) { return reader.outbox(line); });
}

std::vector<AstrayItem> SqliteStore::astray_items(const std::set<LineKey>& lines) const {
  return read(std::vector<AstrayItem>{}, [&](SqliteReader&) { return io::astray_items(reading_, lines); });
}

Result<void> SqliteStore::check_tables() const {
  const bool done = read(false, [&](SqliteReader&) -> Result<bool> {
    DETENTE_TRY_VOID(check_owners(reading_, kSchemaVersion));
    DETENTE_TRY_VOID(check_rows(reading_));
    return true;
  });
  if (done) return {};
  return ready();
}

bool SqliteStore::officer_counter_used(const Digest& lineage, bool own, OfficerId officer,
                                       std::uint64_t counter) const {
  const UseOfficerCounter use{lineage, own, officer, counter};
  return read(true, [&](SqliteReader& reader) { return reader.counter_used(use); });
}

std::optional<LinkState> SqliteStore::link_state(const Digest& lineage,
                                                 const std::string& counterpart) const {
  return read(std::optional<LinkState>{},
              [&](SqliteReader& reader) { return reader.link_state(lineage, counterpart); });
}

std::optional<Bytes> SqliteStore::value(const std::string& key) const {
  return read(std::optional<Bytes>{}, [&](SqliteReader& reader) { return reader.value(key); });
}

std::vector<std::pair<BlobKey, StoredBlob>> SqliteStore::blobs_from(const BlobKey& first, std::size_t limit) const {
  return read(std::vector<std::pair<BlobKey, StoredBlob>>{},
              [&](SqliteReader& reader) { return reader.blobs_from(first, limit); });
}

std::optional<StoredBlob> SqliteStore::blob(const BlobKey& key) const {
  return read(std::optional<StoredBlob>{}, [&](SqliteReader& reader) -> Result<std::optional<StoredBlob>> {
    DETENTE_TRY(found, reader.blob(key));
    return found ? std::optional(found->blob) : std::nullopt;
  });
}

std::optional<Bytes> SqliteStore::piece(const BlobKey& key, std::uint64_t piece) const {
  return read(std::optional<Bytes>{}, [&](SqliteReader& reader) { return reader.piece(key, piece); });
}

std::vector<std::pair<std::uint64_t, Digest>> SqliteStore::piece_leaves(const BlobKey& key) const {
  return read(std::vector<std::pair<std::uint64_t, Digest>>{},
              [&](SqliteReader& reader) { return reader.piece_leaves(key); });
}

std::vector<PutEvidence> SqliteStore::evidence(const LogKey& log, std::size_t limit) const {
  return read_log(log, std::vector<PutEvidence>{},
                  [&](SqliteReader& reader, LogId id) { return reader.evidence(id, log, limit); });
}

std::vector<PutEvidence> SqliteStore::evidence_of(const LogKey& log, std::string_view what,
                                                  const std::optional<EvidenceAbout>& about) const {
  return read_log(log, std::vector<PutEvidence>{},
                  [&](SqliteReader& reader, LogId id) { return reader.evidence_of(id, log, std::string(what), about); });
}

class SqliteStore::Tiles final : public TileReader {
 public:
  Tiles(const SqliteStore& store, LogKey log) : store_(store), log_(std::move(log)) {}
  std::optional<Bytes> tile(TileId id) const override {
    return store_.read_log(log_, std::optional<Bytes>{},
                           [&](SqliteReader& reader, LogId log) { return reader.tile(log, id); });
  }

 private:
  const SqliteStore& store_;
  LogKey log_;
};

std::unique_ptr<TileReader> SqliteStore::tiles(const LogKey& log) const {
  return std::make_unique<Tiles>(*this, log);
}

}  // namespace detente::io
