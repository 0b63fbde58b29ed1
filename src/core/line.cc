// Line: what this side wants to say, until it has its place.
#include "core/line.h"

#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "core/outbox.h"
#include "record/epoch_body.h"

namespace detente::core {

namespace {
// Whatever messages wait, a person can still write a FLASH, cut a line, withdraw or answer.
constexpr std::size_t kPlacesBeyond = 256;
constexpr std::size_t kWindow = 64;  // spec/packet.md section 5
// Half of it: while one group is under way and at the other side, the next is written here.
constexpr std::size_t kGroup = kWindow / 2;
// A packet that takes its bearer longer than this is worth a thought, and so many leaves fit one beside a FLASH.
constexpr Duration kSlowPacket = std::chrono::milliseconds(100);
constexpr std::size_t kWindowOnSlowBearer = 8;
constexpr Duration kEpochRetry = std::chrono::seconds(1);

std::vector<record::BlobKey> documents_of(const record::Batch& batch) {
  std::vector<record::BlobKey> out;
  for (const record::Write& write : batch.writes)
    if (const auto* put = std::get_if<record::PutBlob>(&write)) out.push_back(put->key);
  return out;
}

Bucket quota_of(const Limits& limits, LineId line) {
  std::uint64_t at_once = limits.entry_bytes_at_once, a_day = limits.entry_bytes_a_day;
  if (line == kAccordLine) {
    at_once = std::min(at_once, limits.accord_bytes_at_once);
    a_day = std::min(a_day, limits.accord_bytes_a_day);
  }
  return {at_once, std::max<std::uint64_t>(a_day / 86400, 1), std::chrono::seconds(1)};
}

}  // namespace

Line::Line(PairIdentity& identity, LineSetup setup, Link& link, Documents& documents, Registers& registers,
           Agreements& agreements, SignaturesUnderWay& signatures)
    : identity_(&identity),
      setup_(std::move(setup)),
      link_(&link),
      documents_(&documents),
      registers_(&registers),
      agreements_(&agreements),
      signatures_(&signatures),
      own_(identity, setup_),
      far_(identity, setup_, signatures, setup_.id == kAccordLine ? &agreements.seen() : nullptr),
      quota_(quota_of(identity.limits, setup_.id)),
      // A new epoch is a disk's new life; each costs a log of its own for ever.
      epochs_(16, 1, std::chrono::hours(1)),
      answers_(1024, 512, std::chrono::seconds(1)) {}

record::Batch Line::new_batch() const {
  record::Batch batch;
  batch.fence = fence_;
  return batch;
}

void Line::load(Context& context, record::Fence fence) {
  fence_ = fence;
  own_.load(context);
  far_.load(context);
  outbox_.clear();
  outbox_new_.clear();
  signatures_->forget(true, setup_.id);
  await_nothing(context);
  ways_unknown_below_ = own_.durable_size();
  placing_ = 0;
  lifts_.clear();
  for (const record::OutboxItem& item : context.store.outbox(fence_.line)) {
    if (given_back_.count(item.id) > 0) continue;
    auto waiting = decode_outbox_item(item.item);
    if (!waiting || waiting->entry.header.line != setup_.id) {  // it stays where it is, and is not sent
      context.effects.notify(Alarm{identity_->peer, AlarmKind::kStore,
                                   "something that waited on line " + setup_.name + " (number " + std::to_string(item.id) +
                                       " of its queue) is not what was written: this disk is damaged. It is NOT SENT; its "
                                       "author has to say it again. Look at the other messages that wait, and at the disk"});
    } else {
      signatures_->add(context.store, true, setup_.id, waiting->entry);
      auto& queue = waiting->state == OutboxState::kLift ? lifts_ : outbox_;
      queue.push_back({item.id, std::move(waiting->entry), true, if_cut_of(waiting->state)});
    }
    next_id_ = std::max(next_id_, item.id + 1);
  }
  // Not where it is read again after a refused commit: then this life's is among it.
  if (!first_of_life_) first_of_life_ = next_id_;
}

void Line::await_nothing(Context& context) {
  for (const auto& [index, flight] : in_flight_) link_->confirm(context, flight.packets, Arrival::kUnknown);
  in_flight_.clear();
  departing_.clear();
}

void Line::open_epoch(Context& context, const std::optional<record::EpochId>& unknown) {
  epoch_wanted_ = true;
  epoch_retry_at_.reset();
  const record::LogPosition before = own_.open_epoch(context, unknown);
  record::Entry entry;
  entry.header.line = setup_.id;
  entry.header.kind = record::kEpochOpening;
  entry.header.time = context.now.wall;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.body = record::epoch_body(before.size == 0 ? std::nullopt : std::optional(before));
  await_nothing(context);
  ways_unknown_below_ = 0;
  placing_ = 0;
  // With the opening or not at all: what was given back must not be read again from a disk that refused this.
  record::Batch batch = new_batch();
  for (SubmissionId id : given_back_) batch.writes.push_back(record::DeleteOutbox{fence_.line, id});
  place(context, {{0, std::move(entry)}}, std::move(batch));
}

std::size_t Line::window_left() const {
  const std::size_t under_way = own_.unreceipted().size();
  return under_way < kWindow ? kWindow - under_way : 0;
}

Result<SubmissionId> Line::submit(Context& context, record::Entry entry, IfCut if_cut) {
  DETENTE_TRY_VOID(line::check_submission(entry, rules_for(setup_, entry.header.kind)));
  DETENTE_TRY_VOID(documents_->check_named(context, entry.header));
  if (entry.header.kind == record::kRegister) DETENTE_TRY_VOID(registers_->check_own(entry));
  if (line::is_proposal_act(entry.header.kind)) DETENTE_TRY_VOID(agreements_->check_own(entry));
  if (if_cut != IfCut::kHold && !passes(entry.header))
    return fail(Fault::kState, closed_words(*registers_->closed(setup_.id, medium_of(entry.header)), setup_.name,
                                            identity_->counterpart) +
                                   (entry.header.kind == record::kMessage
                                        ? "; nothing can be sent on it (detente send --if-cut hold keeps a message until the line is open)"
                                        : "; this cannot be sent on it until it is open, and is not kept: detente status " +
                                              identity_->counterpart + "/" + setup_.name + " says what opens it"));
  const bool may_wait_long = entry.header.kind == record::kMessage && entry.header.precedence != record::Precedence::kFlash;
  const std::size_t waits = outbox_.size() + outbox_new_.size();
  if (waits >= setup_.outbox_max + (may_wait_long ? 0 : kPlacesBeyond))
    return fail(Fault::kLimit, "line " + setup_.name + " has " + std::to_string(waits) +
                                   " entries waiting already: wait until the other side is reached, carry them there (detente courier "
                                   "export), or discard some (detente discard)");
  for (const record::OfficerSignature& signature : entry.signatures)
    if (signatures_->used(context.store, true, signature))
      return fail(Fault::kConflict, "this officer's signature was used before; sign the text again");
  if (entry.header.kind == record::kRegister && registers_->wants_tests(entry) && !mutant(Mutant::kLiftUntested))
    return hold_lift(context, std::move(entry));
  const SubmissionId id = next_id_++;
  const bool flash = entry.header.precedence == record::Precedence::kFlash;
  const bool open = passes(entry.header);
  Waiting waiting{id, std::move(entry), false, if_cut};
  const bool first = outbox_.empty() && outbox_new_.empty();
  // One that waits for its commit may find that there is room by now: it was there before.
  const auto is_flash = [this](const Waiting& one) {
    return one.entry.header.precedence == record::Precedence::kFlash && passes(one.entry.header);
  };
  const bool first_flash = flash && std::none_of(outbox_.begin(), outbox_.end(), is_flash) &&
                           std::none_of(outbox_new_.begin(), outbox_new_.end(), is_flash);
  if (broken_)
    return fail(Fault::kIo, "the disk of this station takes nothing at the moment: make room on it, "
                            "then send the message again");
  signatures_->add(context.store, true, setup_.id, waiting.entry);
  const bool room = open && may_sign() && window_left() > 0;
  if (room && (first_flash || (first && places_left(waiting.entry.header.precedence) > 0 &&
                         link_->may_send(context.now.mono, setup_.paths)))) {
    place(context, {std::move(waiting)});
  } else if (room && outbox_new_.empty() && placing_ > 0) {
    // Shares the next commit and its signature; it is durable with it, and nobody is told before.
    outbox_.push_back(std::move(waiting));
  } else {
    store_in_outbox(context, std::move(waiting));
  }
  return id;
}

std::size_t Line::withdraw(Context& context, const Pick& pick, const std::string& why) {
  if (broken_) return 0;
  return take_out(context, [&](const Waiting& waiting) {
    return waiting.stored && pick(waiting.entry) ? std::optional(Leaving{why}) : std::nullopt;
  });
}

Result<void> Line::check_discard(SubmissionId id) const {
  const auto found = std::find_if(outbox_.begin(), outbox_.end(), [id](const Waiting& waiting) { return waiting.id == id; });
  if (found == outbox_.end() || broken_)
    return fail(Fault::kNotFound, "nothing of that number waits: it has its index, or went back to its author; detente record show lists what waits");
  const record::Entry& entry = found->entry;
  const auto answer = line::parse_answer_body(entry.body);
  const bool steps_back = answer && answer->act == line::AnswerAct::kWithdraw;
  switch (entry.header.kind) {
    case record::kMessage:
    case record::kPersonReceipt:
    case record::kProposal: break;
    case record::kProposalAnswer:
      if (!steps_back) break;
      [[fallthrough]];
    default:
      return fail(Fault::kState, "this counts at this side already, whether it is carried or not, and cannot be thrown away: take it back by an "
                                 "act of its own (a cut by detente lift)");
  }
  if (found->stored) return {};
  return fail(Fault::kState, "it is being written to the disk: try again");
}

Result<void> Line::discard(Context& context, SubmissionId id, const std::string& why) {
  DETENTE_TRY_VOID(check_discard(id));
  take_out(context, [&](const Waiting& waiting) { return waiting.id == id ? std::optional(Leaving{why, true}) : std::nullopt; });
  return {};
}

void Line::each_waiting(const std::function<void(SubmissionId, const record::Entry&)>& each) const {
  for (const Waiting& waiting : outbox_) each(waiting.id, waiting.entry);
}

bool Line::is_waiting(SubmissionId id) const {
  return std::any_of(outbox_.begin(), outbox_.end(), [id](const Waiting& waiting) { return waiting.id == id; });
}

std::size_t Line::retire(Context& context, const std::string& why) {
  retired_ = why;
  give_up_unreceipted(context, 0, own_.durable_size());
  return give_back_retired(context);
}

std::size_t Line::give_back_retired(Context& context) {
  return retired_ ? withdraw(context, [](const record::Entry&) { return true; }, *retired_) : 0;
}

void Line::give_up_unreceipted(Context& context, std::uint64_t from, std::uint64_t to) const {
  const Error why{Fault::kState, *retired_};
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (sent.durable && sent.placed.index >= from && sent.placed.index < to) context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, 0, why, sent.placed.entry});
}

std::size_t Line::take_out(Context& context, const std::function<std::optional<Leaving>(const Waiting&)>& leaving) {
  record::Batch batch = new_batch();
  std::vector<SubmissionFailed> out;
  for (auto it = outbox_.begin(); it != outbox_.end();) {
    std::optional<Leaving> leaves = leaving(*it);
    if (!leaves) {
      ++it;
      continue;
    }
    if (it->stored) batch.writes.push_back(record::DeleteOutbox{fence_.line, it->id});
    signatures_->forget(true, it->entry);
    out.push_back({identity_->peer, setup_.id, it->id, Error{Fault::kState, std::move(leaves->why)}, std::move(it->entry), leaves->dropped});
    it = outbox_.erase(it);
  }
  const std::size_t count = out.size();
  if (count == 0) return 0;
  const auto tell = [out = std::move(out)](Context& then) {
    for (const SubmissionFailed& one : out) then.effects.notify(one);
  };
  if (batch.writes.empty())
    tell(context);
  else
    commit(context, std::move(batch), tell, {});
  return count;
}

// A FLASH names each that has its index before it: where that takes long, few have. What has its index goes before another
// of its precedence gets one: that one's place among what still comes is open.
std::size_t Line::places_left(record::Precedence precedence) const {
  const std::size_t left = window_left();
  if (precedence == record::Precedence::kFlash) return left;
  if (placing_ > 0 || (!departing_.empty() && departing_.front().precedence >= precedence)) return 0;
  if (link_->bearer_time(setup_.paths) <= kSlowPacket) return left;
  const std::size_t under_way = own_.unreceipted().size();
  return under_way < kWindowOnSlowBearer ? std::min(left, kWindowOnSlowBearer - under_way) : 0;
}

void Line::store_in_outbox(Context& context, Waiting waiting) {
  const SubmissionId id = waiting.id;
  record::Batch batch = new_batch();
  batch.writes.push_back(record::PutOutbox{fence_.line, {id, encode_outbox_item(waiting.entry, outbox_state(waiting.if_cut))}});
  documents_->name(context, waiting.entry.header, batch);
  RegisterChanges acts;
  registers_->note(context, record::Whose::kAuthors, std::nullopt, waiting.entry, batch, acts);
  outbox_new_.push_back(std::move(waiting));
  const auto stored = [this, id, acts = std::move(acts)](Context& then) {
    const auto it = std::find_if(outbox_new_.begin(), outbox_new_.end(),
                                 [&](const Waiting& w) { return w.id == id; });
    if (it == outbox_new_.end()) return registers_->apply(then, acts);  // it went back meanwhile; the disk has what it says
    it->stored = true;
    outbox_.push_back(std::move(*it));
    outbox_new_.erase(it);
    then.effects.notify(EntryQueued{identity_->peer, setup_.id, id});
    registers_->apply(then, acts);
    give_back(then);  // the line may have been cut meanwhile
    give_back_retired(then);
    pump(then);
  };
  if (mutant(Mutant::kAcknowledgeBeforeSync)) {
    stored(context);
    return commit(context, std::move(batch), {}, {});
  }
  commit(context, std::move(batch), stored, [this, id](Context& then, const Error& error) { drop_refused(then, outbox_new_, id, error); });
}

void Line::drop_refused(Context& context, std::deque<Waiting>& queue, SubmissionId id, const Error& why) {
  const auto refused = std::find_if(queue.begin(), queue.end(), [id](const Waiting& one) { return one.id == id; });
  if (refused == queue.end()) return;  // it was told
  signatures_->forget(true, refused->entry);
  queue.erase(refused);
  context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, why});
}

void Line::sort_outbox() {
  const auto before = [this](const Waiting& a, const Waiting& b) {
    if (passes(a.entry.header) != passes(b.entry.header)) return passes(a.entry.header);
    if (mutant(Mutant::kOrderSwapped)) return a.id > b.id;
    if (mutant(Mutant::kPrecedenceIgnored)) return a.id < b.id;
    return a.entry.header.precedence != b.entry.header.precedence
               ? a.entry.header.precedence > b.entry.header.precedence
               : a.id < b.id;
  };
  if (std::is_sorted(outbox_.begin(), outbox_.end(), before)) return;
  std::stable_sort(outbox_.begin(), outbox_.end(), before);
}

std::vector<Line::Waiting> Line::next_to_place(Instant now) {
  sort_outbox();
  std::vector<Waiting> items;
  if (outbox_.empty() || !passes(outbox_.front().entry.header)) return items;
  const record::Precedence precedence = outbox_.front().entry.header.precedence;
  const bool flash = precedence == record::Precedence::kFlash;
  // One commit at a time gathers what comes meanwhile; FLASH gathers and waits for nothing.
  if (!flash && !link_->may_send(now, setup_.paths)) return items;
  const std::size_t room = std::min(places_left(precedence), kGroup);
  // On a bearer of a known rate no more at once than a packet holds.
  const bool paced = !flash && link_->bearer_time(setup_.paths) > Duration(0);
  std::size_t bytes = paced ? link_->room(&setup_.paths) : SIZE_MAX;
  auto taken = outbox_.begin();
  while (taken != outbox_.end() && items.size() < room && taken->entry.header.precedence == precedence &&
         passes(taken->entry.header) && (items.empty() || taken->entry.body.size() <= bytes)) {
    bytes -= std::min(bytes, taken->entry.body.size());
    items.push_back(std::move(*taken++));
  }
  outbox_.erase(outbox_.begin(), taken);
  return items;
}

std::optional<record::Precedence> Line::most_urgent_waiting() const {
  if (outbox_.empty() || !may_sign_what_waits()) return std::nullopt;
  std::optional<record::Precedence> out;
  for (const Waiting& waiting : outbox_)
    if (passes(waiting.entry.header))
      out = std::max(out.value_or(record::Precedence::kRoutine), waiting.entry.header.precedence);
  return out && places_left(*out) > 0 ? out : std::nullopt;
}

std::optional<record::Precedence> Line::most_urgent() const {
  std::optional<record::Precedence> out = most_urgent_waiting();
  if (!departing_.empty()) out = std::max(out.value_or(record::Precedence::kRoutine), departing_.front().precedence);
  return out;
}

record::Precedence Line::most_urgent_sent() const {
  auto out = record::Precedence::kRoutine;
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (travels(sent.placed.entry.header)) out = std::max(out, sent.placed.entry.header.precedence);
  return out;
}

void Line::pump(Context& context) {
  while (may_sign_what_waits()) {
    std::vector<Waiting> items = next_to_place(context.now.mono);
    if (items.empty()) break;
    place(context, std::move(items));
  }
  depart(context);
}

void Line::place(Context& context, std::vector<Waiting> items) {
  place(context, std::move(items), new_batch());
}

void Line::place(Context& context, std::vector<Waiting> items, record::Batch batch) {
  std::vector<SubmissionId> ids, untold;
  std::vector<record::Entry> entries;
  RegisterChanges acts;
  for (Waiting& item : items) {
    documents_->name(context, item.entry.header, batch);
    registers_->note(context, record::Whose::kAuthors, std::nullopt, item.entry, batch, acts);
    if (is_ordinary(item.entry.header)) item.entry.header.cut_epoch = registers_->theirs(setup_.id).cut_epoch();
    ids.push_back(item.id);
    if (!item.stored && item.id != 0) untold.push_back(item.id);
    entries.push_back(std::move(item.entry));
    if (item.stored) batch.writes.push_back(record::DeleteOutbox{fence_.line, item.id});
  }
  const std::uint64_t from = own_.size();
  const Result<void> placed = own_.place(context, std::move(entries), far_.seen(), batch);
  if (!placed) {
    documents_->named_in_vain(documents_of(batch));
    for (SubmissionId id : ids)
      context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, placed.error()});
    return;
  }
  const std::uint64_t to = own_.size();
  placing_ += ids.size();
  const record::EpochId epoch = own_.key().epoch;
  const auto durable = [this, from, to, ids, epoch, acts = std::move(acts)](Context& then) {
    registers_->apply(then, acts);  // a cut in the dark: its own act does not leave by a path
    if (own_.key().epoch == epoch) placed_durable(then, from, to, ids);
  };
  if (mutant(Mutant::kSendBeforeSync)) {
    durable(context);
    return commit(context, std::move(batch), {}, {});
  }
  commit(context, std::move(batch), durable, [this, untold](Context& then, const Error& error) {
    for (SubmissionId id : untold)
      then.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, error});
  });
}

void Line::placed_durable(Context& context, std::uint64_t from, std::uint64_t to,
                          const std::vector<SubmissionId>& ids) {
  placing_ -= std::min(placing_, ids.size());
  own_.mark_durable(to);
  epoch_wanted_ = false;
  note_own_acts(from, to);
  for (std::uint64_t index = from; index < to; ++index)
    context.effects.notify(
        EntryPlaced{identity_->peer, setup_.id, ids[index - from], own_.key().epoch, index});
  if (retired_) give_up_unreceipted(context, from, to);
  transmit(context, [&](const OwnLog::Sent& sent) {
    return sent.placed.index >= from && sent.placed.index < to;
  });
  pump(context);
  if (placing_ == 0) store_gathered(context);
}

// What gathered for a commit that cannot be made now: the window is full or the path is.
void Line::store_gathered(Context& context) {
  std::vector<Waiting> gathered;
  for (Waiting& waiting : outbox_)
    if (!waiting.stored) gathered.push_back(std::move(waiting));
  std::erase_if(outbox_, [](const Waiting& waiting) { return !waiting.stored; });
  for (Waiting& waiting : gathered) store_in_outbox(context, std::move(waiting));
}

void Line::commit(Context& context, record::Batch batch, EffectQueue::Then then,
                  EffectQueue::Failed failed) {
  ++commits_;
  const std::vector<record::BlobKey> documents = documents_of(batch);
  context.effects.persist(
      {std::move(batch)},
      [this, then = std::move(then), documents](Context& now) {
        if (then) then(now);
        documents_->named_durable(now, documents);
        commit_ended(now);
      },
      [this, failed = std::move(failed), documents](Context& now, const Error& error) {
        if (!std::exchange(broken_, true))
          now.effects.notify(Alarm{identity_->peer, AlarmKind::kStore, error.message});
        documents_->named_in_vain(documents);
        if (failed) failed(now, error);
        commit_ended(now);
      });
}

// What the disk has is the truth, and nothing that it has not has left the station.
void Line::commit_ended(Context& context) {
  if (--commits_ > 0) return;
  if (!broken_) return keep_refused_proofs(context);  // it may be known by now what they contradict
  broken_ = false;
  disk_rests_until_ = context.now.mono + kTick;
  std::vector<Waiting> gathered;
  for (Waiting& waiting : outbox_)
    if (!waiting.stored) gathered.push_back(std::move(waiting));
  load(context, fence_);
  if (setup_.id == kAccordLine) registers_->forget_noted();
  // Its author may write another entry in that place, or none.
  if (std::exchange(noted_in_vain_, false)) agreements_->load(context);
  for (Waiting& waiting : gathered) {
    signatures_->add(context.store, true, setup_.id, waiting.entry);
    store_in_outbox(context, std::move(waiting));
  }
  arm_retry(context);
  give_back_retired(context);
  if (epoch_wanted_) epoch_retry_at_ = context.now.mono + kEpochRetry;
}

}  // namespace detente::core
