#include "bench_bare.h"

#include "crypto/aead.h"
#include "io/os_clock.h"
#include "io/os_random.h"
#include "io/sqlite_store.h"
#include "lab.h"
#include "record/entry.h"

namespace detente::cli {

namespace {

constexpr std::size_t kText = 200;

// One side's disk.
struct Disk {
  std::unique_ptr<io::SqliteStore> store;
  record::LogKey log;
  record::Fence fence;
};

Result<Disk> open_disk(const std::string& file, bool own) {
  DETENTE_TRY(store, io::SqliteStore::open(file));
  const record::LogKey log{{Digest{}, LineId{1}}, own, "south/main", {}};
  DETENTE_TRY(fence, store->claim(log.line));
  record::Batch batch;
  batch.fence = fence;
  batch.writes.push_back(record::OpenLog{log, 0});
  DETENTE_TRY_VOID(store->commit({&batch, 1}));
  return Disk{std::move(store), log, fence};
}

record::EntryBytes entry_bytes(WallTime now, std::uint8_t letter) {
  record::Entry entry;
  entry.header.line = LineId{1};
  entry.header.time = now;
  entry.body = Bytes(kText, letter);
  return record::encode_entry(entry);
}

}  // namespace

struct BareLine::State {
  State(Disk own, Disk far, const crypto::AeadAlgorithm& aead, KeyRandom& random)
      : own(std::move(own)),
        far(std::move(far)),
        origin(record::log_origin({}, LineId{1}, this->own.log.station_id, {})),
        log_key(crypto::SignKey::generate(random)),
        cosign_key(crypto::SignKey::generate(random)),
        inner(aead, random.array<32>()),
        outer(aead, random.array<32>()),
        text(random.array<kText>()) {}

  Disk own, far;
  std::string origin;
  crypto::SignKey log_key, cosign_key;
  crypto::AeadKey inner, outer;
  ByteArray<kText> text;
  std::uint64_t size = 0;
  std::uint64_t nonces = 0;
  std::optional<record::StoredCosignature> receipt;  // of the batch before

  bool seal_and_open() {
    Bytes nonce(4);
    append_be(nonce, ++nonces, 8);
    const Bytes sealed = outer.seal(nonce, {}, inner.seal(nonce, {}, text));
    const Result<Bytes> once = outer.open(nonce, {}, sealed);
    return once && inner.open(nonce, {}, *once).has_value();
  }

  Result<void> commit(Disk& disk, const std::vector<record::StoredEntry>& entries,
                      const record::StoredCheckpoint& checkpoint,
                      const std::optional<record::StoredCosignature>& cosignature) {
    record::Batch batch;
    batch.fence = disk.fence;
    batch.expected_size = {disk.log, size};
    for (const record::StoredEntry& entry : entries)
      batch.writes.push_back(record::AppendEntry{disk.log, entry});
    batch.writes.push_back(record::PutCheckpoint{disk.log, checkpoint});
    if (cosignature) batch.writes.push_back(record::PutCosignature{disk.log, *cosignature});
    return disk.store->commit({&batch, 1});
  }
};

BareLine::BareLine(std::unique_ptr<State> state) : state_(std::move(state)) {}
BareLine::~BareLine() = default;

Result<std::unique_ptr<BareLine>> BareLine::on(const std::string& directory) {
  DETENTE_TRY(own, open_disk(directory + "/bare-own.db", true));
  DETENTE_TRY(far, open_disk(directory + "/bare-far.db", false));
  DETENTE_TRY(aead, crypto::AeadAlgorithm::load(kLabAead));
  io::OsKeyRandom random;
  return std::unique_ptr<BareLine>(new BareLine(
      std::make_unique<State>(std::move(own), std::move(far), aead, random)));
}

Result<double> BareLine::batch() {
  State& s = *state_;
  const WallTime now = io::os_wall_time();
  std::vector<record::StoredEntry> entries;
  for (std::size_t i = 0; i < kBatch; ++i)
    entries.push_back({s.size + i, entry_bytes(now, static_cast<std::uint8_t>('a' + i % 26)), {}, {}, 1, now});
  const Instant began = io::os_now().mono;
  bool good = true;
  for (record::StoredEntry& entry : entries) {
    entry.leaf = record::leaf_of(entry.bytes, entry.salt);
    good = good && s.seal_and_open() && record::leaf_of(entry.bytes, entry.salt) == entry.leaf;
  }
  const record::Checkpoint text{s.origin, s.size + kBatch,
                                entries.back().leaf};
  const record::StoredCheckpoint checkpoint{text.size, text.root,
                                            record::sign_checkpoint(text, s.log_key)};
  DETENTE_TRY_VOID(s.commit(s.own, entries, checkpoint, s.receipt));
  good = good && record::verify_checkpoint(text, s.log_key.verify_key(), *checkpoint.signature);
  const record::Cosignature cosigned = record::cosign(text, now.seconds, s.cosign_key);
  const record::StoredCosignature receipt{text.size, text.root, now, cosigned.signature};
  DETENTE_TRY_VOID(s.commit(s.far, entries, checkpoint, receipt));
  good = good && record::verify_cosignature(text, cosigned, s.cosign_key.verify_key());
  const Duration took = io::os_now().mono - began;
  if (!good) return fail(Fault::kState, "the bare loop's own signatures or seals do not verify");
  s.receipt = receipt;
  s.size += kBatch;
  return static_cast<double>(took.count()) / 1e6;
}

}  // namespace detente::cli
