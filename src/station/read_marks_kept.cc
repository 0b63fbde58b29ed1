// ReadMarks in the store: one value a line (how far each log was looked at, which chunks hold
// something unread, what was acknowledged early), and one a chunk. Changed in one commit.
//
// All of it follows from the record: what cannot be read, or says more than the logs have, is
// thrown away and made anew.
#include <algorithm>

#include "station/read_marks.h"
#include "wire/cbor.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kForm = 1;

std::string line_value(const record::LineKey& line) {
  return "read-marks/" + to_hex(line.lineage) + "/" + std::to_string(line.line.value);
}

std::string chunk_value(const record::LogKey& log, std::uint64_t number) {
  return line_value(log.line) + "/" + to_hex(log.epoch) + "/" + std::to_string(number) + "/" + log.station_id;
}

}  // namespace

void ReadMarks::forget() {
  *this = ReadMarks();
  loaded_ = true;
}

void ReadMarks::load(const record::Reader& store, const record::LineKey& line) {
  loaded_ = true;
  const auto kept = store.value(line_value(line));
  if (kept && !read_kept(store, line, *kept)) forget();
}

bool ReadMarks::read_kept(const record::Reader& store, const record::LineKey& line, ByteView kept) {
  wire::CborReader reader(kept);
  if (!reader.array(3)) return false;
  const auto form = reader.uint();
  if (!form || *form != kForm) return false;
  const auto logs = reader.array();
  for (std::size_t i = 0; logs && i < *logs; ++i) {
    if (!reader.array(5)) return false;
    const auto own = reader.boolean();
    const auto station = reader.text();
    const auto epoch = reader.bytes();
    const auto next = reader.uint();
    const auto chunks = reader.array();
    const auto id = epoch ? to_array<16>(*epoch) : std::nullopt;
    if (!own || !station || !id || !next || !chunks) return false;
    const record::LogKey key{line, *own, std::string(*station), *id};
    if (*own) {
      if (*chunks != 0) return false;
      own_next_[key] = *next;
      continue;
    }
    FarLog& log = far_[key];
    log.next = *next;
    for (std::size_t j = 0; j < *chunks; ++j) {
      const auto number = reader.uint();
      const auto states = number ? store.value(chunk_value(key, *number)) : std::nullopt;
      if (!states || states->size() != kOfChunk / 2) return false;
      Chunk& chunk = log.chunks[*number];
      std::copy(states->begin(), states->end(), chunk.states.begin());
      for (std::uint64_t within = 0; within < kOfChunk; ++within) {
        const State state = chunk.at(within);
        if (state >= kStates) return false;
        if (state == kRead) continue;
        ++chunk.counts[state];
        ++totals_[state];
      }
      if (chunk.unread() == 0) return false;
    }
  }
  const auto early = reader.array();
  for (std::size_t i = 0; early && i < *early; ++i) {
    if (!reader.array(2)) return false;
    const auto epoch = reader.bytes();
    const auto index = reader.uint();
    const auto id = epoch ? to_array<16>(*epoch) : std::nullopt;
    if (!id || !index) return false;
    read_early_.insert({*id, *index});
  }
  return logs && early && reader.expect_end();
}

// Not so after a person put another record in the place of this one.
bool ReadMarks::fits(const std::vector<record::Reader::LogInfo>& logs) const {
  std::size_t found = 0;
  for (const record::Reader::LogInfo& info : logs) {
    const auto far = far_.find(info.log);
    const auto own = own_next_.find(info.log);
    if (far == far_.end() && own == own_next_.end()) continue;
    ++found;
    if ((info.log.own ? own->second : far->second.next) > info.size) return false;
  }
  return found == far_.size() + own_next_.size();
}

void ReadMarks::keep(record::Store& store, const record::Fence& fence, const record::LineKey& line) {
  looked_at_ = 0;
  record::Batch batch;
  batch.fence = fence;
  wire::CborWriter out;
  out.array(3).uint(kForm).array(far_.size() + own_next_.size());
  for (const auto& [key, log] : far_) {
    out.array(5).boolean(false).text(key.station_id).bytes(key.epoch).uint(log.next).array(log.chunks.size());
    for (const auto& [number, chunk] : log.chunks) out.uint(number);
    for (const std::uint64_t number : log.changed) {
      const auto chunk = log.chunks.find(number);
      Bytes states;  // none: all of it is read
      if (chunk != log.chunks.end()) states.assign(chunk->second.states.begin(), chunk->second.states.end());
      batch.writes.push_back(record::PutValue{chunk_value(key, number), std::move(states)});
    }
  }
  for (const auto& [key, next] : own_next_) out.array(5).boolean(true).text(key.station_id).bytes(key.epoch).uint(next).array(0);
  out.array(read_early_.size());
  for (const auto& [epoch, index] : read_early_) out.array(2).bytes(epoch).uint(index);
  batch.writes.push_back(record::PutValue{line_value(line), out.take()});
  if (!store.commit({&batch, 1})) return;
  for (auto& [key, log] : far_) log.changed.clear();
}

}  // namespace detente::station
