// Line: what the other side says. spec/record.md sections 6 to 8, spec/session.md section 8.
#include <algorithm>
#include <bit>

#include "base/mutant.h"
#include "core/line.h"

namespace detente::core {

namespace {

// On the disk beside an entry's bytes: rows, tree, checkpoint, cosignature; and for a new log.
constexpr std::uint64_t kRowBytes = 400;
constexpr std::uint64_t kLogBytes = 2000;
// That much of a full quota is left for FLASH and for the accord line.
constexpr std::uint64_t kReservePart = 16;
constexpr std::uint64_t kReceiptCost = 1;
constexpr std::uint64_t kWindowCost = 4;  // what the other side says is missing
constexpr std::size_t kRefusedProofsMax = 32;  // of one line: no log has so many that are kept
constexpr Duration kEpochsTogether = std::chrono::hours(1);

std::uint64_t bytes_of(const record::Write& write) {
  if (const auto* entry = std::get_if<record::AppendEntry>(&write)) return entry->entry.bytes.size() + kRowBytes;
  if (const auto* early = std::get_if<record::PutEarlyEntry>(&write)) return early->entry.bytes.size() + kRowBytes;
  if (const auto* evidence = std::get_if<record::PutEvidence>(&write)) return evidence->bytes.size() + kRowBytes;
  return std::holds_alternative<record::OpenLog>(write) ? kLogBytes : 0;
}

}  // namespace

void Line::alarm_bad_entry(Context& context, const Error& error) const {
  const std::string later = "LATER VERSION: the other station writes on line " + setup_.name + " what this version of détente does not know (" + error.message +
                            "). That entry and what follows it on this line is not taken here (a FLASH behind it is shown all the same): it waits at their station, and nothing of it is lost. "
                            "Bring this station to their version; `detente --version` says which it is on each side";
  context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry,
                               error.fault == Fault::kUnsupported ? later : "line " + setup_.name + ": " + error.message});
}

// --- limits ------------------------------------------------------------------------

bool Line::may_take(Context& context, const record::WireEntry& wire, std::optional<PathId> came_on) {
  const Instant now = context.now.mono;
  const bool first = setup_.id == kAccordLine || wire.header.precedence == record::Precedence::kFlash;
  const std::uint64_t reserve = first ? 0 : identity_->limits.entry_bytes_at_once / kReservePart;
  const bool opens = wire.epoch && far_.known() && *wire.epoch != far_.key().epoch;
  const bool room = quota_.take(now, 0, reserve + kRowBytes);
  if (room && (!opens || epochs_.take(now, 0, 1))) return true;
  Bucket& full = room ? epochs_ : quota_;
  if (full.newly_refused())
    context.effects.notify(Alarm{
        identity_->peer, AlarmKind::kQuota,
        "the other station writes more on line " + setup_.name +
            (room ? ", in ever new epochs," : "") +
            " than is taken here: it waits there and is taken later" +
            (setup_.id == kAccordLine ? "" : " (line_mib_a_day in station.toml)")});
  link_->acknowledge_last(now);  // else the author's window stays full, for his other lines too
  // It may be a copy of what is held, whose receipt was lost.
  if (answers_.take(now, kReceiptCost)) send_receipt(context, false, came_on);
  return false;
}

// Before its commit, so that what is under way counts; a disk that takes nothing gives it back.
Line::Charge Line::charge(Context& context, const FarLog::Outcome& outcome, const record::Batch& batch) {
  std::uint64_t bytes = 0;
  for (const record::Write& write : batch.writes) bytes += bytes_of(write);
  return {quota_.spend(context.now.mono, bytes), outcome.new_epoch ? epochs_.spend(context.now.mono, 1) : 0};
}

bool Line::may_answer(Context& context, std::uint64_t cost) {
  if (answers_.take(context.now.mono, cost)) return true;
  if (answers_.newly_refused())
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kRate,
                                 "the other station asks more often on line " + setup_.name +
                                     " than is answered here"});
  return false;
}

// --- entries -----------------------------------------------------------------------

void Line::on_entry(Context& context, const wire::Frame& frame, std::uint32_t base_c,
                    PathId came_on) {
  const auto entry_class = static_cast<record::EntryClass>(frame.frame_class);
  Result<record::WireEntry> wire = record::decode_wire_entry(frame.body, entry_class, base_c);
  if (!wire) {
    alarm_bad_entry(context, wire.error());
    return;
  }
  // Nothing is cosigned before it is known what was, or while the disk takes nothing. It is sent again.
  if (!takes_what_comes()) return;
  take_wire_entry(context, *wire, came_on);
  while (auto next = far_.take_kept()) take_wire_entry(context, *next, came_on);
}

void Line::take_wire_entry(Context& context, const record::WireEntry& wire, std::optional<PathId> came_on) {
  if (refused_by_cut(context, wire) || !may_take(context, wire, came_on)) return;
  record::Batch batch = new_batch();
  const bool flash = wire.header.precedence == record::Precedence::kFlash;
  FarLog::Outcome outcome = far_.accept(context, wire, own_, batch);
  const Charge charged = charge(context, outcome, batch);
  take_outcome(context, std::move(outcome), std::move(batch), charged, flash, came_on);
}

void Line::take_outcome(Context& context, FarLog::Outcome outcome, record::Batch batch, Charge charged, bool flash,
                        std::optional<PathId> came_on) {
  for (const std::string& alarm : outcome.alarms) alarm_bad_entry(context, {Fault::kMalformed, alarm});
  // Whoever is told of it finds what proves it on the disk, unless that takes nothing.
  const auto tell_of_two = [this](Context& then) {
    then.effects.notify(Alarm{identity_->peer, AlarmKind::kEquivocation, "two records that do not agree on line " + setup_.name});
  };
  const bool writes_now = !batch.writes.empty() && outcome.verdict != FarLog::Verdict::kBad && outcome.verdict != FarLog::Verdict::kWaiting;
  const bool two_kept = outcome.equivocation && writes_now;
  if (outcome.equivocation && !two_kept) {
    // It came a second time, and the disk may still be taking the first.
    if (!writes()) tell_of_two(context);
    else context.effects.persist({}, tell_of_two, [tell_of_two](Context& then, const Error&) { tell_of_two(then); });
  }
  switch (outcome.verdict) {
    case FarLog::Verdict::kBad:
      alarm_bad_entry(context, {Fault::kMalformed, outcome.why});
      return;
    case FarLog::Verdict::kGap:
      ask_what_is_missing(context);
      if (batch.writes.empty()) return;
      break;
    case FarLog::Verdict::kWaiting: return;
    case FarLog::Verdict::kDuplicate:
      if (answers_.take(context.now.mono, kReceiptCost)) send_receipt(context, flash, came_on);
      if (!far_.newest_receipt() || far_.below_floor()) ask_what_is_missing(context);
      if (batch.writes.empty() && outcome.arrived.empty()) return;
      break;
    case FarLog::Verdict::kAccepted:
    case FarLog::Verdict::kEarly: break;
  }
  const std::size_t before = batch.writes.size();
  fetch_documents(context, outcome.named, batch);  // a row each, fetched or not
  charged.bytes += quota_.spend(context.now.mono, (batch.writes.size() - before) * kRowBytes);
  const RegisterChanges acts = note_their_acts(context, batch);
  const record::EpochId epoch = far_.key().epoch;
  const auto durable = [this, acts, epoch, flash, came_on, held = outcome.held, receipt = outcome.receipt, arrived = outcome.arrived,
                        new_epoch = outcome.new_epoch, two_kept, tell_of_two](Context& then) {
    if (two_kept) tell_of_two(then);
    if (new_epoch) then.effects.notify(Alarm{identity_->peer, AlarmKind::kNewEpoch, new_epoch_words(then.now.mono), setup_.id});
    const bool newest = far_.key().epoch == epoch;  // else its author began another log right behind
    if (newest && held) far_.mark_durable(*held, receipt);
    if (newest && receipt) send_receipt(then, flash, came_on);
    if (newest && held && !receipt) pursue_recovery(then);
    for (const FarLog::Shown& shown : arrived)
      then.effects.notify(
          EntryArrived{identity_->peer, setup_.id, epoch, shown.index, shown.early});
    registers_->apply(then, acts);
  };
  if (mutant(Mutant::kCosignBeforeSync)) {
    durable(context);
    return commit(context, std::move(batch), {}, {});
  }
  commit(context, std::move(batch), durable, [this, charged, proofs = outcome.proofs, two_kept, tell_of_two](Context& then, const Error&) {
    if (two_kept) tell_of_two(then);
    quota_.give_back(charged.bytes);
    epochs_.give_back(charged.epochs);
    noted_in_vain_ = noted_in_vain_ || setup_.id == kAccordLine;
    note_refused(proofs);
  });
}

void Line::note_refused(const std::vector<record::PutEvidence>& proofs) {
  for (const record::PutEvidence& one : proofs) {
    const auto same = [&one](const record::PutEvidence& other) { return other.bytes == one.bytes; };
    if (refused_proofs_.size() < kRefusedProofsMax && std::none_of(refused_proofs_.begin(), refused_proofs_.end(), same))
      refused_proofs_.push_back(one);
  }
}

// With nothing else, and once the disk had its rest.
void Line::keep_refused_proofs(Context& context) {
  if (refused_proofs_.empty() || disk_rests()) return;
  record::Batch batch = new_batch();
  const auto proofs = std::exchange(refused_proofs_, {});
  note_refused(far_.keep_refused(context, proofs, batch));
  if (batch.writes.empty()) return;
  commit(context, std::move(batch), {}, [this, proofs](Context&, const Error&) { note_refused(proofs); });
}

void Line::on_cosignature(Context& context, const wire::Frame& frame, std::uint32_t base_c) {
  Result<record::WireCosignature> wire =
      record::decode_wire_cosignature(frame.body, setup_.provable, base_c);
  if (!wire) {
    alarm_bad_entry(context, wire.error());
    return;
  }
  if (!takes_what_comes()) return;
  static_cast<void>(take_receipt(context, own_.news_of(context, *wire), true));
}

bool Line::take_receipt(Context& context, const Result<OwnLog::News>& news, bool by_path) {
  if (!news) {
    alarm_bad_entry(context, news.error());
    return false;
  }
  if (!*news) return false;
  const record::StoredCosignature& receipt = **news;
  record::Batch batch = new_batch();
  own_.take_receipt(context, receipt, batch);
  const auto covered = in_flight_.lower_bound(receipt.size);
  const auto alone = [&](const auto& item) {
    const std::vector<SentPacket>& packets = item.second.packets;
    return by_path && item.first >= ways_unknown_below_ && item.second.sent == 1 && !packets.empty() &&
           std::all_of(packets.begin(), packets.end(), [&](const SentPacket& packet) { return packet.path == packets.front().path; });
  };
  // The newest drew this receipt, unless one before it had to come again, or by another way, or it was asked for: what
  // waited for another says nothing of the path.
  if (covered != in_flight_.begin() && !asked_) {
    const std::vector<SentPacket>& newest = std::prev(covered)->second.packets;
    const auto same_way = [&](const auto& item) { return alone(item) && item.second.packets.front().path == newest.front().path; };
    if (std::all_of(in_flight_.begin(), covered, same_way)) link_->confirm(context, newest, Arrival::kMeasured);
  }
  for (auto it = in_flight_.begin(); it != covered; it = in_flight_.erase(it))
    link_->confirm(context, it->second.packets, alone(*it) ? Arrival::kKnown : Arrival::kUnknown);
  if (by_path) sessions_at_receipt_ = link_->session_count();
  tries_ = 0;
  if (std::exchange(asked_, false)) transmit_missing(context, link_->round_trip());
  arm_retry(context);
  const auto signed_at = receipt.signature ? std::optional(receipt.time) : std::nullopt;
  context.effects.notify(
      ReceiptVerified{identity_->peer, setup_.id, own_.key().epoch, receipt.size, signed_at});
  commit(context, std::move(batch), {}, {});
  return true;
}

// --- states ------------------------------------------------------------------------

void Line::on_log_state(Context& context, const wire::Frame& frame, std::uint64_t session) {
  const Result<record::LogState> state = record::decode_log_state(frame.body);
  if (!state) {
    alarm_bad_entry(context, state.error());
    return;
  }
  compare_holdings(context, *state, session);
  pursue_recovery(context);
  if (state->answer_wanted) {
    if (contact_made_ && may_answer(context, kReceiptCost)) send_receipt(context, false);
    send_state(context, false);
  }
  if (!own_.unreceipted().empty()) {
    note_held(context.now.mono, *state);
    if (may_answer(context, kWindowCost)) transmit_lost(context);
  }
}

void Line::compare_holdings(Context& context, const record::LogState& state,
                            std::uint64_t session) {
  const bool ours_known =
      state.yours && (own_.knows_epoch(context, state.yours->epoch) || own_.was_left(state.yours->epoch));
  const bool newest = state.yours && state.yours->epoch == own_.key().epoch;
  // What is about to be durable there counts: it was received.
  const std::uint64_t theirs =
      state.yours ? state.yours->size + static_cast<std::uint64_t>(std::bit_width(state.ahead)) : 0;
  // The same length and another root: two lives of one disk wrote on.
  const auto root = newest ? own_.root_at(context, state.yours->size) : std::nullopt;
  const bool differs = root && record::root_prefix(*root) != state.yours->root_prefix;
  const bool we_forgot =
      state.yours && (!ours_known || differs || (newest && theirs > own_.durable_size()));
  if (!contact_made_) {
    // Later it is nothing but a claim: what this life cosigned is on this disk.
    if (state.mine && state.receipted > 0) far_.raise_floor(context, state.mine->epoch, state.receipted);
    if (we_forgot) restored_here(context, theirs, ours_known ? std::nullopt : std::optional(state.yours->epoch));
    else if (state.yours && !newest) tell_lost_of_left_log(context, state.yours->epoch, theirs);
    if (state.your_cut) learn_own_cut(context, *state.your_cut);
    else doubt_own_cut(context);
    make_contact(context);
    pursue_recovery(context);
    return;
  }
  if (we_forgot && newest)
    context.effects.notify(Alarm{
        identity_->peer, AlarmKind::kWeForgot,
        "the other side holds " + std::to_string(theirs) + " entries of this station's log on line " +
            setup_.name + ", which has only " + std::to_string(own_.durable_size()), setup_.id});
  // Within a session an older state may arrive after a newer receipt.
  const std::uint64_t held = newest ? state.yours->size : 0;
  if (newest && held >= own_.receipted_size()) forgot_told_ = false;  // a next loss is another one
  if (own_.receipted_size() == 0 || held >= own_.receipted_size() || session <= sessions_at_receipt_) return;
  if (!std::exchange(forgot_told_, true))
    context.effects.notify(Alarm{
        identity_->peer, AlarmKind::kPeerForgot,
        "the other side now holds fewer entries on line " + setup_.name +
            " than it had receipted; its disk seems to have been lost or restored. They are sent again", setup_.id});
  if (state.answer_wanted && may_answer(context, kWindowCost)) send_again_from(context, held);
}

void Line::learn_own_cut(Context& context, const record::LogState::YourCut& cut) {
  if (!registers_->learn_own(context, setup_.id, cut)) return;
  const std::uint64_t held = registers_->own(setup_.id).cut_epoch();
  context.effects.notify(
      Alarm{identity_->peer, AlarmKind::kWeForgot,
            "the other station holds a cut of line " + setup_.name + " by this side, its cut " + std::to_string(cut.cut_epoch) +
                (held == cut.cut_epoch ? "" : " (more than any side has; here it is cut " + std::to_string(held) + ")") +
                ", that is not on this disk. The line is held cut as its record says: lift it, or agree to "
                "restore it, if it is to be open. Whether it was cut in the dark is not known here", setup_.id});
}

// They had receipted the cut, and their register of this side is clear: one of the two disks is behind an act. Which, nobody
// can tell from here; the cut holds until an officer says what is meant.
void Line::doubt_own_cut(Context& context) {
  const Cut* cut = registers_->closed_by(record::Whose::kAuthors, setup_.id, line::kAllMedia);
  if (cut == nullptr || !registers_->other_side_knows(setup_.id)) return;
  context.effects.notify(
      Alarm{identity_->peer, AlarmKind::kWeForgot,
            "the other station had receipted this side's cut of line " + setup_.name + ", its cut " + std::to_string(cut->cut_epoch) +
                ", and holds the line for open on this side: this disk has forgotten a lift, or theirs the cut. The line stays cut here: "
                "lift it, if it was lifted, or cut it anew, so that both say the same", setup_.id});
}

// Of what the log that is left has and nobody has a receipt for: it is not sent again in the new one, since the other side
// may have it from the disk that this one is a copy of.
std::string Line::without_receipt_words() const {
  const auto& sent = own_.unreceipted();
  const auto count = std::count_if(sent.begin(), sent.end(), [](const OwnLog::Sent& each) {
    return each.placed.entry.header.kind != record::kEpochOpening;
  });
  if (count == 0) return {};
  return "; of " + std::to_string(count) + (count == 1 ? " entry" : " entries") +
         " of this station here, from number " + std::to_string(own_.receipted_size()) +
         " on, nobody has a receipt, and it is NOT KNOWN WHETHER THE OTHER SIDE HAS THEM: what its record does not show has to be "
         "said again";
}

std::string Line::unknown_acts_words() const {
  return setup_.id == kAccordLine ? ". What this side cut, lifted, proposed or answered since is not known here, and nothing of it is "
                                    "carried out by this station: ask the other side what stands, and sign it anew"
                                  : "";
}

void Line::restored_by_hand(Context& context) {
  if (const std::string words = without_receipt_words(); !words.empty())
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kWeForgot,
                                 "line " + setup_.name + " goes on in a new epoch of this station's log, since its disk was restored" + words,
                                 setup_.id});
  open_epoch(context);
}

// A disk that a person restored began its new log before it could ask. How much of the one before it lacks, the other side
// tells at the first contact.
void Line::tell_lost_of_left_log(Context& context, const record::EpochId& epoch, std::uint64_t theirs) {
  const auto held = context.store.log_of(own_.key().line, true, epoch);
  if (!held || theirs <= held->size) return;
  context.effects.notify(
      Alarm{identity_->peer, AlarmKind::kWeForgot,
            "the other side holds " + std::to_string(theirs) + " entries of the log that this station had on line " + setup_.name +
                " before, and this disk has only " + std::to_string(held->size) +
                " of them: it is an older copy. The other side's record has what is missing here" + unknown_acts_words(), setup_.id});
}

void Line::restored_here(Context& context, std::uint64_t theirs, const std::optional<record::EpochId>& unknown) {
  context.effects.notify(
      Alarm{identity_->peer, AlarmKind::kWeForgot,
            "the other side holds " + std::to_string(theirs) + " entries of this station's log on line " +
                setup_.name + ", and this disk has " +
                (theirs > own_.durable_size()
                     ? "only " + std::to_string(own_.durable_size())
                     : std::to_string(own_.durable_size()) + ", but of another epoch or not the same ones") +
                ": it is an older copy. A new epoch of the log begins; the other side's record "
                "has what is missing here" + without_receipt_words() +
                unknown_acts_words(), setup_.id});
  if (mutant(Mutant::kOldEpochAppended)) return;
  // What was on the disk may have been sent before, from the one that this is a copy of.
  const Error sent{Fault::kState,
                   "this disk is an older copy, and the message may have been sent before: look "
                   "into the other side's record, and send it again if it is not there"};
  const Error blind{Fault::kState,
                    "this disk is an older copy, and what stands between the two sides since then was not known here when this "
                    "was signed: ask the other side, and sign it anew"};
  for (std::deque<Waiting>* queue : {&outbox_, &outbox_new_, &lifts_}) {
    std::deque<Waiting> staying;
    for (Waiting& waiting : *queue) {
      if (stays_on_older_copy(waiting)) {
        staying.push_back(std::move(waiting));
        continue;
      }
      given_back_.insert(waiting.id);  // of one whose commit is under way, too
      signatures_->forget(true, waiting.entry);
      const Error& why = waiting.id < *first_of_life_ ? sent : blind;
      context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, waiting.id, why, std::move(waiting.entry)});
    }
    *queue = std::move(staying);
  }
  open_epoch(context, unknown);
}

// What was written in this life no other disk has sent: it gets its place in the new epoch. Acts of the accord line go back
// all the same: a number of a cut, a proposal that is answered, may be another one there by now.
bool Line::stays_on_older_copy(const Waiting& waiting) const {
  const record::Kind kind = waiting.entry.header.kind;
  return waiting.id >= *first_of_life_ && (setup_.id != kAccordLine || kind == record::kMessage || kind == record::kPersonReceipt);
}

std::string Line::new_epoch_words(Instant now) {
  if (!new_epochs_since_ || now - *new_epochs_since_ > kEpochsTogether) {
    new_epochs_since_ = now;
    new_epochs_ = 0;
  }
  ++new_epochs_;
  std::string out = "the other station began a new epoch of its record on line " + setup_.name + "; it says that its disk has a new life";
  if (new_epochs_ < 2) return out;
  return out + ", for the " + std::to_string(new_epochs_) +
         (new_epochs_ == 2 ? "nd" : new_epochs_ == 3 ? "rd" : "th") + " time within an hour. PERHAPS TWO MACHINES RUN WITH ITS KEYS, one on an older "
         "copy of the other's disk: ask them by another channel, and have the one that is not theirs stopped. Until then nobody knows "
         "which of the two is heard";
}

// What came has no place here, or is here already and less than was cosigned once.
void Line::ask_what_is_missing(Context& context) {
  if (far_.wants_recovery()) return pursue_recovery(context);
  send_state(context, false);
}

// This disk holds less of the other side's log than it had cosigned: asks for the next entries once, for the
// ones after them when all of these are here, and again when no more of them come. A question for each entry
// that comes would draw all the others once more.
void Line::pursue_recovery(Context& context) {
  if (!far_.wants_recovery()) return recover_at_.reset();
  const Instant now = context.now.mono;
  const std::uint64_t held = far_.durable_size();
  const bool all_here = held < recover_from_ || held >= recover_from_ + kSentAgain;
  const bool progress = held != std::exchange(recover_held_, held);
  if (progress) recover_tries_ = 0;
  if (recover_at_ && !all_here && (progress || now < *recover_at_)) {
    if (progress) recover_at_ = now + link_->timeout(0);
    return;
  }
  if (const Instant earliest = state_may_leave_at(); now < earliest) {
    recover_at_ = earliest;
    return;
  }
  recover_from_ = held;
  recover_at_ = now + link_->steady_timeout(recover_tries_++);
  send_state(context, true);
}

void Line::make_contact(Context& context) {
  if (std::exchange(contact_made_, true)) return;
  if (!own_.unreceipted().empty()) transmit_missing(context, Duration(0));
}

void Line::append_held(Bytes& to) const {
  // What was received counts, durable or about to be.
  const bool some = far_.known() && far_.size() > 0;
  append(to, some ? far_.key().epoch : record::EpochId{});
  append_be(to, some ? far_.size() : 0, 8);
}

void Line::append_receipted(Bytes& to) const {
  const std::uint64_t size = own_.verified_size();
  append(to, size > 0 ? own_.key().epoch : record::EpochId{});
  append_be(to, size, 8);
}

}  // namespace detente::core
