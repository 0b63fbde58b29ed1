#include "bench_million.h"

#include "core/outbox.h"
#include "core/own_log.h"
#include "io/os_clock.h"
#include "io/sqlite_store.h"
#include "station/assemble.h"

namespace detente::cli {

namespace {

constexpr LineId kLine{1};
constexpr std::uint64_t kPerCommit = 5000;
constexpr std::uint64_t kTail = 32;

// What both logs are made with.
struct Ground {
  std::unique_ptr<station::Counterpart> counterpart;
  station::StationKeys own_keys, other_keys;
  core::PeerSetup setup;  // as the station itself makes it; borrows from the others
};

Result<std::unique_ptr<Ground>> open_ground(const LabSide& own, const LabSide& other) {
  DETENTE_TRY(side, SideDir::open(own.dir));
  DETENTE_TRY(other_side, SideDir::open(other.dir));
  DETENTE_TRY(config, side.station_config());
  station::Coders coders;
  DETENTE_TRY(counterpart, station::load_counterpart(side, config, config.counterparts.front(), coders));
  DETENTE_TRY(own_keys, side.station_keys());
  DETENTE_TRY(other_keys, other_side.station_keys());
  DETENTE_TRY(pair, side.pair(other.name));
  DETENTE_TRY(setup, station::make_peer_setup(*counterpart, own_keys, std::move(pair), {}, true, false));
  return std::unique_ptr<Ground>(new Ground{std::move(counterpart), std::move(own_keys),
                                            std::move(other_keys), std::move(setup)});
}

class LogWriter {
 public:
  LogWriter(const Ground& ground, bool own)
      : identity_(ground.setup.identity),
        log_key_(own ? ground.own_keys.log : ground.other_keys.log),
        cosign_key_(own ? ground.other_keys.cosign : ground.own_keys.cosign) {
    log_ = {{identity_.lineage, kLine}, own, own ? identity_.our_station : identity_.their_station, {}};
    log_.epoch.fill(own ? 1 : 2);
    origin_ = record::log_origin(identity_.lineage, kLine, log_.station_id, log_.epoch);
  }

  // The next `count` entries with their checkpoint and, unless it is the last part, its receipt.
  Result<record::Batch> next(const record::Fence& fence, std::uint64_t count, bool last, WallTime now) {
    record::Batch batch;
    batch.fence = fence;
    if (frontier_.size() == 0) batch.writes.push_back(record::OpenLog{log_, 0});
    batch.expected_size = {log_, frontier_.size()};
    for (std::uint64_t i = 0; i < count; ++i) {
      DETENTE_TRY(placed, place(now));
      frontier_.append(placed.leaf);
      period_ = placed.period;
      batch.writes.push_back(record::AppendEntry{log_, core::to_stored(placed, now)});
    }
    const record::Checkpoint text{origin_, frontier_.size(), frontier_.root()};
    batch.writes.push_back(record::PutCheckpoint{
        log_, {text.size, text.root, record::sign_checkpoint(text, log_key_)}});
    if (!last || !log_.own)
      batch.writes.push_back(record::PutCosignature{
          log_, {text.size, text.root, now, record::cosign(text, now.seconds, cosign_key_).signature}});
    return batch;
  }

 private:
  Result<core::PlacedEntry> place(WallTime now) {
    record::Entry entry;
    entry.header.line = kLine;
    entry.header.time = now;
    entry.body = to_bytes(as_bytes("Entry " + std::to_string(frontier_.size()) +
                                   ": the patrol boats have returned to harbour and the search at the "
                                   "northern limit line ends."));
    return core::place_entry(identity_, log_, frontier_.size(), period_, std::move(entry));
  }

  const core::PairIdentity& identity_;
  const crypto::SignKey& log_key_;
  const crypto::SignKey& cosign_key_;
  record::LogKey log_;
  std::string origin_;
  record::Frontier frontier_;
  std::uint32_t period_ = 0;
};

Result<std::unique_ptr<io::SqliteStore>> open_record(const LabSide& own) {
  DETENTE_TRY(side, SideDir::open(own.dir));
  return io::SqliteStore::open(side.record_file().string());
}

Result<record::LineKey> line_key(const LabSide& own) {
  DETENTE_TRY(side, SideDir::open(own.dir));
  DETENTE_TRY(accord, side.accord_in_force(own.links.front().counterpart));
  return record::LineKey{accord.lineage, kLine};
}

}  // namespace

Result<void> write_record(const LabSide& own, const LabSide& other, std::uint64_t entries) {
  DETENTE_TRY(ground, open_ground(own, other));
  DETENTE_TRY(store, open_record(own));
  DETENTE_TRY(fence, store->claim({ground->setup.identity.lineage, kLine}));
  LogWriter ours(*ground, true), theirs(*ground, false);
  const WallTime now = io::os_wall_time();
  const std::uint64_t half = entries / 2;
  for (std::uint64_t done = 0; done < half;) {
    // The own log ends in a small part that is not receipted.
    const std::uint64_t rest = half - done;
    const std::uint64_t count = rest > kTail ? std::min(kPerCommit, rest - kTail) : rest;
    const bool last = done + count == half;
    std::vector<record::Batch> batches;
    for (LogWriter* log : {&ours, &theirs}) {
      DETENTE_TRY(batch, log->next(fence, count, last, now));
      batches.push_back(std::move(batch));
    }
    DETENTE_TRY_VOID(store->commit(batches));
    done += count;
  }
  return store->maintain();
}

Result<std::vector<std::string>> outbox_texts(const LabSide& own) {
  DETENTE_TRY(store, open_record(own));
  DETENTE_TRY(line, line_key(own));
  std::vector<std::string> out;
  for (const record::OutboxItem& item : store->outbox(line)) {
    const auto waiting = core::decode_outbox_item(item.item);
    if (!waiting) return fail(Fault::kMalformed, "an item of the outbox cannot be read");
    out.emplace_back(as_string(waiting->entry.body));
  }
  return out;
}

Result<std::uint64_t> record_size(const LabSide& own) {
  DETENTE_TRY(store, open_record(own));
  DETENTE_TRY(line, line_key(own));
  std::uint64_t out = 0;
  for (const record::Reader::LogInfo& info : store->logs(line)) out += info.size;
  return out;
}

}  // namespace detente::cli
