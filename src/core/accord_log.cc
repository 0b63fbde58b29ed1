#include "core/accord_log.h"

#include <algorithm>

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
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < 8; ++i) index = index << 8 | evidence.bytes[i];
  return index;
}

std::set<std::uint64_t> replayed_places(const std::vector<record::PutEvidence>& evidence) {
  std::set<std::uint64_t> out;
  for (const record::PutEvidence& one : evidence)
    if (const auto index = replayed_place(one)) out.insert(*index);
  return out;
}

void read_accord_line(const Context& context, const PairIdentity& identity, const Vouched& vouched,
                      const std::function<void(const RecordedEntry&)>& visit) {
  for (const record::Reader::LogInfo& info : context.store.logs({identity.lineage, kAccordLine})) {
    const Whose whose = info.log.own ? Whose::kAuthors : Whose::kOthers;
    const std::uint64_t border = vouched_size(vouched, whose, info.log.epoch, info.size);
    const std::set<std::uint64_t> replayed = info.log.own ? std::set<std::uint64_t>() : replayed_places(context.store.evidence(info.log));
    const auto show = [&](const record::StoredEntry& stored, bool good) {
      if (auto entry = record::decode_entry(stored.bytes))
        visit({whose, info.log.epoch, stored.index, stored.stored_at, std::move(*entry), good, replayed.count(stored.index) > 0});
    };
    for (std::uint64_t from = 0; from < info.size; from += kPage)
      for (const record::StoredEntry& stored : context.store.entries(info.log, from, std::min(info.size, from + kPage), kPage))
        show(stored, stored.index < border);
    if (info.log.own) continue;
    for (const record::StoredEntry& stored : context.store.early_entries(info.log))
      show(stored, border == info.size && (!vouched || vouched(whose, info.log.epoch, stored.index)));
  }
}

}  // namespace detente::core
