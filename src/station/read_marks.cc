#include "station/read_marks.h"

#include <algorithm>
#include <numeric>

namespace detente::station {

namespace {
constexpr std::uint64_t kEntriesAtATime = 256;

// Not what stations write for each other, nor what a person answers by an act of its own.
bool wants_acknowledgement(record::Kind kind) {
  switch (kind) {
    case record::kPersonReceipt:
    case record::kEpochOpening:
    case record::kBulletinEntry:
    case record::kCheckCall:
    case record::kPresence:
    case record::kOnWatch:
    case record::kZoneRules:
    case record::kHoursExtension:
    case record::kCircuitTest:
    case record::kRestorationTest:
    case record::kRelease:
    case record::kAdoption: return false;
    default: return true;
  }
}
}  // namespace

// --- what is kept of an entry --------------------------------------------------------

ReadMarks::State ReadMarks::Chunk::at(std::uint64_t index) const {
  const std::uint64_t within = index % kOfChunk;
  return static_cast<State>((states[within / 2] >> (within % 2 * 4)) & 0xf);
}

void ReadMarks::Chunk::put(std::uint64_t index, State state) {
  if (const State before = at(index); before != kRead) --counts[before];
  if (state != kRead) ++counts[state];
  const std::uint64_t within = index % kOfChunk, shift = within % 2 * 4;
  std::uint8_t& both = states[within / 2];
  both = static_cast<std::uint8_t>((both & ~(0xfu << shift)) | (static_cast<unsigned>(state) << shift));
}

std::uint64_t ReadMarks::Chunk::unread() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

ReadMarks::State ReadMarks::at(const FarLog& log, std::uint64_t index) const {
  const auto chunk = log.chunks.find(index / kOfChunk);
  return chunk == log.chunks.end() ? kRead : chunk->second.at(index);
}

void ReadMarks::set(FarLog& log, std::uint64_t index, State state) {
  const State before = at(log, index);
  if (before == state) return;
  const std::uint64_t number = index / kOfChunk;
  Chunk& chunk = log.chunks[number];
  chunk.put(index, state);
  if (before != kRead) --totals_[before];
  if (state != kRead) ++totals_[state];
  if (chunk.unread() == 0) log.chunks.erase(number);
  log.changed.insert(number);
}

// --- from the record -----------------------------------------------------------------

void ReadMarks::take_far(const record::LogKey& key, FarLog& log, const record::StoredEntry& stored, bool early) {
  const Place place{key.epoch, stored.index};
  if (early ? read_early_.count(place) > 0 : read_early_.erase(place) > 0) return;
  State state = kLive;  // of what cannot be read here, too
  if (const Result<record::Entry> entry = record::decode_entry(stored.bytes)) {
    const record::Header& header = entry->header;
    if (header.entry_class == record::EntryClass::kDrill) state = kDrill;
    if (header.entry_class == record::EntryClass::kTest) state = kTest;
    if (state == kLive && header.precedence == record::Precedence::kFlash) state = kFlash;
    if (!wants_acknowledgement(header.kind)) state = kRead;
  }
  set(log, stored.index, state);
}

void ReadMarks::take_own(const record::StoredEntry& stored) {
  const Result<record::Entry> entry = record::decode_entry(stored.bytes);
  if (!entry || entry->header.kind != record::kPersonReceipt) return;
  for (const record::Reference& reference : entry->header.references) {
    if (reference.whose != record::Whose::kOthers) continue;
    for (auto& [key, log] : far_) {
      if (key.epoch != reference.epoch || at(log, reference.index) == kRead) continue;
      set(log, reference.index, kRead);
      if (reference.index >= log.next) read_early_.insert({reference.epoch, reference.index});
    }
  }
}

// False: the store has failed, and says so elsewhere.
bool ReadMarks::look_at(const record::Reader& store, const record::Reader::LogInfo& info, std::uint64_t& left) {
  FarLog* far = info.log.own ? nullptr : &far_[info.log];
  std::uint64_t& next = far == nullptr ? own_next_[info.log] : far->next;
  while (next < info.size && left > 0) {
    const auto entries = store.entries(info.log, next, info.size, static_cast<std::size_t>(std::min(kEntriesAtATime, left)));
    if (entries.empty()) return false;
    for (const record::StoredEntry& stored : entries) {
      if (far == nullptr) {
        take_own(stored);
      } else {
        take_far(info.log, *far, stored, false);
      }
      next = stored.index + 1;
    }
    left -= std::min<std::uint64_t>(left, entries.size());
    looked_at_ += entries.size();
  }
  return true;
}

void ReadMarks::refresh(const record::Reader& store, const record::LineKey& line) {
  const std::vector<record::Reader::LogInfo> logs = to_look_at(store, line);
  at_the_end_of_.clear();
  std::uint64_t left = kAtOnce;
  for (const bool own : {false, true}) {
    for (const record::Reader::LogInfo& info : logs) {
      if (info.log.own != own) continue;
      // An acknowledgement is looked at when all that it may be of has been.
      if (!look_at(store, info, left)) return;
      if (own) continue;
      FarLog& far = far_[info.log];
      far.ordinal = info.ordinal;
      for (const record::StoredEntry& stored : store.early_entries(info.log)) take_far(info.log, far, stored, true);
    }
  }
  behind_ = 0;
  for (const record::Reader::LogInfo& info : logs) behind_ += info.size - (info.log.own ? own_next_[info.log] : far_[info.log].next);
  if (behind_ > 0) return;
  for (const record::Reader::LogInfo& info : logs) at_the_end_of_.insert(info.log);
}

// To one that another of its side followed nothing comes any more. False: there is one that has not been looked at.
bool ReadMarks::newest_alone(const record::Reader& store, const record::LineKey& line, std::vector<record::Reader::LogInfo>& out) const {
  for (const bool own : {false, true}) {
    const auto newest = store.newest_log(line, own);
    if (newest && at_the_end_of_.count(newest->log) == 0) return false;
    if (newest) out.push_back(*newest);
  }
  return true;
}

std::vector<record::Reader::LogInfo> ReadMarks::to_look_at(const record::Reader& store, const record::LineKey& line) {
  std::vector<record::Reader::LogInfo> newest;
  if (!at_the_end_of_.empty() && newest_alone(store, line, newest)) return newest;
  auto all = store.logs(line);
  if (!loaded_) load(store, line);
  if (!fits(all)) forget();
  return all;
}

// --- what is asked -------------------------------------------------------------------

bool ReadMarks::unread(const record::LogKey& log, std::uint64_t index) const {
  const auto found = far_.find(log);
  return found != far_.end() && at(found->second, index) != kRead;
}

std::uint64_t ReadMarks::count() const { return std::accumulate(totals_.begin(), totals_.end(), std::uint64_t{0}); }

std::uint64_t ReadMarks::count(record::EntryClass of) const {
  switch (of) {
    case record::EntryClass::kDrill: return totals_[kDrill];
    case record::EntryClass::kTest: return totals_[kTest];
    default: return totals_[kLive] + totals_[kFlash];
  }
}

// In the order of being opened here.
std::vector<std::pair<record::LogKey, const ReadMarks::FarLog*>> ReadMarks::in_order() const {
  std::vector<std::pair<record::LogKey, const FarLog*>> out;
  for (const auto& [key, log] : far_)
    if (!log.chunks.empty()) out.emplace_back(key, &log);
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second->ordinal < b.second->ordinal; });
  return out;
}

bool ReadMarks::wanted(State state, Which which) {
  return state != kRead && (which == Which::kAll || (state == kFlash) == (which == Which::kFlash));
}

bool ReadMarks::visit(const FarLog& log, std::uint64_t from, Which which, const Visit& each) {
  for (auto it = log.chunks.lower_bound(from / kOfChunk); it != log.chunks.end(); ++it) {
    const auto& [number, chunk] = *it;
    if (which == Which::kFlash && chunk.counts[kFlash] == 0) continue;
    const std::uint64_t begin = number * kOfChunk;
    for (std::uint64_t index = std::max(from, begin); index < begin + kOfChunk; ++index)
      if (wanted(chunk.at(index), which) && !each(index)) return false;
  }
  return true;
}

std::vector<ReadMarks::Unread> ReadMarks::first(std::size_t most, Which which) const {
  std::vector<Unread> out;
  if (most == 0) return out;
  for (const auto& one : in_order()) {
    const record::LogKey& key = one.first;
    const bool more = visit(*one.second, 0, which, [&](std::uint64_t index) {
      out.push_back({key, index});
      return out.size() < most;
    });
    if (!more) break;
  }
  return out;
}

std::vector<ReadMarks::Unread> ReadMarks::last(std::size_t most) const {
  std::vector<Unread> out;
  const auto logs = in_order();
  for (auto log = logs.rbegin(); log != logs.rend(); ++log)
    for (auto chunk = log->second->chunks.rbegin(); chunk != log->second->chunks.rend(); ++chunk)
      for (std::uint64_t within = kOfChunk; within-- > 0;) {
        if (out.size() >= most) return out;
        if (chunk->second.at(within) != kRead) out.push_back({log->first, chunk->first * kOfChunk + within});
      }
  return out;
}

std::vector<ReadMarks::Unread> ReadMarks::from(const record::LogKey& log, std::uint64_t index, std::size_t most) const {
  std::vector<Unread> out;
  const auto found = far_.find(log);
  if (found == far_.end() || most == 0) return out;
  visit(found->second, index, Which::kAll, [&](std::uint64_t at) {
    out.push_back({log, at});
    return out.size() < most;
  });
  return out;
}

}  // namespace detente::station
