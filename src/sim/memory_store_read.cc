// The Reader's half of MemoryStore.
#include <algorithm>

#include "sim/memory_store.h"

namespace detente::sim {

using namespace record;

namespace {

constexpr std::size_t kRecent = 64;  // entries of a log

// The value of the smallest key at or above `from`.
template <typename Value>
std::optional<Value> covering(const std::map<std::uint64_t, Value>& map, std::uint64_t from) {
  const auto found = map.lower_bound(from);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

const MemoryStore::Log* MemoryStore::find(const LogKey& log) const {
  const auto found = state_.logs.find(log);
  return found == state_.logs.end() ? nullptr : &found->second;
}

std::vector<record::LineKey> MemoryStore::lines() const {
  std::set<record::LineKey> out;
  for (const auto& [key, log] : state_.logs) out.insert(key.line);
  return {out.begin(), out.end()};
}

Reader::LogInfo MemoryStore::info_of(const LogKey& key, const Log& log) {
  return {key, log.ordinal, log.entries.size(), log.entries.empty() ? 0 : log.entries.back().period};
}

std::vector<Reader::LogInfo> MemoryStore::logs(const LineKey& line) const {
  std::map<std::uint64_t, LogInfo> by_opening;
  for (const auto& [key, log] : state_.logs) {
    if (key.line != line) continue;
    by_opening.emplace(log.opened, info_of(key, log));
  }
  std::vector<LogInfo> out;
  for (const auto& [opened, info] : by_opening) out.push_back(info);
  return out;
}

template <typename Wanted>
std::optional<Reader::LogInfo> MemoryStore::last_opened(const Wanted& wanted) const {
  const std::pair<const LogKey, Log>* last = nullptr;
  for (const auto& one : state_.logs)
    if (wanted(one.first) && (last == nullptr || one.second.opened > last->second.opened)) last = &one;
  return last == nullptr ? std::nullopt : std::optional(info_of(last->first, last->second));
}

std::optional<Reader::LogInfo> MemoryStore::log_of(const LineKey& line, bool own, const record::EpochId& epoch) const {
  return last_opened([&](const LogKey& key) { return key.line == line && key.own == own && key.epoch == epoch; });
}

std::optional<Reader::LogInfo> MemoryStore::newest_log(const LineKey& line, bool own) const {
  return last_opened([&](const LogKey& key) { return key.line == line && key.own == own; });
}

std::vector<StoredEntry> MemoryStore::entries(const LogKey& key, std::uint64_t from,
                                              std::uint64_t to, std::size_t limit) const {
  const Log* log = find(key);
  if (log == nullptr) return {};
  to = std::min<std::uint64_t>(to, log->entries.size());
  if (from >= to) return {};
  const std::uint64_t count = std::min<std::uint64_t>(to - from, limit);
  rows_read_ += count;
  const auto first = log->entries.begin() + static_cast<std::ptrdiff_t>(from);
  return sound({first, first + static_cast<std::ptrdiff_t>(count)});
}

std::vector<StoredEntry> MemoryStore::sound(std::vector<StoredEntry> read) const {
  if (!damaged_) return read;
  for (const StoredEntry& entry : read)
    if (leaf_of(entry.bytes, entry.salt) != entry.leaf) damage_found_ = true;
  // An answer after that is as empty as any: nothing is built on this disk any more.
  return damage_found_ ? std::vector<StoredEntry>{} : read;
}

std::vector<StoredEntry> MemoryStore::early_entries(const LogKey& key) const {
  const Log* log = find(key);
  std::vector<StoredEntry> out;
  if (log == nullptr) return out;
  for (const auto& [index, entry] : log->early) out.push_back(entry);
  rows_read_ += out.size();
  return sound(std::move(out));
}

std::optional<StoredCheckpoint> MemoryStore::checkpoint_covering(const LogKey& key,
                                                                 std::uint64_t size) const {
  const Log* log = find(key);
  return log == nullptr ? std::nullopt : covering(log->checkpoints, size);
}

std::optional<StoredCosignature> MemoryStore::cosignature_covering(const LogKey& key,
                                                                   std::uint64_t size) const {
  const Log* log = find(key);
  return log == nullptr ? std::nullopt : covering(log->cosignatures, size);
}

std::optional<StoredCosignature> MemoryStore::newest_cosignature(const LogKey& key) const {
  const Log* log = find(key);
  if (log == nullptr || log->cosignatures.empty()) return std::nullopt;
  return log->cosignatures.rbegin()->second;
}

std::vector<OutboxItem> MemoryStore::outbox(const LineKey& line) const {
  std::vector<OutboxItem> out;
  const auto found = state_.outbox.find(line);
  if (found == state_.outbox.end()) return out;
  for (const auto& [id, item] : found->second) out.push_back({id, item});
  return out;
}

bool MemoryStore::officer_counter_used(const Digest& lineage, bool own, OfficerId officer,
                                       std::uint64_t counter) const {
  return state_.counters.contains({lineage, own, officer, counter});
}

std::optional<LinkState> MemoryStore::link_state(const Digest& lineage,
                                                 const std::string& counterpart) const {
  const auto found = state_.links.find(std::pair(lineage, counterpart));
  if (found == state_.links.end()) return std::nullopt;
  return found->second;
}

std::optional<Bytes> MemoryStore::value(const std::string& key) const {
  const auto found = state_.values.find(key);
  if (found == state_.values.end()) return std::nullopt;
  return found->second;
}

std::vector<PutEvidence> MemoryStore::evidence(const LogKey& key, std::size_t limit) const {
  const Log* log = find(key);
  if (log == nullptr) return {};
  const auto end = log->evidence.begin() + static_cast<std::ptrdiff_t>(std::min(limit, log->evidence.size()));
  std::vector<PutEvidence> out(log->evidence.begin(), end);
  rows_read_ += out.size();
  return out;
}

std::vector<PutEvidence> MemoryStore::evidence_of(const LogKey& key, std::string_view what,
                                                  const std::optional<EvidenceAbout>& about) const {
  const Log* log = find(key);
  if (log == nullptr) return {};
  std::vector<PutEvidence> out;
  std::copy_if(log->evidence.begin(), log->evidence.end(), std::back_inserter(out), [&](const PutEvidence& one) {
    return one.what == what && (!about || to_array<8>(ByteView(one.bytes).first(std::min<std::size_t>(8, one.bytes.size()))) == *about);
  });
  rows_read_ += out.size();
  return out;
}

Result<void> MemoryStore::check() const {
  if (!damaged_) return {};
  for (const auto& [key, log] : state_.logs)
    for (const StoredEntry& entry : log.entries)
      if (leaf_of(entry.bytes, entry.salt) != entry.leaf)
        return fail(Fault::kIo, "entry " + std::to_string(entry.index) + " of " + key.station_id +
                                    " is damaged: restore the newest backup");
  return {};
}

bool MemoryStore::damage(SeededRandom& random) {
  std::vector<StoredEntry*> all;
  for (auto& [key, log] : state_.logs)
    for (StoredEntry& entry : log.entries) all.push_back(&entry);
  if (all.empty()) return false;
  flip_bit(*all[random.below(all.size())], random);
  return true;
}

bool MemoryStore::damage_recent(SeededRandom& random) {
  for (auto& [key, log] : state_.logs)
    for (std::size_t back = 1; back <= std::min(kRecent, log.entries.size()); ++back) flip_bit(log.entries[log.entries.size() - back], random);
  return damaged_;
}

void MemoryStore::flip_bit(StoredEntry& entry, SeededRandom& random) {
  Bytes& body = entry.bytes.body;
  const std::uint64_t at = random.below(body.size());
  const std::uint64_t bit = random.below(8);
  body[at] ^= static_cast<std::uint8_t>(1u << bit);
  damaged_ = true;
}

std::vector<std::pair<BlobKey, StoredBlob>> MemoryStore::blobs_from(const BlobKey& first, std::size_t limit) const {
  std::vector<std::pair<BlobKey, StoredBlob>> out;
  for (auto it = state_.blobs.lower_bound(first); it != state_.blobs.end() && out.size() < limit && it->first.lineage == first.lineage &&
                                                  it->first.counterpart == first.counterpart;
       ++it)
    out.push_back(*it);
  return out;
}

std::optional<StoredBlob> MemoryStore::blob(const BlobKey& key) const {
  const auto found = state_.blobs.find(key);
  return found == state_.blobs.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Bytes> MemoryStore::piece(const BlobKey& key, std::uint64_t piece) const {
  const auto found = state_.pieces.find({key, piece});
  return found == state_.pieces.end() ? std::nullopt : std::optional(found->second->bytes);
}

std::vector<std::pair<std::uint64_t, Digest>> MemoryStore::piece_leaves(const BlobKey& key) const {
  std::vector<std::pair<std::uint64_t, Digest>> out;
  for (auto it = state_.pieces.lower_bound({key, 0}); it != state_.pieces.end() && it->first.first == key; ++it)
    out.emplace_back(it->first.second, it->second->leaf);
  return out;
}

}  // namespace detente::sim
