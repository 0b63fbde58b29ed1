#include "core/documents.h"

#include <algorithm>

namespace detente::core {

namespace {

constexpr std::uint32_t kUnnamedKept = 24 * 3600;  // seconds that a document waits here for its entry

}  // namespace

Documents::Documents(const PairIdentity& identity, Link& link, DocumentTerms terms)
    : identity_(&identity),
      terms_(std::move(terms)),
      names_(terms_),
      sender_(identity, link, terms_, names_),
      receiver_(identity, link, terms_, names_) {}

void Documents::load(Context& context, record::Fence fence) {
  fence_ = fence;
  const KnownDocuments documents = context.store.blobs(identity_->lineage, identity_->counterpart);
  sender_.load(context, fence, documents);
  receiver_.load(context, fence, documents);
  record::Batch batch;
  batch.fence = fence;
  for (const auto& [key, blob] : documents) {
    const bool unnamed = key.own && (blob.state == record::BlobState::kFilling ||
                                     blob.state == record::BlobState::kReady);
    if (!unnamed || context.now.wall.seconds <= blob.since.seconds + kUnnamedKept) continue;
    batch.writes.push_back(record::DropBlob{key});
    unsettled_.insert(key.root);
  }
  if (batch.writes.empty()) return;
  // Not all that is unsettled by then: a document is perhaps being handed over.
  const auto settle = [this, dropped = unsettled_] {
    for (const Digest& root : dropped) unsettled_.erase(root);
  };
  context.effects.persist({std::move(batch)}, [settle](Context&) { settle(); }, [settle](Context&, const Error&) { settle(); });
}

record::BlobKey Documents::own_key(const Digest& root) const {
  return {identity_->lineage, identity_->counterpart, true, root};
}

// --- from the desk -----------------------------------------------------------------

Result<SubmissionId> Documents::put(Context& context, const DocumentPart& part) {
  if (part.length > terms_.length_max)
    return fail(Fault::kLimit, "the document has " + std::to_string(part.length) + " bytes; the accord allows " +
                                   std::to_string(terms_.length_max) + ". Send a smaller one, or agree on another limit");
  const std::uint64_t pieces = record::piece_count(part.length);
  if (part.first_piece >= pieces || part.bytes.size() > kPartBytesMax)
    return fail(Fault::kMalformed, "a part that lies outside its document");
  const record::BlobKey key = own_key(part.root);
  const auto known = context.store.blob(key);
  if (known && known->length != part.length)
    return fail(Fault::kConflict, "this root belongs to a document of another length");
  if (unsettled_.count(part.root) > 0)
    return fail(Fault::kState, "this document is being handed over by another desk, or cleared away after a day without "
                               "a message; send it again in a moment");
  record::Batch batch;
  batch.fence = fence_;
  if (!known)
    batch.writes.push_back(record::PutBlob{
        key, {part.length, part.line, record::Precedence::kRoutine, record::BlobState::kFilling, context.now.wall}});
  std::uint64_t piece = part.first_piece;
  const ByteView bytes(part.bytes);
  for (std::size_t at = 0; piece < pieces && (at < bytes.size() || part.length == 0); ++piece) {
    const std::size_t size = record::piece_bytes(part.length, piece);
    if (bytes.size() - at < size) return fail(Fault::kMalformed, "a part of a document that does not end with a piece");
    batch.writes.push_back(record::PutPiece{key, piece, record::leaf_hash(bytes.subspan(at, size)),
                                            to_bytes(bytes.subspan(at, size))});
    at += size;
    if (at == bytes.size()) {
      ++piece;
      break;
    }
  }
  const SubmissionId id = next_id_++;
  if (known && known->state != record::BlobState::kFilling) {  // it is here already
    context.effects.notify(DocumentStored{identity_->peer, id, part.root, true});
    return id;
  }
  const bool last = piece == pieces;
  if (last) unsettled_.insert(part.root);
  context.effects.persist(
      {std::move(batch)},
      [this, part = DocumentPart{part.root, part.length, part.line, 0, {}}, id, last](Context& then) {
        if (last) return finish_put(then, part, id);
        then.effects.notify(DocumentStored{identity_->peer, id, part.root, false});
      },
      [this, root = part.root, id, last](Context& then, const Error& error) {
        if (last) unsettled_.erase(root);
        disk_rests_until_ = then.now.mono + kWriteAgain;
        then.effects.notify(DocumentFailed{identity_->peer, id, error});
      });
  return id;
}

// The last piece is here: so must be the others, and the root be theirs.
void Documents::finish_put(Context& context, const DocumentPart& part, SubmissionId id) {
  const record::BlobKey key = own_key(part.root);
  record::Frontier frontier;
  const auto leaves = context.store.piece_leaves(key);
  for (const auto& [piece, leaf] : leaves) frontier.append(leaf);
  const bool whole = leaves.size() == record::piece_count(part.length);
  const bool good = whole && frontier.root() == part.root;
  if (!whole) {
    unsettled_.erase(part.root);
    context.effects.notify(DocumentStored{identity_->peer, id, part.root, false});
    return;
  }
  record::Batch batch;
  batch.fence = fence_;
  auto blob = context.store.blob(key);
  if (good && !blob) {
    unsettled_.erase(part.root);
    return context.effects.notify(DocumentFailed{
        identity_->peer, id, {Fault::kIo, "what was written of the document is not on the disk any more; send it again"}});
  }
  if (good) {
    blob->state = record::BlobState::kReady;
    batch.writes.push_back(record::PutBlob{key, *blob});
  } else {
    batch.writes.push_back(record::DropBlob{key});
  }
  context.effects.persist(
      {std::move(batch)},
      [this, root = part.root, id, good](Context& then) {
        unsettled_.erase(root);
        if (good) return then.effects.notify(DocumentStored{identity_->peer, id, root, true});
        then.effects.notify(DocumentFailed{
            identity_->peer, id,
            {Fault::kConflict, "the document changed while it was read; send it again when nobody writes to it"}});
      },
      [this, root = part.root, id](Context& then, const Error& error) {
        unsettled_.erase(root);
        disk_rests_until_ = then.now.mono + kWriteAgain;
        then.effects.notify(DocumentFailed{identity_->peer, id, error});
      });
}

Result<void> Documents::check_named(Context& context, const record::Header& header) const {
  for (const record::Attachment& attachment : header.attachments) {
    const auto blob = context.store.blob(own_key(attachment.digest));
    const bool unsettled = unsettled_.count(attachment.digest) > 0;
    if (!blob || blob->state == record::BlobState::kFilling || unsettled)
      return fail(Fault::kState, "a document that the message names is not at the station yet; hand it over first");
    if (blob->length != attachment.length)
      return fail(Fault::kConflict, "the message names a document with a length that it has not");
  }
  return {};
}

void Documents::name(Context& context, const record::Header& header, record::Batch& batch) {
  for (const record::Attachment& attachment : header.attachments) {
    const record::BlobKey key = own_key(attachment.digest);
    auto blob = context.store.blob(key);
    if (!blob || blob->state == record::BlobState::kFilling) continue;
    const bool ready = blob->state == record::BlobState::kReady;
    if (ready) blob->state = record::BlobState::kNamed;
    if (sender_.is_confirming(key.root)) blob->state = record::BlobState::kConfirmed;  // that is being written
    if (ready && !names_.under_way(key)) {
      blob->line = header.line;
      blob->precedence = header.precedence;
      names_.first(key, *blob);
    } else if (!names_.also(context, key, header.line, header.precedence, *blob, batch)) {
      if (!ready) continue;
      names_.again(key);  // the commit that says the same may be refused
    }
    batch.writes.push_back(record::PutBlob{key, *blob});
  }
}

// --- from the other side --------------------------------------------------------------

void Documents::theirs_named(Context& context, LineId line, const std::vector<NamedDocument>& named,
                             record::Batch& batch) {
  receiver_.named(context, line, named, batch);
}

void Documents::named_durable(Context& context, const std::vector<record::BlobKey>& keys) {
  if (keys.empty()) return;
  for (const record::BlobKey& key : keys) {
    names_.ended(key, false);
    const auto blob = context.store.blob(key);
    if (!blob) continue;
    if (key.own) sender_.named(context, key, *blob);
    if (!key.own) receiver_.named_durable(context, key, *blob);
  }
  receiver_.schedule(context);
}

void Documents::named_in_vain(const std::vector<record::BlobKey>& keys) {
  for (const record::BlobKey& key : keys) {
    names_.ended(key, true);
    if (!key.own) receiver_.named_in_vain(key);
  }
}

bool Documents::set_cut(LineId line, bool cut) {
  const bool changed = cut ? terms_.cut.insert(line).second : terms_.cut.erase(line) > 0;
  if (!changed) return false;
  sender_.on_cuts();
  receiver_.on_cuts();
  return true;
}

void Documents::on_frame(Context& context, const wire::Frame& frame, PathId came_on) {
  Result<record::BlobFrame> parsed = record::decode_blob_frame(frame.body);
  if (!parsed) {
    if (parsed.error().fault != Fault::kUnsupported)
      context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry, parsed.error().message});
    return;
  }
  if (const auto* want = std::get_if<record::BlobWant>(&*parsed)) {
    if (asks_.take(context.now.mono)) sender_.on_want(context, *want);
    return;
  }
  if (auto* data = std::get_if<record::BlobData>(&*parsed)) return receiver_.on_data(context, std::move(*data), came_on);
  const auto& note = std::get<record::BlobNote>(*parsed);
  if (note.word == record::BlobWord::kHave) return sender_.on_have(context, note.root);
  receiver_.on_note(context, note, came_on);
}

void Documents::on_packets(Context& context, const std::vector<SentPacket>& acknowledged,
                           const std::vector<SentPacket>& lost) {
  sender_.on_packets(context, acknowledged, lost);
}

void Documents::on_link_up(Context& context, bool fresh) {
  receiver_.on_link_up(context, fresh);
  sender_.on_link_up(context, fresh);
}

void Documents::on_deadline(Context& context) {
  receiver_.on_deadline(context);
  sender_.on_deadline(context);
}

std::optional<Instant> Documents::next_deadline() const {
  std::optional<Instant> due = sender_.next_deadline();
  if (const auto at = receiver_.next_deadline()) due = std::min(due.value_or(*at), *at);
  return due;
}

std::optional<DocumentProgress> Documents::progress(bool own, const Digest& root, Instant now) const {
  return own ? sender_.progress(root, now) : receiver_.progress(root, now);
}

}  // namespace detente::core
