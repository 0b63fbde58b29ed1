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

// In its order, and of theirs what came ahead of it behind that.
void each_entry(const Context& context, const record::Reader::LogInfo& info,
                const std::function<void(const record::StoredEntry&, bool early)>& visit) {
  for (std::uint64_t from = 0; from < info.size; from += kPage)
    for (const record::StoredEntry& stored : context.store.entries(info.log, from, std::min(info.size, from + kPage), kPage)) visit(stored, false);
  if (info.log.own) return;
  for (const record::StoredEntry& stored : context.store.early_entries(info.log)) visit(stored, true);
}

}  // namespace

void read_accord_line(const Context& context, const PairIdentity& identity, const Vouched& vouched,
                      const std::function<void(RecordedEntry)>& visit) {
  for (const record::Reader::LogInfo& info : context.store.logs({identity.lineage, kAccordLine})) {
    const Whose whose = info.log.own ? Whose::kAuthors : Whose::kOthers;
    const std::uint64_t border = vouched_size(vouched, whose, info.log.epoch, info.size);
    const auto show = [&](const record::StoredEntry& stored, bool good) {
      auto entry = record::decode_entry(stored.bytes);
      if (entry) visit({whose, info.log.epoch, stored.index, stored.stored_at, std::move(*entry), good});
    };
    each_entry(context, info, [&](const record::StoredEntry& stored, bool early) {
      show(stored, early ? border == info.size && (!vouched || vouched(whose, info.log.epoch, stored.index)) : stored.index < border);
    });
  }
}

}  // namespace detente::core
