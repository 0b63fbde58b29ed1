#include "station/read_marks.h"

#include <algorithm>

namespace detente::station {

namespace {
constexpr std::size_t kStep = 256;

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

void ReadMarks::take_far(const record::LogKey& log, const record::StoredEntry& stored) {
  const Result<record::Entry> entry = record::decode_entry(stored.bytes);
  if (entry && !wants_acknowledgement(entry->header.kind)) return;
  if (read_early_.count({log.epoch, stored.index}) > 0) return;
  Unread mark{record::EntryClass::kLive, false, stored.stored_at};
  if (entry) {
    mark.entry_class = entry->header.entry_class;
    mark.flash = entry->header.precedence == record::Precedence::kFlash;
  }
  unread_.try_emplace({log.epoch, stored.index}, mark);
}

void ReadMarks::take_own(const record::StoredEntry& stored) {
  const Result<record::Entry> entry = record::decode_entry(stored.bytes);
  if (!entry || entry->header.kind != record::kPersonReceipt) return;
  for (const record::Reference& reference : entry->header.references) {
    if (reference.whose != record::Whose::kOthers) continue;
    if (unread_.erase({reference.epoch, reference.index}) > 0)
      read_early_.insert({reference.epoch, reference.index});
  }
}

std::size_t ReadMarks::count(record::EntryClass of) const {
  return static_cast<std::size_t>(std::count_if(unread_.begin(), unread_.end(), [of](const auto& one) { return one.second.entry_class == of; }));
}

std::vector<std::pair<ReadMarks::Place, ReadMarks::Unread>> ReadMarks::flashes() const {
  std::vector<std::pair<Place, Unread>> out;
  for (const auto& one : unread_)
    if (one.second.flash && one.second.entry_class == record::EntryClass::kLive) out.push_back(one);
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second.stored_at < b.second.stored_at; });
  return out;
}

void ReadMarks::refresh(const record::Reader& store, const record::LineKey& line) {
  const std::vector<record::Reader::LogInfo> logs = store.logs(line);
  for (const bool own : {false, true}) {  // an entry comes before its acknowledgement
    for (const record::Reader::LogInfo& info : logs) {
      if (info.log.own != own) continue;
      const std::uint64_t first = info.size > kWindow ? info.size - kWindow : 0;
      std::uint64_t& next = next_.try_emplace(info.log, first).first->second;
      while (next < info.size) {
        const auto entries = store.entries(info.log, next, info.size, kStep);
        if (entries.empty()) return;  // the store has failed and says so elsewhere
        for (const record::StoredEntry& stored : entries) {
          if (own) {
            take_own(stored);
          } else {
            take_far(info.log, stored);
          }
          next = stored.index + 1;
        }
      }
      if (!own)
        for (const record::StoredEntry& stored : store.early_entries(info.log))
          take_far(info.log, stored);
    }
  }
  while (read_early_.size() > 2 * kWindow) read_early_.erase(read_early_.begin());
}

}  // namespace detente::station
