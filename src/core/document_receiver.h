// DocumentReceiver: documents that entries of the other side name. Asks for the
// pieces that are missing, checks each against the root, keeps it, and asks again
// when nothing comes. spec/document.md section 3.
//
// Bounds: pieces that are not whole yet, or not durable yet, hold kBufferedMax bytes at most; the
// acknowledgements of packets wait while half of that is full, so the author waits too. Each document takes a piece's bytes
// of the room at least, and DocumentTerms::open_max are wanted at a time: an entry names many, and need not have their bytes.
#pragma once

#include <algorithm>
#include <deque>
#include <set>

#include "core/document_names.h"
#include "core/limits.h"
#include "core/link.h"
#include "core/transfer_rate.h"
#include "record/blob.h"

namespace detente::core {

class DocumentReceiver {
 public:
  DocumentReceiver(const PairIdentity& identity, Link& link, const DocumentTerms& terms, DocumentNames& names)
      : identity_(&identity), link_(&link), terms_(&terms), names_(&names) {}

  void load(Context& context, record::Fence fence, const KnownDocuments& documents);
  void on_cuts();  // other lines are cut than before
  void named(Context& context, LineId line, const std::vector<NamedDocument>& documents, record::Batch& batch);
  void named_durable(Context& context, const record::BlobKey& key, const record::StoredBlob& blob);
  // The disk did not take it: it is named again, or never.
  void named_in_vain(const record::BlobKey& key);
  // The most urgent ones ask; the others wait for their turn.
  void schedule(Context& context);

  void on_data(Context& context, record::BlobData data, PathId came_on);
  void on_note(Context& context, const record::BlobNote& note, PathId came_on);  // gone, offer
  void on_link_up(Context& context, bool fresh);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;
  std::optional<DocumentProgress> progress(const Digest& root, Instant now) const;
  // Bytes of pieces that are not whole or not durable yet.
  std::size_t buffered() const { return buffered_; }
  // Of which so many ranges are there: each takes memory, too. For audits.
  std::size_t ranges() const;

  static constexpr std::size_t kBufferedMax = std::size_t{8} << 20;

 private:
  static constexpr std::size_t kCommitPieces = 64;
  static constexpr std::size_t kAskedAtOnce = 8;
  static constexpr std::size_t kRangesMax = 320;  // of a piece that is not whole

  struct Partial {
    Bytes bytes;
    std::map<std::uint32_t, std::uint32_t> ranges;  // end by start, not adjacent
    std::optional<record::Proof> proof;
  };
  struct Wanted {
    record::BlobKey key;
    record::StoredBlob blob;  // with the line and precedence by which it goes
    DocumentNames::Names names;
    std::vector<bool> held;        // durable
    std::vector<bool> on_its_way;  // verified, its commit is under way or waits
    std::uint64_t held_count = 0;
    std::map<std::uint64_t, Partial> partials;
    bool gone = false;  // the other side has it no more; asked again in a new session
    bool finishing = false;
    bool bad_told = false;
    bool bad_since_asked = false;   // a bad piece came since the newest question
    unsigned bad_answers = 0;       // one after another
    unsigned tries = 0;
    std::optional<Instant> ask_at;
    std::optional<Instant> asked_at;
    std::vector<SentPacket> asked;   // with the newest question, while it drew nothing
    std::optional<PathId> came_on;   // the newest data
    TransferRate rate;
    std::uint64_t pieces() const { return held.size(); }
  };

  // About to be named durably.
  struct Naming {
    record::StoredBlob blob;  // wanted: its bytes are counted; or refused
    bool durable = false;     // by one of the commits
    std::size_t commits = 0;  // under way
  };

  static std::uint64_t room_of(std::uint64_t length) { return std::max<std::uint64_t>(length, record::kPieceBytes); }
  std::size_t open() const { return wanted_.size() + naming_.size(); }
  std::string why_not_fetched(std::uint64_t length) const;  // empty: it is
  void ended(std::map<Digest, Naming>::iterator naming);  // one of its commits
  Wanted* find_wanted(const record::BlobKey& key);  // nothing where another root that begins alike is
  void begin(Context& context, const record::BlobKey& key, const record::StoredBlob& blob);
  Duration pause(const Wanted& wanted) const;  // until it is asked for again
  void ask(Context& context, Wanted& wanted);
  void take_part(Partial& partial, std::uint32_t offset, ByteView bytes);
  void try_piece(Context& context, Wanted& wanted, std::uint64_t number);
  static bool ends_early(const Wanted& wanted);
  void refuse_answer(Context& context, Wanted& wanted);
  void commit_pieces(Context& context);
  void kept(Context& context, const std::vector<record::PutPiece>& pieces);  // durably
  void finish(Context& context, Wanted& wanted);
  void hold_back();
  void drop_partial(Wanted& wanted, std::uint64_t number);
  void drop_partials(Wanted& wanted);
  void say(Context& context, record::BlobWord word, const record::RootPrefix& prefix, std::optional<PathId> on);

  const PairIdentity* identity_;
  Link* link_;
  const DocumentTerms* terms_;
  DocumentNames* names_;
  record::Fence fence_;
  std::map<record::RootPrefix, Wanted> wanted_;
  std::vector<record::RootPrefix> in_turn_;  // those that are asked for
  std::uint64_t kept_bytes_ = 0;  // of the room: theirs by their lengths, whole or not
  std::set<record::RootPrefix> here_;  // whole, and said so when they are offered
  std::map<Digest, Naming> naming_;
  std::deque<record::PutPiece> verified_;  // until they are durable; the first of them are being committed
  // Words that draw an answer, and those that raise an alarm and cost a look at every document: a packet holds a hundred.
  Bucket notes_{256, 128, std::chrono::seconds(1)}, gone_{256, 128, std::chrono::seconds(1)};
  std::size_t buffered_ = 0;  // bytes of partials, and of pieces that are not durable
  bool committing_ = false;
  bool refused_told_ = false;  // that the disk takes nothing
  std::optional<Instant> commit_again_at_;
  std::optional<Instant> data_at_;  // the newest, of any of them
};

}  // namespace detente::core
