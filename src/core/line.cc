#include "core/line.h"

#include <algorithm>

#include "base/check.h"
#include "core/outbox.h"
#include "wire/reader.h"

namespace detente::core {

namespace {

constexpr std::size_t kWindow = 8;         // spec/packet.md section 5
constexpr unsigned kTriesBeforeCall = 3;   // spec/session.md section 6
constexpr Duration kStatePause = std::chrono::milliseconds(500);

wire::FrameClass frame_class(record::EntryClass entry_class) {
  return static_cast<wire::FrameClass>(entry_class);
}

}  // namespace

Line::Line(PairIdentity& identity, LineSetup setup, Link& link)
    : identity_(&identity),
      setup_(std::move(setup)),
      link_(&link),
      own_(identity, setup_),
      far_(identity, setup_) {}

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
  in_flight_.clear();
  placing_ = 0;
  for (const record::OutboxItem& item : context.store.outbox(fence_.line)) {
    if (auto entry = decode_outbox_item(item.item)) outbox_.push_back({item.id, std::move(*entry)});
    next_id_ = std::max(next_id_, item.id + 1);
  }
}

void Line::open_epoch(Context& context) {
  const record::LogPosition before = own_.open_epoch(context);
  record::Entry entry;
  entry.header.line = setup_.id;
  entry.header.kind = record::kEpochOpening;
  entry.header.time = context.now.wall;
  entry.header.body_form = record::BodyForm::kCbor;
  entry.body = line::epoch_body(before.size == 0 ? std::nullopt : std::optional(before));
  in_flight_.clear();
  place(context, {{0, std::move(entry)}});
}

// --- what this side says ----------------------------------------------------

Result<SubmissionId> Line::submit(Context& context, record::Entry entry) {
  DETENTE_TRY_VOID(line::check_submission(
      entry, {setup_.id, setup_.name, setup_.provable, setup_.highest}));
  if (outbox_.size() + outbox_new_.size() >= setup_.outbox_max)
    return fail(Fault::kLimit, "line " + setup_.name + " has " + std::to_string(setup_.outbox_max) +
                                   " messages waiting already; wait until the other side is reached");
  for (const record::OfficerSignature& signature : entry.signatures)
    if (context.store.officer_counter_used(identity_->lineage, true, signature.officer,
                                           signature.counter))
      return fail(Fault::kConflict, "this officer's signature was used before; sign the text again");
  const SubmissionId id = next_id_++;
  Waiting waiting{id, std::move(entry)};
  const bool at_once = link_->ready() && outbox_.empty() && outbox_new_.empty() &&
                       placing_ + own_.unreceipted().size() < kWindow;
  if (at_once) {
    place(context, {std::move(waiting)});
    return id;
  }
  record::Batch batch = new_batch();
  batch.writes.push_back(
      record::PutOutbox{fence_.line, {id, encode_outbox_item(waiting.entry)}});
  outbox_new_.push_back(std::move(waiting));
  context.effects.persist(
      {std::move(batch)},
      [this, id](Context& then) {
        const auto it = std::find_if(outbox_new_.begin(), outbox_new_.end(),
                                     [&](const Waiting& w) { return w.id == id; });
        if (it == outbox_new_.end()) return;
        outbox_.push_back(std::move(*it));
        outbox_new_.erase(it);
        then.effects.notify(EntryQueued{identity_->peer, setup_.id, id});
        pump(then);
      },
      [this, id](Context& then, const Error& error) {
        std::erase_if(outbox_new_, [&](const Waiting& w) { return w.id == id; });
        then.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, error});
      });
  return id;
}

std::vector<Line::Waiting> Line::next_to_place() {
  std::stable_sort(outbox_.begin(), outbox_.end(), [](const Waiting& a, const Waiting& b) {
    return a.entry.header.precedence != b.entry.header.precedence
               ? a.entry.header.precedence > b.entry.header.precedence
               : a.id < b.id;
  });
  const std::size_t under_way = placing_ + own_.unreceipted().size();
  const std::size_t room = under_way < kWindow ? kWindow - under_way : 0;
  std::vector<Waiting> items;
  // One precedence a commit: a FLASH gets a checkpoint of its own.
  while (!outbox_.empty() && items.size() < room &&
         (items.empty() ||
          items.front().entry.header.precedence == outbox_.front().entry.header.precedence)) {
    items.push_back(std::move(outbox_.front()));
    outbox_.erase(outbox_.begin());
  }
  return items;
}

void Line::pump(Context& context) {
  if (!link_->ready()) return;
  for (std::vector<Waiting> items = next_to_place(); !items.empty(); items = next_to_place())
    place(context, std::move(items));
}

void Line::place(Context& context, std::vector<Waiting> items) {
  record::Batch batch = new_batch();
  std::vector<SubmissionId> ids;
  std::vector<record::Entry> entries;
  for (Waiting& item : items) {
    ids.push_back(item.id);
    entries.push_back(std::move(item.entry));
    batch.writes.push_back(record::DeleteOutbox{fence_.line, item.id});
  }
  const std::uint64_t from = own_.size();
  const Result<void> placed = own_.place(context, std::move(entries), far_.seen(), batch);
  if (!placed) {
    for (SubmissionId id : ids)
      context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, placed.error()});
    return;
  }
  const std::uint64_t to = own_.size();
  placing_ += ids.size();
  const record::EpochId epoch = own_.key().epoch;
  context.effects.persist(
      {std::move(batch)},
      [this, from, to, ids, epoch](Context& then) {
        if (own_.key().epoch == epoch) placed_durable(then, from, to, ids);
      },
      [this, ids](Context& then, const Error& error) { placing_failed(then, ids, error); });
}

void Line::placed_durable(Context& context, std::uint64_t from, std::uint64_t to,
                          const std::vector<SubmissionId>& ids) {
  placing_ -= ids.size();
  own_.mark_durable(to);
  for (std::uint64_t index = from; index < to; ++index)
    context.effects.notify(
        EntryPlaced{identity_->peer, setup_.id, ids[index - from], own_.key().epoch, index});
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (sent.placed.index >= from && sent.placed.index < to) transmit(context, sent);
}

void Line::placing_failed(Context& context, const std::vector<SubmissionId>& ids,
                          const Error& error) {
  // Nothing of it left the station: what the disk has is the truth. Commits that were
  // issued on top of this one fail too and come here again.
  std::vector<Waiting> waiting_new = std::move(outbox_new_);
  load(context, fence_);
  outbox_new_ = std::move(waiting_new);
  for (SubmissionId id : ids)
    context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, error});
  context.effects.notify(Alarm{identity_->peer, AlarmKind::kStore, error.message});
}

// --- sending ------------------------------------------------------------------

std::vector<record::Predecessor> Line::predecessors_of(const OwnLog::Sent& sent) const {
  std::vector<record::Predecessor> out;
  bool lower_waits = false;
  for (const OwnLog::Sent& other : own_.unreceipted()) {
    if (other.placed.index >= sent.placed.index) break;
    out.push_back({other.placed.leaf, other.placed.entry.header.precedence});
    lower_waits |= other.placed.entry.header.precedence < sent.placed.entry.header.precedence;
  }
  if (!lower_waits || !sent.checkpoint || out.size() > record::kPredecessorsMax) return {};
  return out;
}

record::WireEntry Line::to_wire(const OwnLog::Sent& sent) const {
  record::WireEntry wire;
  const record::Entry& entry = sent.placed.entry;
  wire.index_low = static_cast<std::uint8_t>(sent.placed.index);
  wire.header = entry.header;
  wire.header.seen.reset();
  wire.header.references.clear();
  if (entry.header.seen) {
    wire.seen_size = entry.header.seen->size;
    if (!far_.known() || entry.header.seen->epoch != far_.key().epoch)
      wire.seen_epoch = entry.header.seen->epoch;
  }
  for (const record::Reference& reference : entry.header.references) {
    const record::EpochId& newest =
        reference.whose == record::Whose::kAuthors ? own_.key().epoch : far_.key().epoch;
    wire.references.push_back(
        {reference.whose,
         reference.epoch == newest ? std::nullopt : std::optional(reference.epoch),
         reference.index});
  }
  if (!own_.other_knows_epoch()) wire.epoch = own_.key().epoch;
  wire.predecessors = predecessors_of(sent);
  wire.signatures = entry.signatures;
  wire.checkpoint = sent.checkpoint;
  wire::Coded coded = identity_->coder->encode(entry.body);
  wire.coder = coded.coder;
  wire.coded_body = std::move(coded.bytes);
  return wire;
}

void Line::transmit(Context& context, const OwnLog::Sent& sent) {
  if (!link_->ready() || !sent.durable) return;
  const record::Header& header = sent.placed.entry.header;
  wire::Frame frame{wire::FrameType::kEntry, frame_class(header.entry_class), false,
                    record::encode_wire_entry(to_wire(sent), link_->base_c())};
  const bool flash = header.precedence == record::Precedence::kFlash;
  InFlight& flight = in_flight_[sent.placed.index];
  flight.packets = link_->send(context, {std::move(frame)}, flash);
  if (flight.sent++ == 0) flight.first_sent = context.now.mono;
  if (!retry_at_) retry_at_ = context.now.mono + link_->round_trip().timeout(tries_);
}

void Line::transmit_all(Context& context) {
  for (std::size_t i = 0; i < own_.unreceipted().size() && i < kWindow; ++i)
    transmit(context, own_.unreceipted()[i]);
}

void Line::on_link_up(Context& context) {
  tries_ = 0;
  retry_at_.reset();
  transmit_all(context);
  pump(context);
}

void Line::on_deadline(Context& context) {
  if (!retry_at_ || context.now.mono < *retry_at_) return;
  retry_at_.reset();
  if (own_.unreceipted().empty()) return;
  ++tries_;
  if (tries_ >= kTriesBeforeCall) link_->no_answer(context);
  transmit_all(context);
  if (!retry_at_) retry_at_ = context.now.mono + link_->round_trip().timeout(tries_);
}

std::optional<Instant> Line::next_deadline() const {
  return own_.unreceipted().empty() ? std::nullopt : retry_at_;
}

void Line::send_receipt(Context& context) {
  const auto& receipt = far_.newest_receipt();
  if (!receipt || !link_->ready()) return;
  record::WireCosignature wire;
  wire.line = setup_.id;
  wire.size_low = static_cast<std::uint8_t>(receipt->size);
  if (receipt->signature) {
    wire.signed_part = {receipt->time, *receipt->signature};
  } else {
    wire.root_prefix = record::root_prefix(receipt->root);
  }
  wire::Frame frame{wire::FrameType::kCosignature, wire::FrameClass::kLive, false,
                    record::encode_wire_cosignature(wire, link_->base_c())};
  static_cast<void>(link_->send(context, {std::move(frame)}, false));
}

void Line::send_state(Context& context, bool answer_wanted) {
  if (!link_->ready()) return;
  // An authenticated counterpart must not be able to draw one for each packet.
  if (state_sent_at_ && context.now.mono - *state_sent_at_ < kStatePause) return;
  state_sent_at_ = context.now.mono;
  record::LogState state;
  state.line = setup_.id;
  state.answer_wanted = answer_wanted;
  if (const std::uint64_t size = own_.durable_size(); size > 0)
    if (const auto root = own_.root_at(context, size))
      state.mine = {own_.key().epoch, size, record::root_prefix(*root)};
  if (const auto& receipt = far_.newest_receipt())
    state.yours = {far_.key().epoch, receipt->size, record::root_prefix(receipt->root)};
  wire::Frame frame{wire::FrameType::kLogState, wire::FrameClass::kLive, false,
                    record::encode_log_state(state)};
  static_cast<void>(link_->send(context, {std::move(frame)}, false));
}

// --- what the other side says ----------------------------------------------------

void Line::on_entry(Context& context, const wire::Frame& frame, std::uint32_t base_c) {
  const auto entry_class = static_cast<record::EntryClass>(frame.frame_class);
  Result<record::WireEntry> wire = record::decode_wire_entry(frame.body, entry_class, base_c);
  if (!wire) {
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry, wire.error().message});
    return;
  }
  record::Batch batch = new_batch();
  FarLog::Outcome outcome = far_.accept(context, *wire, own_, batch);
  take_outcome(context, std::move(outcome), std::move(batch));
}

void Line::take_outcome(Context& context, FarLog::Outcome outcome, record::Batch batch) {
  const PeerId peer = identity_->peer;
  for (std::string& alarm : outcome.alarms)
    context.effects.notify(Alarm{peer, AlarmKind::kBadEntry, std::move(alarm)});
  if (outcome.equivocation)
    context.effects.notify(Alarm{peer, AlarmKind::kEquivocation,
                                 "two records that do not agree on line " + setup_.name});
  switch (outcome.verdict) {
    case FarLog::Verdict::kBad:
      context.effects.notify(Alarm{peer, AlarmKind::kBadEntry, outcome.why});
      return;
    case FarLog::Verdict::kGap: send_state(context, false); return;
    case FarLog::Verdict::kWaiting: return;
    case FarLog::Verdict::kDuplicate:
      send_receipt(context);
      if (!far_.newest_receipt()) send_state(context, false);
      if (batch.writes.empty()) return;
      break;
    case FarLog::Verdict::kAccepted:
    case FarLog::Verdict::kEarly: break;
  }
  if (outcome.new_epoch)
    context.effects.notify(Alarm{peer, AlarmKind::kNewEpoch,
                                 "the other station began a new epoch of its record on line " +
                                     setup_.name + "; it says that its disk has a new life"});
  const record::EpochId epoch = far_.key().epoch;
  context.effects.persist(
      {std::move(batch)},
      [this, epoch, receipt = outcome.receipt, arrived = outcome.arrived](Context& then) {
        if (far_.key().epoch != epoch) return;
        if (receipt) {
          far_.mark_durable(*receipt);
          send_receipt(then);
        }
        for (const FarLog::Shown& shown : arrived)
          then.effects.notify(
              EntryArrived{identity_->peer, setup_.id, epoch, shown.index, shown.early});
      },
      [this](Context& then, const Error& error) {
        far_.load(then);
        then.effects.notify(Alarm{identity_->peer, AlarmKind::kStore, error.message});
      });
}

void Line::on_cosignature(Context& context, const wire::Frame& frame, std::uint32_t base_c) {
  Result<record::WireCosignature> wire =
      record::decode_wire_cosignature(frame.body, setup_.provable, base_c);
  if (!wire) {
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry, wire.error().message});
    return;
  }
  const std::uint64_t size = record::restore_low8(wire->size_low, own_.durable_size());
  record::Batch batch = new_batch();
  const Result<bool> news =
      own_.take_receipt(context, size, wire->signed_part, wire->root_prefix, batch);
  if (!news) {
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry, news.error().message});
    return;
  }
  if (!*news) return;
  while (!in_flight_.empty() && in_flight_.begin()->first < size) {
    const InFlight& flight = in_flight_.begin()->second;
    for (const SentPacket& packet : flight.packets) link_->confirm(packet);
    if (flight.sent == 1) link_->round_trip().measured(context.now.mono - flight.first_sent);
    in_flight_.erase(in_flight_.begin());
  }
  sessions_at_receipt_ = link_->session_count();
  tries_ = 0;
  retry_at_.reset();
  if (!own_.unreceipted().empty())
    retry_at_ = context.now.mono + link_->round_trip().timeout(0);
  context.effects.notify(
      ReceiptVerified{identity_->peer, setup_.id, own_.key().epoch, size});
  context.effects.persist({std::move(batch)}, {}, {});
  pump(context);
}

void Line::on_log_state(Context& context, const wire::Frame& frame, std::uint64_t session) {
  const Result<record::LogState> state = record::decode_log_state(frame.body);
  if (!state) {
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry, state.error().message});
    return;
  }
  if (state->yours && state->yours->epoch == own_.key().epoch) {
    if (state->yours->size > own_.durable_size())
      context.effects.notify(Alarm{
          identity_->peer, AlarmKind::kWeForgot,
          "the other side holds " + std::to_string(state->yours->size) + " entries of this station's log on line " +
              setup_.name + ", which has only " + std::to_string(own_.durable_size()) +
              "; this disk seems to have been restored from a backup: begin a new epoch"});
    // Within a session an older state may arrive after a newer receipt.
    if (state->yours->size < own_.receipted_size() && session > sessions_at_receipt_)
      context.effects.notify(Alarm{
          identity_->peer, AlarmKind::kPeerForgot,
          "the other side now holds fewer entries on line " + setup_.name +
              " than it had receipted; its disk seems to have been lost or restored"});
  }
  if (state->answer_wanted) {
    send_receipt(context);
    send_state(context, false);
  }
  if (!own_.unreceipted().empty() && !retry_at_) transmit_all(context);
}

}  // namespace detente::core
