// A hostile counterpart: it holds North's keys, is inside the session, and does
// what no honest station does. The honest station is the same core as everywhere;
// Hostile checks what it must hold to: nothing false is taken, what proves the
// other side's falsehood is kept, its memory and disk stay bounded, and an honest
// word still gets through afterwards.
//
// Same seed, same trace. No faults of the network here: World has those.
#pragma once

#include <deque>
#include <functional>

#include "core/seen_signatures.h"
#include "record/blob.h"
#include "record/entry_wire.h"
#include "record/merkle.h"
#include "record/two_records.h"
#include "sim/memory_store.h"
#include "sim/pair.h"

namespace detente::sim {

class Hostile {
 public:
  struct Report {
    std::vector<std::string> violations;
    std::uint64_t equivocations = 0;  // that were caught, with two signed checkpoints kept
    std::uint64_t datagrams = 0;      // that the hostile side sent
  };
  explicit Hostile(std::uint64_t seed, const core::DocumentTerms& documents = small_room());
  Report run();
  // More documents without bytes than are wanted at a time, in a room that holds them all.
  Report name_without_end();
  // For a fuzzer: names hostile_document(), lets the honest side name honest_document(), and sends these bodies of
  // document frames. What it was told and given afterwards must be right, whatever they were.
  Report send_document_frames(const std::vector<Bytes>& bodies);
  // One officer's counter under so many acts, and one of them again.
  Report repeat_a_counter(std::size_t times);
  static Bytes hostile_document();
  static Bytes honest_document();

 private:
  static core::DocumentTerms small_room();
  struct Honest {
    explicit Honest(std::uint64_t seed) : keys(seed), jitter(seed + 1) {}
    SeededRandom keys;
    SeededRandom jitter;
    MemoryStore store;
    std::unique_ptr<core::Station> station;
    std::vector<core::DeskEvent> events;
  };
  void violation(std::string what);
  void begin();
  Now now() const;
  // Effects of the honest station: commits at once, datagrams to take().
  void settle();
  void pass(Duration span);
  void take(const core::SendDatagram& datagram);
  void answer_state(ByteView body);
  void answer_contact();
  void call(bool first_of_life);
  void send(const std::vector<wire::Frame>& frames);
  void send_raw(Bytes datagram);

  // An entry of the hostile log as it travels, at the log's end or at `index`.
  record::WireEntry make_entry(std::string_view text, std::uint64_t index,
                               std::vector<record::Attachment> documents = {},
                               record::Precedence precedence = record::Precedence::kRoutine);
  record::WireEntry write(record::Entry entry, std::uint64_t index);
  wire::Frame to_frame(const record::WireEntry& entry) const;
  void say(std::string_view text);
  std::size_t arrived() const;

  std::size_t alarms(core::AlarmKind kind) const;
  std::size_t seconds(std::uint64_t size) const;
  void let_honest_say(std::string_view text);
  void send_receipt(const crypto::Signature& signature);
  bool proves_itself(const record::KeptSecond& kept) const;
  void equivocate();
  // The honest station starts, at first or again, and is called.
  void start_honest(bool at_first);
  void set_disk_full(bool full);  // of the honest side
  void on_a_full_disk(const std::function<void()>& what);
  void equivocate_before_a_crash();
  void equivocate_on_a_full_disk();
  void equivocate_before_a_flash_on_a_full_disk();
  void equivocate_twice_on_a_full_disk(bool goes_on_with_the_second);
  void equivocate_ahead(bool restart, bool again_ahead);
  // hostile_forks.cc: another history, shown before the first one is on the disk, or signed at its end alone.
  record::WireEntry unsigned_entry(std::string_view text);
  void send_fork(std::uint64_t from, std::string_view first, std::string_view second);
  void expect_fork(std::size_t alarms_before, std::uint64_t size, const char* what);
  void fork_at_once();
  void fork_as_group();
  void fork_beyond_the_end(bool on_full_disk);
  void fork_while_one_waits();
  void fork_ahead_of_a_hole();
  void fork_beside_a_flash(bool flash_first);
  record::WireEntry open_epoch();  // its first entry; the log is that one
  void open_epochs_without_end();
  // hostile_signatures.cc: what an officer signed once, shown more often.
  void sign_twice();
  void sign_ahead_and_again(bool restart);
  void propose_twice();
  void propose_again_ahead();
  void propose_ahead_and_again(bool restart);
  void propose_another_twice();
  record::Entry proposal(std::uint64_t counter, std::uint8_t signature, record::Precedence precedence) const;
  record::WireEntry ahead_of_one(record::Entry entry, record::Precedence skipped);
  void on_accord_line(const std::function<void()>& what);
  std::vector<core::NotFirst> found_out() const;
  std::vector<std::uint64_t> proposed() const;
  void expect_proposed(const std::vector<std::uint64_t>& more, const char* what);
  void speak_a_later_version();
  void lie_in_checkpoints();
  void lie_in_receipts();
  void lie_about_clock();
  void claim_holdings();
  void tell_of_a_cut_that_never_was();
  void withhold_tail();
  void flood();
  void ask_and_leave();
  void call_without_end();
  void ask_without_end();
  void replay();
  void check_honest_word();

  // hostile_documents.cc: a counterpart that breaks spec/document.md.
  void lie_in_documents();
  void send_false_pieces();
  void send_before_the_disk_takes();
  void ask_for_what_is_not_its();
  void want_without_end();
  void claim_documents();
  void name_with_two_lengths();
  void name_too_much();
  void send_parts_without_end();
  bool let_honest_name(const Bytes& bytes);
  void name_documents(std::vector<record::Attachment> documents);
  void name_empty_ones(std::size_t entries);  // eight an entry
  void send_piece(ByteView bytes, std::uint64_t piece, std::uint64_t as, const record::Proof& proof);
  void send_blob(const record::BlobFrame& frame);
  std::optional<record::StoredBlob> blob_here(bool own, const Digest& root) const;
  // Frames about documents, and parts of cut ones, that the honest station sent since `from`.
  std::size_t heard(std::size_t from, std::optional<record::BlobWord> word = {}) const;

  SeededRandom random_;
  Pair pair_;
  core::PeerSetup setup_;  // North's, with its keys
  Honest honest_;
  std::optional<link::Session> session_;
  std::optional<link::OutgoingHandshake> attempt_;
  std::uint32_t next_c_ = 1770000000;
  record::EpochId epoch_{};
  LineId line_{1};                      // where it writes
  std::vector<core::PlacedEntry> log_;  // what it says that it wrote there
  std::vector<core::PlacedEntry> other_log_;  // and on the accord line, or on line 1 while it writes there
  std::vector<std::uint64_t> proposed_;       // which of these are to be proposals at the honest side
  std::vector<Bytes> sent_;
  std::uint64_t drawn_ = 0;    // datagrams of the honest station
  std::uint64_t commits_ = 0;  // and its commits
  std::vector<std::optional<record::BlobFrame>> heard_;  // nothing: a part of a frame that was cut
  std::uint64_t honest_bytes_ = 0;                       // of its datagrams
  bool disk_full_ = false;
  bool disk_stands_ = false;  // of the honest side: a commit is not over before the machine goes down
  std::int64_t time_ = 0;
  std::uint32_t clock_lie_ = 0;
  std::vector<record::OfficerSignature> signed_with_;  // what it writes
  bool acknowledges_ = true;
  std::optional<record::LogState::YourCut> told_cut_;  // what it tells of the other side's own register at a contact
  std::uint64_t knows_cut_ = 0;                        // the cut epoch that its entries name
  Report report_;
};

}  // namespace detente::sim
