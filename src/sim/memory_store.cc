#include "sim/memory_store.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace detente::sim {

using namespace record;

// What the rules ask, answered from the maps.
class MemoryStore::Facts final : public StoreFacts {
 public:
  explicit Facts(const MemoryStore& store) : store_(store) {}

  Result<std::uint64_t> newest_fence(const LineKey& line) override {
    const auto found = store_.state_.fences.find(line);
    return found == store_.state_.fences.end() ? 0 : found->second;
  }
  Result<std::optional<std::uint64_t>> size_of(const LogKey& key) override {
    const Log* log = store_.find(key);
    if (log == nullptr) return std::nullopt;
    return log->entries.size();
  }
  Result<std::optional<Digest>> root_held(const LogKey& key, std::uint64_t size) override {
    const Log* log = store_.find(key);
    if (const auto found = log->checkpoints.find(size); found != log->checkpoints.end()) {
      return found->second.root;
    }
    if (const auto found = log->cosignatures.find(size); found != log->cosignatures.end()) {
      return found->second.root;
    }
    return std::nullopt;
  }
  Result<std::uint64_t> newest_cosigned(const LogKey& key) override {
    const Log* log = store_.find(key);
    return log->cosignatures.empty() ? 0 : log->cosignatures.rbegin()->first;
  }
  Result<std::optional<Digest>> early_leaf(const LogKey& key, std::uint64_t index) override {
    const Log* log = store_.find(key);
    const auto found = log->early.find(index);
    if (found == log->early.end()) return std::nullopt;
    return found->second.leaf;
  }
  Result<bool> counter_used(const UseOfficerCounter& use) override {
    return store_.officer_counter_used(use.lineage, use.own, use.officer, use.counter);
  }
  Result<std::optional<std::uint64_t>> blob_length(const BlobKey& key) override {
    const auto found = store_.state_.blobs.find(key);
    return found == store_.state_.blobs.end() ? std::nullopt : std::optional(found->second.length);
  }

 private:
  const MemoryStore& store_;
};

// One commit as it is applied. Unless keep() is called, it takes everything back when it goes.
class MemoryStore::Change {
 public:
  explicit Change(State& state) : state_(state) {}
  ~Change() {
    for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) (*step)();
  }
  void keep() { undo_.clear(); }

  void operator()(const OpenLog& write) {
    Log log;
    log.ordinal = write.ordinal;
    log.opened = state_.logs.size();
    set(state_.logs, write.log, std::move(log));
  }
  void operator()(const AppendEntry& write) {
    Log& log = state_.logs.at(write.log);
    log.entries.push_back(write.entry);
    undo_.push_back([&log] { log.entries.pop_back(); });
    erase(log.early, write.entry.index);
    if (log.entries.size() % kTileWidth == 0) complete_tile(log);
  }
  void operator()(const PutEarlyEntry& write) {
    set(state_.logs.at(write.log).early, write.entry.index, write.entry);
  }
  void operator()(const PutCheckpoint& write) {
    auto& held = state_.logs.at(write.log).checkpoints;
    StoredCheckpoint checkpoint = write.checkpoint;
    const auto found = held.find(checkpoint.size);
    // A signature that is held stays, whatever comes later for the same tree.
    if (!checkpoint.signature && found != held.end()) checkpoint = found->second;
    set(held, checkpoint.size, checkpoint);
  }
  void operator()(const PutCosignature& write) {
    set(state_.logs.at(write.log).cosignatures, write.cosignature.size, write.cosignature);
  }
  void operator()(const PutOutbox& write) {
    set(state_.outbox[write.line], write.item.id, write.item.item);
  }
  void operator()(const DeleteOutbox& write) { erase(state_.outbox[write.line], write.id); }
  void operator()(const UseOfficerCounter& write) {
    const Counter counter{write.lineage, write.own, write.officer, write.counter};
    state_.counters.insert(counter);
    undo_.push_back([this, counter] { state_.counters.erase(counter); });
  }
  void operator()(const PutLinkState& write) {
    set(state_.links, std::pair(write.lineage, write.counterpart), write.state);
  }
  void operator()(const PutEvidence& write) {
    auto& evidence = state_.logs.at(write.log).evidence;
    evidence.push_back(write);
    undo_.push_back([&evidence] { evidence.pop_back(); });
  }
  void operator()(const PutBlob& write) { set(state_.blobs, write.key, write.blob); }
  void operator()(const PutPiece& write) {
    set(state_.pieces, std::pair(write.key, write.piece), std::make_shared<const PutPiece>(write));
  }
  void operator()(const DropBlob& write) {
    erase(state_.blobs, write.key);
    for (auto it = state_.pieces.lower_bound({write.key, 0});
         it != state_.pieces.end() && it->first.first == write.key;) {
      const auto gone = (it++)->first;
      erase(state_.pieces, gone);
    }
  }
  void operator()(const PutValue& write) { set(state_.values, write.key, write.value); }

 private:
  template <typename Map, typename Key, typename Value>
  void set(Map& map, const Key& key, Value value) {
    const auto found = map.find(key);
    if (found == map.end()) {
      undo_.push_back([&map, key] { map.erase(key); });
      map.emplace(key, std::move(value));
      return;
    }
    undo_.push_back([&map, key, old = found->second] { map[key] = old; });
    found->second = std::move(value);
  }

  template <typename Map, typename Key>
  void erase(Map& map, const Key& key) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    undo_.push_back([&map, key, old = found->second] { map[key] = old; });
    map.erase(found);
  }

  void complete_tile(Log& log);

  State& state_;
  std::vector<std::function<void()>> undo_;
};

std::optional<Bytes> MemoryStore::tile_of(const Log& log, TileId id) {
  if (const auto found = log.tiles.find(id); found != log.tiles.end()) return found->second;
  const std::uint64_t size = log.entries.size();
  if (id.level > 0 || id.index >= (size + kTileWidth - 1) / kTileWidth) return std::nullopt;
  Bytes hashes;
  const std::uint64_t from = id.index * kTileWidth;
  for (std::uint64_t i = from; i < std::min<std::uint64_t>(size, from + kTileWidth); ++i) {
    append(hashes, ByteView(log.entries[i].leaf));
  }
  return hashes;
}

// Looks the log up each time: it may be opened, rolled back or restored while the reader lives.
class MemoryStore::Tiles final : public TileReader {
 public:
  Tiles(const MemoryStore& store, LogKey log) : store_(store), log_(std::move(log)) {}
  std::optional<Bytes> tile(TileId id) const override {
    const Log* log = store_.find(log_);
    return log == nullptr ? std::nullopt : tile_of(*log, id);
  }

 private:
  const MemoryStore& store_;
  LogKey log_;
};

void MemoryStore::Change::complete_tile(Log& log) {
  std::vector<Digest> leaves;
  for (auto entry = log.entries.end() - kTileWidth; entry != log.entries.end(); ++entry) {
    leaves.push_back(entry->leaf);
  }
  // The tree as it was before, for extend_tiles.
  class Before final : public TileReader {
   public:
    explicit Before(const Log& log) : log_(log) {}
    std::optional<Bytes> tile(TileId id) const override { return tile_of(log_, id); }

   private:
    const Log& log_;
  };
  const auto tiles = extend_tiles(Before(log), log.entries.size() - kTileWidth, leaves);
  DETENTE_CHECK(tiles.has_value());  // only a missing tile fails, and none is ever removed
  for (const Tile& tile : *tiles) set(log.tiles, tile.id, tile.bytes);
}

Result<void> MemoryStore::takes_writes() const {
  if (full_) return fail(Fault::kIo, "the disk is full: make room on it. Nothing of this write was kept");
  if (damage_found_) return fail(Fault::kIo, "the disk is damaged: restore the newest backup. Nothing of this write was kept");
  return {};
}

Result<Fence> MemoryStore::claim(const LineKey& line) {
  DETENTE_TRY_VOID(takes_writes());
  return Fence{line, ++state_.fences[line]};
}

Result<void> MemoryStore::commit(std::span<const Batch> batches) {
  DETENTE_TRY_VOID(takes_writes());
  Facts facts(*this);
  Change change(state_);
  for (const Batch& batch : batches) {
    DETENTE_TRY_VOID(check_batch(facts, batch));
    for (const Write& write : batch.writes) {
      DETENTE_TRY_VOID(check_write(facts, batch.fence, write));
      std::visit([&](const auto& what) { change(what); }, write);
    }
  }
  change.keep();
  return {};
}

void MemoryStore::submit(std::vector<Batch> batches) { staged_.push_back(std::move(batches)); }

std::vector<Result<void>> MemoryStore::sync(std::size_t at_most) {
  std::vector<Result<void>> results;
  for (; !staged_.empty() && results.size() < at_most; staged_.pop_front()) {
    results.push_back(commit(staged_.front()));
  }
  return results;
}

MemoryStore::Snapshot MemoryStore::snapshot() const {
  Snapshot out;
  out.state_ = state_;
  return out;
}

void MemoryStore::restore(Snapshot snapshot) {
  state_ = std::move(snapshot.state_);
  staged_.clear();
  damaged_ = damage_found_ = false;
}

std::unique_ptr<TileReader> MemoryStore::tiles(const LogKey& log) const {
  return std::make_unique<Tiles>(*this, log);
}

}  // namespace detente::sim
