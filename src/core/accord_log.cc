#include "core/accord_log.h"

#include <algorithm>
#include <map>

namespace detente::core {

namespace {

using record::Whose;

constexpr std::size_t kPage = 512;

// What a side does not vouch for is the end of a log: each question costs signatures, so it is asked for the border alone.
std::uint64_t vouched_size(const Vouched& vouched, Whose whose, const record::EpochId& epoch, std::uint64_t size) {
  if (!vouched || size == 0 || vouched(whose, epoch, size - 1)) return size;
  std::uint64_t good = 0, bad = size - 1;
  while (good < bad) {
    const std::uint64_t middle = good + (bad - good) / 2;
    if (vouched(whose, epoch, middle)) good = middle + 1;
    else bad = middle;
  }
  return good;
}

}  // namespace

std::optional<std::uint64_t> replayed_place(const record::PutEvidence& evidence) {
  if (evidence.what != record::kSignatureUsedBefore || evidence.bytes.size() < 8) return std::nullopt;
  return read_be(ByteView(evidence.bytes).first(8));
}

std::set<std::uint64_t> replayed_places(const std::vector<record::PutEvidence>& evidence) {
  std::set<std::uint64_t> out;
  for (const record::PutEvidence& one : evidence)
    if (const auto index = replayed_place(one)) out.insert(*index);
  return out;
}

namespace {

// In its order, and of theirs what came ahead of it behind that.
void each_entry(const Context& context, const record::Reader::LogInfo& info,
                const std::function<void(const record::StoredEntry&, bool early)>& visit) {
  for (std::uint64_t from = 0; from < info.size; from += kPage)
    for (const record::StoredEntry& stored : context.store.entries(info.log, from, std::min(info.size, from + kPage), kPage)) visit(stored, false);
  if (info.log.own) return;
  for (const record::StoredEntry& stored : context.store.early_entries(info.log)) visit(stored, true);
}

// Signatures of theirs that came first. Only asked for where some came again: two texts that one officer signed under one
// counter, as he may whose machine went back, are no replay.
std::vector<record::OfficerSignature> first_signatures(const Context& context, const std::vector<record::Reader::LogInfo>& logs,
                                                       const std::map<record::EpochId, std::set<std::uint64_t>>& again) {
  std::vector<record::OfficerSignature> out;
  const auto take = [&](const record::EpochId& epoch, const record::StoredEntry& stored) {
    const auto flagged = again.find(epoch);
    const auto entry = record::decode_entry(stored.bytes);
    if (!entry || (flagged != again.end() && flagged->second.count(stored.index) > 0)) return;
    out.insert(out.end(), entry->signatures.begin(), entry->signatures.end());
  };
  for (const record::Reader::LogInfo& info : logs)
    if (!info.log.own) each_entry(context, info, [&](const record::StoredEntry& stored, bool) { take(info.log.epoch, stored); });
  return out;
}

}  // namespace

void read_accord_line(const Context& context, const PairIdentity& identity, const Vouched& vouched,
                      const std::function<void(const RecordedEntry&)>& visit) {
  const auto logs = context.store.logs({identity.lineage, kAccordLine});
  std::map<record::EpochId, std::set<std::uint64_t>> again;
  for (const record::Reader::LogInfo& info : logs)
    if (!info.log.own)
      if (auto places = replayed_places(context.store.evidence(info.log)); !places.empty()) again[info.log.epoch] = std::move(places);
  const auto first = again.empty() ? std::vector<record::OfficerSignature>() : first_signatures(context, logs, again);
  const auto came_before = [&](const record::Entry& entry) {
    return std::any_of(entry.signatures.begin(), entry.signatures.end(),
                       [&](const auto& one) { return std::find(first.begin(), first.end(), one) != first.end(); });
  };
  for (const record::Reader::LogInfo& info : logs) {
    const Whose whose = info.log.own ? Whose::kAuthors : Whose::kOthers;
    const std::uint64_t border = vouched_size(vouched, whose, info.log.epoch, info.size);
    const std::set<std::uint64_t> flagged = info.log.own || again.empty() ? std::set<std::uint64_t>() : again[info.log.epoch];
    const auto show = [&](const record::StoredEntry& stored, bool good) {
      auto entry = record::decode_entry(stored.bytes);
      if (!entry) return;
      const bool replayed = flagged.count(stored.index) > 0 && came_before(*entry);
      visit({whose, info.log.epoch, stored.index, stored.stored_at, std::move(*entry), good, replayed});
    };
    each_entry(context, info, [&](const record::StoredEntry& stored, bool early) {
      show(stored, early ? border == info.size && (!vouched || vouched(whose, info.log.epoch, stored.index)) : stored.index < border);
    });
  }
}

}  // namespace detente::core
