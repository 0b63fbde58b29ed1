#include "station/running.h"

#include "record/blob.h"

namespace detente::station {

Counterpart* Running::counterpart(std::string_view name) {
  for (auto& counterpart : counterparts)
    if (counterpart->name() == name) return counterpart.get();
  return nullptr;
}

record::LogKey Running::newest_log(PeerId peer, LineId id, bool own) const {
  const Counterpart& counterpart = *counterparts[peer.value];
  if (const core::Line* line = driver->station().peer(peer).line(id))
    return own ? line->own().key() : line->far().key();
  const record::LineKey line{counterpart.accord.lineage, id};
  if (const auto newest = store->newest_log(line, own)) return newest->log;
  return {line, own, own ? counterpart.our_station : counterpart.their_station, {}};
}

std::optional<record::StoredEntry> Running::stored(const record::LogKey& log, std::uint64_t index) const {
  auto found = store->entries(log, index, index + 1, 1);
  if (!found.empty()) return std::move(found.front());
  if (!log.own)
    for (record::StoredEntry& early : store->early_entries(log))
      if (early.index == index) return std::move(early);
  return std::nullopt;
}

ReadMarks& Running::marks_of(PeerId peer, LineId id) {
  ReadMarks& out = marks[{peer, id}];
  const record::LineKey line{counterparts[peer.value]->accord.lineage, id};
  out.refresh(*store, line);
  if (!out.keep_due()) return out;
  // Under a fence that is no line's: those are the core's.
  if (!marks_fence)
    if (const auto fence = store->claim({})) marks_fence = *fence;
  if (marks_fence) {
    out.keep(*store, *marks_fence, line);
  } else {
    out.put_off();
  }
  return out;
}

std::optional<Bytes> Running::whole_document(const record::BlobKey& key, std::uint64_t bytes_max) const {
  const auto blob = store->blob(key);
  if (!blob || blob->length > bytes_max) return std::nullopt;
  Bytes out;
  for (std::uint64_t piece = 0; piece < record::piece_count(blob->length); ++piece)
    if (const auto part = store->piece(key, piece)) append(out, *part);
  return out.size() == blob->length ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace detente::station
