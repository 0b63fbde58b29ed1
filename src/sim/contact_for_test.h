// What the tests of the first contact look at: what a side was told, and what it holds.
#pragma once

#include <set>
#include <string>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {

template <typename Event>
std::size_t count(const std::vector<core::DeskEvent>& events) {
  std::size_t out = 0;
  for (const core::DeskEvent& event : events) out += std::holds_alternative<Event>(event) ? 1 : 0;
  return out;
}

inline std::vector<core::Alarm> alarms_of(const std::vector<core::DeskEvent>& events, core::AlarmKind kind) {
  std::vector<core::Alarm> out;
  for (const core::DeskEvent& event : events)
    if (const auto* alarm = std::get_if<core::Alarm>(&event); alarm != nullptr && alarm->kind == kind) out.push_back(*alarm);
  return out;
}

inline std::size_t alarms(const std::vector<core::DeskEvent>& events, core::AlarmKind kind) { return alarms_of(events, kind).size(); }

// The texts of the other side's messages that `side` has on its disk, of all logs.
inline std::multiset<std::string> texts_held(QuietPair& pair, std::size_t side, LineId line) {
  std::multiset<std::string> out;
  for (const record::Reader::LogInfo& info : pair.store(side).logs({pair.pair().lineage(), line})) {
    if (info.log.own) continue;
    for (const record::StoredEntry& stored : pair.store(side).entries(info.log, 0, info.size, 1000))
      if (auto entry = record::decode_entry(stored.bytes); entry && entry->header.kind == record::kMessage)
        out.insert(as_string(entry->body));
  }
  return out;
}

// The station ends, and a minute later its disk is that copy; it is not started yet.
inline void put_back(QuietPair& pair, std::size_t side, const MemoryStore::Snapshot& copy) {
  pair.stop(side);
  pair.run(std::chrono::minutes(1));
  pair.store(side).restore(copy);
}

}  // namespace detente::sim
