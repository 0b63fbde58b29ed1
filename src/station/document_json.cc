#include "station/document_json.h"

#include "wire/text.h"

namespace detente::station {

namespace {

record::StoredBlob as_it_goes(const Running& running, const Counterpart& counterpart, const record::BlobKey& key,
                              const record::StoredBlob& blob) {
  return running.driver->station().peer(counterpart.peer).documents().going(*running.store, key, blob);
}

// `blob` as it goes now. `bytes` of it are where they are to be: here, or as far as is known on the other side's disk.
void add_progress(Json& out, const Running& running, const Counterpart& counterpart, const record::BlobKey& key,
                  const record::StoredBlob& blob) {
  using record::BlobState;
  out["state"] = blob_state_name(blob.state);
  std::uint64_t bytes = blob.state == BlobState::kHere || blob.state == BlobState::kConfirmed ? blob.length : 0;
  const Instant now = running.driver->now().mono;
  const core::Documents& documents = running.driver->station().peer(counterpart.peer).documents();
  const auto under_way = documents.progress(key.own, key.root, now);
  const bool unfinished = blob.state == BlobState::kWanted || blob.state == BlobState::kNamed;
  if (unfinished && under_way) bytes = under_way->bytes;
  const std::uint64_t rate = under_way ? under_way->bytes_per_second : 0;
  out["bytes"] = bytes;
  out["bytes_per_second"] = rate;
  // Whether it moves at all now, whoever asks for it.
  out["stopped"] = Json();
  if (unfinished && under_way && under_way->unsigned_pieces) out["stopped"] = "not-signed";
  if (unfinished && documents.is_cut(blob.line)) out["stopped"] = counterpart.accord.annex(blob.line) == nullptr ? "retired" : "cut";
  out["seconds_left"] = rate > 0 && out["stopped"].is_null() ? Json((blob.length - bytes + rate - 1) / rate) : Json();
}

}  // namespace

const char* blob_state_name(record::BlobState state) {
  switch (state) {
    case record::BlobState::kFilling: return "filling";
    case record::BlobState::kReady: return "ready";
    case record::BlobState::kNamed: return "named";
    case record::BlobState::kConfirmed: return "confirmed";
    case record::BlobState::kWanted: return "wanted";
    case record::BlobState::kHere: return "here";
    case record::BlobState::kRefused: return "refused";
  }
  return "unknown";
}

record::BlobKey blob_key(const Counterpart& counterpart, bool own, const Digest& root) {
  return {counterpart.accord.lineage, counterpart.name(), own, root};
}

Json attachment_json(const Running& running, const Counterpart& counterpart, bool own,
                     const record::Attachment& attachment) {
  Json out{{"root", to_hex(attachment.digest)},
           {"length", attachment.length},
           {"type", wire::display_line(attachment.media_type)},
           {"file_name", wire::display_line(attachment.file_name)},
           {"state", "unknown"}};
  const record::BlobKey key = blob_key(counterpart, own, attachment.digest);
  if (!own && attachment.length > record::kBlobBytesMax) out["state"] = blob_state_name(record::BlobState::kRefused);
  if (const auto blob = running.store->blob(key)) add_progress(out, running, counterpart, key, as_it_goes(running, counterpart, key, *blob));
  return out;
}

Json document_json(const Running& running, const Counterpart& counterpart, const record::BlobKey& key,
                   const record::StoredBlob& stored) {
  const record::StoredBlob blob = as_it_goes(running, counterpart, key, stored);
  const accord::Annex* annex = counterpart.accord.annex(blob.line);
  Json out{{"root", to_hex(key.root)},
           {"whose", key.own ? "own" : "far"},
           {"counterpart", counterpart.name()},
           {"line", annex == nullptr ? "" : annex->name},
           {"length", blob.length},
           {"precedence", record::precedence_name(blob.precedence)},
           {"since", blob.since.seconds}};
  add_progress(out, running, counterpart, key, blob);
  return out;
}

}  // namespace detente::station
