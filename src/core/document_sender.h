// DocumentSender: our documents on their way to one counterpart. Sends what was
// asked for, in ascending order, as the path's congestion window allows, and
// again what was lost. spec/document.md section 3.
#pragma once

#include <deque>
#include <set>

#include "core/document_names.h"
#include "core/link.h"
#include "core/transfer_rate.h"
#include "record/blob.h"

namespace detente::core {

class DocumentSender {
 public:
  DocumentSender(const PairIdentity& identity, Link& link, const DocumentTerms& terms, const DocumentNames& names)
      : identity_(&identity), link_(&link), terms_(&terms), names_(&names) {}

  void load(const Context& context, record::Fence fence, const KnownDocuments& documents);
  void on_cuts();  // other lines are cut than before
  // The other side said that it has it; that is being written.
  bool is_confirming(const Digest& root) const { return confirming_.count(record::blob_prefix(root)) > 0; }
  // An entry names it now, durably; perhaps another one than before. It may have been confirmed by then.
  void named(const Context& context, const record::BlobKey& key, const record::StoredBlob& blob);

  void on_want(Context& context, const record::BlobWant& want);
  void on_have(Context& context, const record::RootPrefix& prefix);
  void on_packets(Context& context, const std::vector<SentPacket>& acknowledged, const std::vector<SentPacket>& lost);
  // In a new session the other side is asked whether what it has not confirmed is there.
  void on_link_up(Context& context, bool fresh);
  void pump(Context& context);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;
  std::optional<DocumentProgress> progress(const Digest& root, Instant now) const;
  UnconfirmedDocuments unconfirmed(LineId line) const;

 private:
  static constexpr std::size_t kAskedMax = 16;
  static constexpr Duration kAckDelay = std::chrono::milliseconds(25);  // RFC 9002 section 6.2.1, on top of the timeout

  struct Part {
    std::uint64_t piece = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Flight {
    Instant left;  // the bearer
    std::vector<std::pair<record::RootPrefix, Part>> parts;
    std::optional<std::uint64_t> cut;  // a frame that takes several packets: its turn, which they share
  };
  struct Departing {  // a frame that was cut and has not left as a whole
    Departure departure;
    Flight flight;  // as each of its packets has it; its part is under way until the last has left
  };
  struct Asked {  // by the other side, in this life
    record::BlobKey key;
    record::StoredBlob blob;  // with the line and precedence by which it goes
    DocumentNames::Names names;
    std::vector<bool> held;  // what the other side says that it has, by piece
    std::uint64_t held_bytes = 0;
    std::uint64_t piece = 0;  // the next to send, from `offset` on
    std::uint32_t offset = 0;
    std::deque<Part> again;
    std::optional<Departing> departing;  // leaves before anything else of it
    std::size_t in_flight = 0;  // parts
    std::map<std::uint64_t, std::uint64_t> arrived;  // bytes of pieces that are not held, as far as anybody said
    std::optional<record::BlobTree> tree;  // while it is being sent
    std::uint64_t sent_at_turn = 0;  // the newest was sent last
    std::optional<std::pair<std::uint64_t, Bytes>> cached;  // the piece that was read last
    std::optional<Instant> offer_at;  // all was sent: when to ask whether it is there
    unsigned offers = 0;
    TransferRate rate;
  };
  using PacketKey = std::pair<PathId, std::pair<std::uint64_t, std::uint64_t>>;  // session, counter

  static PacketKey key_of(const SentPacket& packet) { return {packet.path, {packet.session, packet.counter}}; }
  // The most urgent one that a path of its line takes a packet of now.
  Asked* next_asked(Instant now);
  // When that is; nothing while it waits for news from that path.
  std::optional<Instant> departs_at(LineId line) const;
  static void skip_held(Asked& asked);  // what is held there by now need not be sent
  bool has_more(const Asked& asked) const;
  const Paths::Allowed& allowed(LineId line) const;
  bool send_packet(Context& context, Asked& first);
  void note_sent(const std::vector<SentPacket>& packets, Flight flight);
  // The next packet of its frame that was cut. False when none could be sent.
  bool go_on(Context& context, Asked& asked);
  // The next bytes of it in at most `room` bytes of frame; nothing when there are none (then perhaps it is gone). Where a
  // piece's proof leaves no room, a frame that is to be cut, or with `may_cut` false nothing.
  std::optional<std::pair<wire::Frame, Part>> next_frame(Context& context, Asked& asked, std::size_t room, bool may_cut);
  const Bytes* read_piece(Context& context, Asked& asked, std::uint64_t piece);
  // What it had is sent again; of a frame that was cut all, since it is nothing without one of its packets.
  void requeue(const Flight& flight);
  template <typename Visit>
  void others_of_cut(const Flight& flight, const Visit& visit);  // the other packets of its frame
  std::map<PacketKey, Flight>::const_iterator oldest_on(PathId path) const;  // the end: nothing is under way there
  bool is_silent(PathId path) const;  // a timeout went by, and nothing of a document was acknowledged there since
  Instant lost_at(PathId path) const;  // what is under way there
  void give_up_lost(Context& context);
  void forget(const record::RootPrefix& prefix);  // what was asked, and what is on its way of it
  bool make_place(const Context& context, const record::StoredBlob& blob);  // for one more that is asked for
  void confirm(Context& context, const record::RootPrefix& prefix);
  void say(Context& context, record::BlobWord word, const record::RootPrefix& prefix);
  void forget_trees(std::size_t leaves);  // of others, so that so many find room

  const PairIdentity* identity_;
  Link* link_;
  const DocumentTerms* terms_;
  const DocumentNames* names_;
  record::Fence fence_;
  // Named by an entry of ours and not confirmed.
  struct Open {
    record::BlobKey key;
    record::StoredBlob blob;  // with the line and precedence by which it goes
    DocumentNames::Names names;
    std::optional<Instant> offer_at = {};  // until the other side says something of it
    unsigned offers = 0;
  };
  Open open_one(const Context& context, const record::BlobKey& key, record::StoredBlob blob) const;
  std::size_t being_offered() const;
  void offer_open(Context& context);
  std::map<record::RootPrefix, Open> open_;
  std::map<record::RootPrefix, Asked> asked_;
  std::uint64_t turns_ = 0;  // packets of documents that were sent
  // The other side said that it has them; of some the disk took no note yet.
  std::set<record::RootPrefix> confirming_, confirm_again_;
  std::optional<Instant> confirm_again_at_;
  std::map<PacketKey, Flight> flights_;
  struct Waiting {
    Instant news_at;  // the last acknowledgement, or when the first packet after it had left the bearer
    unsigned tries = 0;
  };
  std::map<PathId, Waiting> waiting_;
};

}  // namespace detente::core
