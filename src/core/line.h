// Line: one line with one counterpart. Takes what this side wants to say, gives
// it its place when it can travel, sends it until the other side's receipt is
// there, and takes what the other side says.
//
// Order of writes (spec/record.md section 6): an entry leaves only after the
// commit that holds it, its tree and its checkpoint; a receipt leaves only after the
// commit that holds what it covers. Both are continuations of EffectQueue::persist.
// Nothing is signed before contact was made (core/contact.h).
#pragma once

#include <deque>
#include <functional>
#include <set>

#include "core/agreements.h"
#include "core/documents.h"
#include "core/far_log.h"
#include "core/link.h"
#include "core/outbox.h"
#include "core/own_log.h"
#include "core/registers.h"
#include "line/message.h"

namespace detente::core {

class Line {
 public:
  Line(PairIdentity& identity, LineSetup setup, Link& link, Documents& documents, Registers& registers,
       Agreements& agreements, SignaturesUnderWay& signatures);
  Line(const Line&) = delete;

  void load(Context& context, record::Fence fence);
  SubmissionId next_id() const { return next_id_; }
  void count_from(SubmissionId next) { next_id_ = next; }  // before load(), of one that goes on where another ended
  // New epoch for our log: after a recovery. Says so in its first entry.
  // This disk was brought back from a copy, as its operator says: the log goes on in a new epoch.
  void restored_by_hand(Context& context);

  const LineSetup& setup() const { return setup_; }
  const OwnLog& own() const { return own_; }
  const FarLog& far() const { return far_; }
  std::size_t queued() const { return outbox_.size(); }
  // It refused a commit just now: what is said without a person is said later.
  bool disk_rests() const { return broken_ || disk_rests_until_; }
  std::size_t placing() const { return placing_; }  // their commit is under way

  // kLimit, kState, kConflict with a message for the person, else the id that events will name. On a line that is cut
  // kState on a line that is cut, unless it is to be held: then it waits until the line is open. SubmissionFailed tells of
  // what waited when its line was cut.
  Result<SubmissionId> submit(Context& context, record::Entry entry, IfCut if_cut = IfCut::kReturn);
  // Takes what waits without an index, and `pick` wants, back from the outbox: SubmissionFailed tells of each. What is
  // placed already stays. Should the disk refuse it, it may still be sent.
  using Pick = std::function<bool(const record::Entry&)>;
  std::size_t withdraw(Context& context, const Pick& pick, const std::string& why);
  // A person throws away what waits: only what counts for nothing before it is carried. kNotFound, kState.
  Result<void> check_discard(SubmissionId id) const;
  Result<void> discard(Context& context, SubmissionId id, const std::string& why);

  // line_lift.cc: of the accord line. A lift of a cut that is in force waits, durable and without an index, until
  // core/lifts.h says that its tests have passed, or that it goes back.
  struct HeldLift {
    SubmissionId id = 0;
    std::vector<line::RegisterOf> registers;
  };
  std::vector<HeldLift> held_lifts() const;
  bool holds_lift(SubmissionId id) const;
  bool holds_lift_of(LineId line) const;
  void release_lift(Context& context, SubmissionId id);
  void give_back_lift(Context& context, SubmissionId id, const std::string& why);

  // `came_on`: the path that brought it; its receipt goes back there.
  void on_entry(Context& context, const wire::Frame& frame, std::uint32_t base_c, PathId came_on);
  void on_cosignature(Context& context, const wire::Frame& frame, std::uint32_t base_c);
  // `session`: the serial of the session that brought it.
  void on_log_state(Context& context, const wire::Frame& frame, std::uint64_t session);

  // line_courier.cc: files carried by hand instead of a path (core/courier.h, spec/courier.md).
  // Gives what waits its place although no path is there.
  // The index of `wanted`, where it is among them.
  std::optional<std::uint64_t> place_for_courier(Context& context, std::optional<SubmissionId> wanted = std::nullopt);
  // A file leaves with what has a place: a receipt for it shows no path.
  void leaves_by_courier() { ways_unknown_below_ = own_.size(); }
  // What the other side is not known to hold, the newest receipt, the state. Entries that do not fit `room` bytes
  // are counted in `left_out`.
  link::CourierSection courier_section(Context& context, std::uint32_t base_c, std::size_t room,
                                       std::size_t& left_out) const;
  // One entry of the own log, and those behind it up to the checkpoint that proves it.
  Result<link::CourierSection> courier_act(Context& context, std::uint32_t base_c, std::uint64_t index) const;
  struct CourierIntake {
    LineId line;
    record::EpochId epoch_before{};
    std::uint64_t size_before = 0;
    std::vector<std::pair<record::EpochId, std::uint64_t>> entries;
    bool receipt = false;
  };
  // `newer_than`: the file's state is newer than all that came on the sessions up to this serial; nothing: a later file's
  // is known.
  CourierIntake take_courier(Context& context, const link::CourierSection& section, std::uint32_t base_c,
                             std::optional<std::uint64_t> newer_than);
  // Once what it brought is durable.
  CourierLine courier_report(Context& context, const CourierIntake& intake) const;

  // Another cut may be in force on this line than before: what waits goes back to its authors or on its way.
  void on_registers(Context& context);
  // Of the accord line.
  bool register_act_unreceipted(LineId line) const;
  // Acts on registers that wait, durable, for an index: they are in force.
  std::vector<record::Entry> stored_acts() const;
  // Whether a commit of this line is under way.
  bool writes() const { return commits_ > 0; }
  // Of what waits for an index, or for the disk with one.
  bool any_waiting(const Pick& pick) const;
  // What waits in the outbox without an index.
  void each_waiting(const std::function<void(SubmissionId, const record::Entry&)>& each) const;
  bool is_waiting(SubmissionId id) const;
  // Of a line that is left for ever: gives back what waits, and what is durable from now on, too. What has its index and no
  // receipt is told of as given back; whether it is there is not known. How many waited.
  std::size_t retire(Context& context, const std::string& why);

  // Whether this life knows what the other side holds of this line.
  bool contact_made() const { return contact_made_; }
  void make_contact(Context& context);
  // What is held of the other side's newest log, and what of the own one is receipted: epoch and size, for the digest.
  void append_held(Bytes& to) const;
  void append_receipted(Bytes& to) const;
  wire::Frame state_frame(Context& context, bool answer_wanted) const;

  // `fresh`: the session is new, so what was on its way may be lost.
  void on_link_up(Context& context, bool fresh);
  // The other side can take entries now: what was sent before may have been too early.
  void resume(Context& context);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;
  // Precedence of what waits and could be placed or sent now, were the path free; nothing if none could.
  std::optional<record::Precedence> most_urgent() const;
  // Of what has its index and no receipt, and travels now; routine where nothing does.
  record::Precedence most_urgent_sent() const;
  // Places and sends what waits, as far as the link and the window allow.
  void pump(Context& context);

 private:
  struct Waiting {
    SubmissionId id = 0;
    record::Entry entry;
    bool stored = false;  // in the durable outbox
    IfCut if_cut = IfCut::kReturn;
  };
  using SentPick = std::function<bool(const OwnLog::Sent&)>;
  struct InFlight {
    std::vector<SentPacket> packets;  // of the newest transmission
    Instant last_sent;  // when it had left the bearer, which may be ahead
    unsigned sent = 0;
    bool held = false;  // the other side says that it is there
    bool was_held = false;  // it said so once
    bool lost = false;   // by what it says
    bool asked = false;  // of the newest of ask()
    bool departs = false;  // it waits in departing_, or a part of it does: no answer is due
  };
  // Entries of one transmission whose path takes the packets one by one.
  struct Departing {
    record::Precedence precedence;
    std::vector<std::uint64_t> indexes;
    Departure departure;
    Instant encoded_at;  // what their reader can fill in is left out, and may be another thing later
  };

  record::Batch new_batch() const;
  bool may_sign() const { return may_place() && link_->ready(); }
  bool takes_what_comes() const { return contact_made_ && !disk_rests(); }  // by a path
  bool may_sign_what_waits() const { return may_sign() && !disk_rests_until_; }
  std::size_t window_left() const;
  std::size_t places_left(record::Precedence precedence) const;  // indexes that may be given to such entries now
  void store_in_outbox(Context& context, Waiting waiting);
  // The disk refused what `id` waited to be kept by.
  void drop_refused(Context& context, std::deque<Waiting>& queue, SubmissionId id, const Error& why);
  void store_gathered(Context& context);
  void sort_outbox();
  std::vector<Waiting> next_to_place(Instant now);
  std::optional<record::Precedence> most_urgent_waiting() const;  // for an index
  void place(Context& context, std::vector<Waiting> items);
  void place(Context& context, std::vector<Waiting> items, record::Batch batch);
  void placed_durable(Context& context, std::uint64_t from, std::uint64_t to,
                      const std::vector<SubmissionId>& ids);
  // One commit of this line. After one was refused nothing new is built until all that were under way have
  // ended: only then is it known what the disk has.
  void commit(Context& context, record::Batch batch, EffectQueue::Then then, EffectQueue::Failed failed);
  void commit_ended(Context& context);

  Result<SubmissionId> hold_lift(Context& context, record::Entry entry);  // line_lift.cc

  // line_cut.cc
  // Whether the line carries this now. What is no ordinary entry always passes.
  bool passes(const record::Header& header) const;
  // The same of one that has its index: of a line that is cut for documents alone it goes, and its documents do not.
  bool travels(const record::Header& header) const;
  bool awaits_receipt() const;  // something that passes
  // What was sent is asked after no more, and fills no path's window.
  void await_nothing(Context& context);
  RegisterChanges note_their_acts(Context& context, record::Batch& batch);
  void note_own_acts(std::uint64_t from, std::uint64_t to);
  void fetch_documents(Context& context, const std::vector<NamedDocument>& named, record::Batch& batch);
  // Why an entry leaves the outbox unsent; nothing for one that stays.
  struct Leaving {
    std::string why;
    bool dropped = false;
  };
  // How many left; SubmissionFailed tells of each once it is gone from the disk, too.
  std::size_t take_out(Context& context, const std::function<std::optional<Leaving>(const Waiting&)>& leaving);
  void give_back(Context& context);
  std::size_t give_back_retired(Context& context);  // all that waits, where the line is left for ever
  void give_up_unreceipted(Context& context, std::uint64_t from, std::uint64_t to) const;  // of a retired line
  // What the other side sent on a line that is cut is not taken, but what had crossed with our cut.
  bool refused_by_cut(Context& context, const record::WireEntry& wire);

  // line_courier.cc
  bool may_place() const { return contact_made_ && !epoch_wanted_ && !broken_; }
  link::CourierEntry courier_entry(const OwnLog::Sent& sent, std::uint32_t base_c) const;
  void take_courier_state(Context& context, const record::LogState& state, bool newer_than_paths);
  bool take_courier_receipt(Context& context, const link::CourierReceipt& receipt, std::uint32_t base_c);

  // line_send.cc
  // How much of what its reader could fill in an entry says all the same.
  enum class Told {
    kLeast,   // nothing
    kEpochs,  // which epochs of the reader's log it means: the reader may be in a newer one
    kAll,     // for a reader whose disk is older, which may lack its own log's end too, or who reads it in a file
  };
  record::WireEntry to_wire(const OwnLog::Sent& sent, Told told) const;
  wire::Frame entry_frame(const OwnLog::Sent& sent, Told told) const;
  Told told_on_paths(const Context& context) const;
  std::vector<record::Predecessor> predecessors_of(const OwnLog::Sent& sent) const;
  // Its bytes may be outside: on the disk, and on a line that carries it.
  bool may_leave(const OwnLog::Sent& sent) const;
  bool was_sent(std::uint64_t index) const;  // in this session, and not receipted
  // Entries of unreceipted() that `pick` takes, in as few packets as may be.
  void transmit(Context& context, const SentPick& pick);
  void send_group(Context& context, const std::vector<const OwnLog::Sent*>& group,
                  std::vector<wire::Frame> frames, bool flash);
  // line_departures.cc: what has its index and leaves when its path's bearer of a known rate is free, the most urgent
  // first.
  void line_up(Context& context, const std::vector<const OwnLog::Sent*>& group, std::vector<wire::Frame> frames);
  void depart(Context& context);
  // False where nothing of it is to be sent any more.
  bool encode_anew(Context& context, Departing& departing) const;
  bool is_wanted(const Departing& departing) const;
  void drop_unwanted_departures();
  // All of it is taken back from the way; whether there was something.
  bool recall_departures(Context& context);
  std::optional<Instant> departs_at() const;
  // line_retry.cc
  void note_held(Instant now, const record::LogState& state);
  // What is under way as `which` says, and what has an index and is not under way.
  void send_again(Context& context, const std::function<bool(const InFlight&)>& which);
  void transmit_missing(Context& context, Duration older_than);
  void transmit_lost(Context& context);
  void ask(Context& context, const SentPick& pick);
  bool all_held() const;
  Duration patience() const;
  void retry(Context& context);
  // Nothing drew a receipt for so long that the next packet only asks whether anything does: what one side knows of a
  // cut the other may have lost with its disk, and all that waits would cross at each try for nothing.
  bool probing() const;
  void send_again_from(Context& context, std::uint64_t size);
  record::WireCosignature wire_receipt(const FarLog::Receipt& receipt) const;
  void send_receipt(Context& context, bool all_paths, std::optional<PathId> on = std::nullopt);
  void send_smaller_receipt(Context& context, const FarLog::Receipt& receipt);
  Duration state_pause() const;
  Instant state_may_leave_at() const;
  void send_state(Context& context, bool answer_wanted);
  void arm_retry(Context& context);

  // line_receive.cc
  void take_wire_entry(Context& context, const record::WireEntry& wire, std::optional<PathId> came_on);
  // What this line cannot take of theirs, and why.
  void alarm_bad_entry(Context& context, const Error& error) const;
  // Whether the limits of this line leave room for it now (core/limits.h).
  bool may_take(Context& context, const record::WireEntry& wire, std::optional<PathId> came_on);
  struct Charge {
    std::uint64_t bytes = 0;
    std::uint64_t epochs = 0;
  };
  Charge charge(Context& context, const FarLog::Outcome& outcome, const record::Batch& batch);
  // Whether something that the other side can draw again and again may be sent once more.
  bool may_answer(Context& context, std::uint64_t cost);
  void take_outcome(Context& context, FarLog::Outcome outcome, record::Batch batch, Charge charged, bool flash,
                    std::optional<PathId> came_on);
  void note_refused(const std::vector<record::PutEvidence>& proofs);
  void keep_refused_proofs(Context& context);
  // Whether it says more than was known. `by_path`: so the packets of what it covers arrived.
  bool take_receipt(Context& context, const Result<OwnLog::News>& news, bool by_path);
  void learn_own_cut(Context& context, const record::LogState::YourCut& cut);
  void doubt_own_cut(Context& context);  // they tell of none
  void compare_holdings(Context& context, const record::LogState& state, std::uint64_t session);
  void open_epoch(Context& context, const std::optional<record::EpochId>& unknown = std::nullopt);
  std::string without_receipt_words() const;
  std::string unknown_acts_words() const;
  void tell_lost_of_left_log(Context& context, const record::EpochId& epoch, std::uint64_t theirs);
  // `unknown`: their epoch of this log, where this disk does not have it.
  void restored_here(Context& context, std::uint64_t theirs, const std::optional<record::EpochId>& unknown);
  bool stays_on_older_copy(const Waiting& waiting) const;
  std::string new_epoch_words(Instant now);
  void ask_what_is_missing(Context& context);
  void pursue_recovery(Context& context);

  static constexpr std::size_t kSentAgain = 32;  // entries at a time to a side that lost them (spec/record.md section 8)

  PairIdentity* identity_;
  LineSetup setup_;
  Link* link_;
  Documents* documents_;
  Registers* registers_;
  Agreements* agreements_;
  SignaturesUnderWay* signatures_;
  record::Fence fence_;
  OwnLog own_;
  FarLog far_;
  std::deque<Waiting> outbox_;      // by precedence then id
  std::deque<Waiting> outbox_new_;  // their commit is under way
  std::deque<Waiting> lifts_;       // of the accord line: until their tests have passed
  std::set<SubmissionId> given_back_;  // to the desk, in this life: gone from the disk with the next epoch's opening
  SubmissionId next_id_ = 1;
  std::optional<SubmissionId> first_of_life_;  // what waits below it was on the disk when this life began
  std::map<std::uint64_t, InFlight> in_flight_;  // by index
  std::deque<Departing> departing_;              // by precedence; not FLASH, which waits for nothing
  std::uint64_t ways_unknown_below_ = 0;         // entries below it a former life, or a file, may have brought there
  std::size_t placing_ = 0;                      // entries whose commit is under way
  std::size_t commits_ = 0;  // under way
  bool broken_ = false;      // one was refused
  std::optional<std::string> retired_;  // why what was said here goes back
  bool noted_in_vain_ = false;  // and what it brought was noted among the acts
  std::vector<record::PutEvidence> refused_proofs_;  // of the other side's falsehoods, until the disk takes it
  line::MediaMask closed_ = 0;  // what a cut that is in force keeps off this line
  bool contact_made_ = false;
  bool epoch_wanted_ = false;  // a new one, and it is not durable yet: the old one is closed for ever
  std::optional<Instant> epoch_retry_at_;
  std::optional<Instant> disk_rests_until_;  // it refused a commit: what waits, and what comes, does not ask it again before
  unsigned tries_ = 0;  // in a row, after which the other side held no more than before
  std::optional<Instant> unanswered_since_;  // what the first of them repeated had left then
  bool asked_ = false;  // since the newest receipt
  std::optional<Instant> retry_at_;
  std::optional<Instant> state_sent_at_;
  std::optional<Instant> state_due_;  // one that was drawn too early after another
  std::optional<Instant> recover_at_;  // below the floor: when to ask for the next entries again
  unsigned recover_tries_ = 0;
  std::uint64_t recover_from_ = 0;     // what was held when they were last asked for
  std::uint64_t recover_held_ = 0;     // and when something last came
  std::uint64_t sessions_at_receipt_ = 0;  // how many there had been when the newest receipt came
  std::optional<std::uint64_t> courier_from_;  // a file said that the other side holds its own copy only up to there
  std::optional<Instant> new_epochs_since_;    // of the other side's: the first of the hour
  unsigned new_epochs_ = 0;
  bool forgot_told_ = false;               // that the other side holds less than it had cosigned
  std::optional<std::pair<record::Whose, std::uint64_t>> refusal_told_;  // the cut on which its entry was refused
  Bucket quota_, epochs_, answers_;
};

}  // namespace detente::core
