// Api: documents: their bytes in and out, and how far they are. spec/api.md,
// "Documents".
#include <algorithm>

#include "station/api.h"
#include "station/desk_checks.h"
#include "station/document_json.h"

namespace detente::station {

namespace {

// Read on the station's thread.
constexpr std::uint64_t kPiecesAtOnce = 16;
constexpr std::size_t kDocumentsAtOnce = 256;

struct Found {
  record::BlobKey key;
  record::StoredBlob blob;
};

Result<record::BlobKey> named(const Counterpart& counterpart, const ApiRequest& request, const std::string& root_text) {
  DETENTE_TRY(root, parse_root(root_text));
  DETENTE_TRY(own, parse_whose(request));
  return blob_key(counterpart, own, root);
}

Result<Found> find_document(const Running& running, const Counterpart& counterpart, const ApiRequest& request) {
  DETENTE_TRY(key, named(counterpart, request, request.path[6]));
  Found out{std::move(key), {}};
  const auto blob = running.store->blob(out.key);
  if (!blob) return fail(Fault::kNotFound, "nothing is known here of this document");
  out.blob = *blob;
  return out;
}

}  // namespace

Result<Json> documents_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex, const ApiRequest& request) {
  record::BlobKey first = record::lowest_blob_key(counterpart.accord.lineage, counterpart.name());
  if (const auto from = request.query.find("from"); from != request.query.end()) {
    DETENTE_TRY(key, named(counterpart, request, from->second));
    first = std::move(key);
  }
  auto found = running.store->blobs_from(first, kDocumentsAtOnce + 1);
  Json next;
  if (found.size() > kDocumentsAtOnce) {
    const record::BlobKey& key = found.back().first;
    next = Json{{"root", to_hex(key.root)}, {"whose", key.own ? "own" : "far"}};
    found.pop_back();
  }
  Json list = Json::array();
  const core::Documents& documents = running.driver->station().peer(counterpart.peer).documents();
  for (const auto& [key, blob] : found) {
    const auto names = documents.names(*running.store, key, blob);
    const auto of_line = [&](const core::DocumentName& name) { return name.line == annex.line; };
    if (std::any_of(names.begin(), names.end(), of_line)) list.push_back(document_json(running, counterpart, key, blob));
  }
  return Json{{"ok", true}, {"counterpart", counterpart.name()}, {"line", annex.name}, {"documents", std::move(list)}, {"next", std::move(next)}};
}

Result<Json> one_document_json(Running& running, const Counterpart& counterpart, const ApiRequest& request) {
  DETENTE_TRY(found, find_document(running, counterpart, request));
  Json out = document_json(running, counterpart, found.key, found.blob);
  // How far a desk that was interrupted has handed it over.
  std::uint64_t pieces = 0;
  if (found.blob.state == record::BlobState::kFilling)
    for (const auto& [piece, leaf] : running.store->piece_leaves(found.key)) {
      if (piece != pieces) break;
      ++pieces;
    }
  out["pieces_filled"] = pieces;
  out["ok"] = true;
  return out;
}

void Api::get_document_bytes(const ApiRequest& request, Reply reply) {
  const auto read = [&]() -> Result<Bytes> {
    DETENTE_TRY(target, find_readable(request));
    DETENTE_TRY(found, find_document(running_, *target.counterpart, request));
    DETENTE_TRY(first, first_piece(request));
    if (found.blob.state == record::BlobState::kFilling || found.blob.state == record::BlobState::kWanted ||
        found.blob.state == record::BlobState::kRefused)
      return fail(Fault::kState, "the document is not all here");
    Bytes out;
    const std::uint64_t end = std::min(record::piece_count(found.blob.length), first + kPiecesAtOnce);
    for (std::uint64_t piece = first; piece < end; ++piece) {
      const auto bytes = running_.store->piece(found.key, piece);
      if (const auto fault = running_.store->fault()) return tl::unexpected<Error>(*fault);
      if (!bytes) return fail(Fault::kIo, "a piece of the document is missing in the record: restore a backup");
      append(out, *bytes);
    }
    return out;
  };
  const Result<Bytes> bytes = read();
  if (!bytes) return reply({http_status(bytes.error().fault), dump(error_json(bytes.error()))});
  reply({200, as_string(*bytes), "application/octet-stream"});
}

void Api::post_document(const ApiRequest& request, Reply reply) {
  const auto put = [&]() -> Result<void> {
    DETENTE_TRY(target, find_line(request));
    DETENTE_TRY_VOID(check_carried(*target.annex));
    DETENTE_TRY(length, document_length(request));
    const bool small = target.annex->line == kAccordLine && length <= line::kBundleMax;
    if (!target.annex->allows_medium(accord::Medium::kDocument) && !small)
      return fail(Fault::kDenied, "line " + target.annex->name + " carries no documents by the accord");
    core::DocumentPart part;
    DETENTE_TRY(root, parse_root(request.path[6]));
    part.root = root;
    part.line = target.annex->line;
    part.length = length;
    DETENTE_TRY(piece, first_piece(request));
    part.first_piece = piece;
    part.bytes = to_bytes(as_bytes(request.body));
    const PeerId peer = target.counterpart->peer;
    const auto accepted = [&](core::SubmissionId id) { handed_over_.emplace(std::pair(peer, id), std::move(reply)); };
    DETENTE_TRY(id, running_.driver->put_document(peer, part, accepted));
    static_cast<void>(id);
    return {};
  };
  if (const Result<void> done = put(); !done)
    reply({http_status(done.error().fault), dump(error_json(done.error()))});
}

void Api::on_part(PeerId peer, core::SubmissionId id, ApiResponse response) {
  const auto it = handed_over_.find({peer, id});
  if (it == handed_over_.end()) return;
  it->second(std::move(response));
  handed_over_.erase(it);
}

}  // namespace detente::station
