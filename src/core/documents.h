// Documents: the blobs of one counterpart, both directions. What the desk gives
// is kept piece by piece; what an entry of theirs names is asked for, verified
// as it comes, and kept; what they ask for is sent. spec/document.md.
//
// Both ends keep to what the store has: after a restart, an unknown path or a
// refused commit the receiver says what it holds, and the author goes on there.
// Entries go before: Peer calls pump() when no line has anything to send.
#pragma once

#include <set>

#include "core/document_names.h"
#include "core/document_receiver.h"
#include "core/document_sender.h"
#include "core/limits.h"

namespace detente::core {

class Documents {
 public:
  Documents(const PairIdentity& identity, Link& link, DocumentTerms terms);

  void load(Context& context, record::Fence fence);
  SubmissionId next_id() const { return next_id_; }
  void count_from(SubmissionId next) { next_id_ = next; }  // of one that goes on where another ended

  // Pieces of one of our documents, from the desk. Durable with DocumentStored, else DocumentFailed.
  // kLimit, kMalformed, kConflict, kState with what to do.
  Result<SubmissionId> put(Context& context, const DocumentPart& part);
  bool disk_rests(Instant now) const { return disk_rests_until_ && now < *disk_rests_until_; }  // it refused a part just now
  // Whether its last part was handed over, and its commit and the one that says that it is whole are not through.
  bool is_being_put(const Digest& root) const { return unsettled_.count(root) > 0; }
  // For an entry that names them: every one is complete here. Adds to the batch that they are named.
  Result<void> check_named(Context& context, const record::Header& header) const;
  void name(Context& context, const record::Header& header, record::Batch& batch);

  // The other side's entries name these; to `batch`, with the entry.
  void theirs_named(Context& context, LineId line, const std::vector<NamedDocument>& named, record::Batch& batch);
  // What was named, ours or theirs, is durable.
  void named_durable(Context& context, const std::vector<record::BlobKey>& keys);
  void named_in_vain(const std::vector<record::BlobKey>& keys);  // the disk did not take it

  void on_frame(Context& context, const wire::Frame& frame, PathId came_on);
  void on_packets(Context& context, const std::vector<SentPacket>& acknowledged, const std::vector<SentPacket>& lost);
  void on_link_up(Context& context, bool fresh);
  // Whether a cut keeps documents off that line: what is under way waits, and goes on where it stopped.
  // True when that changed; then on_link_up() is called, with a link.
  bool set_cut(LineId line, bool cut);
  // Its line and precedence are those by which it goes now, of all whose entries name it.
  record::StoredBlob going(const record::Reader& store, const record::BlobKey& key, record::StoredBlob blob) const {
    names_.going(store, key, blob);
    return blob;
  }
  DocumentNames::Names names(const record::Reader& store, const record::BlobKey& key, const record::StoredBlob& blob) const {
    return names_.all(store, key, blob);
  }
  void pump(Context& context) { sender_.pump(context); }
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;

  // How far one that is under way is; nothing for any other.
  std::optional<DocumentProgress> progress(bool own, const Digest& root, Instant now) const;
  UnconfirmedDocuments unconfirmed(LineId line) const { return sender_.unconfirmed(line); }
  // Whether a cut keeps them off that line now, or the accord has it no more.
  bool is_cut(LineId line) const { return terms_.is_cut(line); }
  // Bytes of theirs that wait for their rest or for the disk.
  std::size_t buffered() const { return receiver_.buffered(); }
  std::size_t ranges() const { return receiver_.ranges(); }

 private:
  record::BlobKey own_key(const Digest& root) const;
  void finish_put(Context& context, const DocumentPart& part, SubmissionId id);

  const PairIdentity* identity_;
  DocumentTerms terms_;
  DocumentNames names_;
  record::Fence fence_;
  DocumentSender sender_;
  DocumentReceiver receiver_;
  // Its last piece is being checked, or it is about to be dropped: nobody adds to it or names it meanwhile.
  std::set<Digest> unsettled_;
  std::optional<Instant> disk_rests_until_;
  SubmissionId next_id_ = 1;
  Bucket asks_{256, 128, std::chrono::seconds(1)};  // wants: each costs a look at every piece
};

}  // namespace detente::core
