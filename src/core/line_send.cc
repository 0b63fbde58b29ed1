// Line: entries, receipts and states on their way. spec/record.md sections 7 and 8.
#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "core/audit.h"
#include "core/line.h"

namespace detente::core {

namespace {

constexpr Duration kStatePauseLeast = std::chrono::milliseconds(10);
constexpr std::size_t kFullFrom = 16;     // so many under way: the processor's time counts more than 2 % of the bytes

wire::FrameClass frame_class(record::EntryClass entry_class) {
  return static_cast<wire::FrameClass>(entry_class);
}

}  // namespace

std::vector<record::Predecessor> Line::predecessors_of(const OwnLog::Sent& sent) const {
  if (!sent.checkpoint) return {};
  std::vector<record::Predecessor> out;
  bool lower_waits = false;
  for (const OwnLog::Sent& other : own_.unreceipted()) {
    if (other.placed.index >= sent.placed.index) break;
    out.push_back({other.placed.leaf, other.placed.entry.header.precedence});
    lower_waits |= other.placed.entry.header.precedence < sent.placed.entry.header.precedence;
  }
  if (!lower_waits || out.size() > record::kPredecessorsMax) return {};
  return out;
}

record::WireEntry Line::to_wire(const OwnLog::Sent& sent, Told told) const {
  record::WireEntry wire;
  const record::Entry& entry = sent.placed.entry;
  wire.index_low = static_cast<std::uint8_t>(sent.placed.index);
  wire.header = entry.header;
  wire.header.seen.reset();
  wire.header.references.clear();
  const bool recovery = told == Told::kAll;
  // A disk that went back does not know the newest log of its reader's, which is what he would fill in.
  const bool named = told != Told::kLeast || !far_.known() || far_.wants_recovery();
  if (entry.header.seen) {
    wire.seen_size = entry.header.seen->size;
    // Of an epoch that the other side has left it may not have the end: its disk went back.
    const bool left = named || entry.header.seen->epoch != far_.key().epoch;
    if (left) wire.seen_epoch = entry.header.seen->epoch;
    if (left) wire.seen_root = entry.header.seen->root;
  }
  for (const record::Reference& reference : entry.header.references) {
    const record::EpochId& newest =
        reference.whose == record::Whose::kAuthors ? own_.key().epoch : far_.key().epoch;
    const bool left = named || reference.epoch != newest;
    wire.references.push_back(
        {reference.whose, left ? std::optional(reference.epoch) : std::nullopt, reference.index,
         left ? std::optional(reference.leaf) : std::nullopt});
  }
  if (recovery || !own_.other_knows_epoch()) wire.epoch = own_.key().epoch;
  if (recovery || (!setup_.provable && (own_.may_repeat(sent.placed) || was_sent(sent.placed.index)))) wire.index = sent.placed.index;
  if (!recovery) wire.predecessors = predecessors_of(sent);
  wire.signatures = entry.signatures;
  wire.checkpoint = sent.checkpoint;
  const bool full = own_.unreceipted().size() > kFullFrom;
  wire::Coded coded =
      identity_->coder->encode(entry.body, full ? wire::Effort::kQuick : wire::Effort::kShortest);
  wire.coder = coded.coder;
  wire.coded_body = std::move(coded.bytes);
  return wire;
}

wire::Frame Line::entry_frame(const OwnLog::Sent& sent, Told told) const {
  return {wire::FrameType::kEntry, frame_class(sent.placed.entry.header.entry_class), false,
          record::encode_wire_entry(to_wire(sent, told), link_->base_c())};
}

// Without signatures nothing proves what its reader fills in.
Line::Told Line::told_on_paths(const Context& context) const {
  return setup_.provable || far_.settled(context.now.mono) ? Told::kLeast : Told::kEpochs;
}

void Line::send_group(Context& context, const std::vector<const OwnLog::Sent*>& group,
                      std::vector<wire::Frame> frames, bool flash) {
  if (group.empty()) return;
  // Where the rate is measured, what the window left in gets an index, and what is lost there goes at once: a window that
  // losses have closed would make minutes of it.
  if (!flash && link_->bearer_time(setup_.paths) > Duration(0)) return line_up(context, group, std::move(frames));
  const bool lost_twice = std::any_of(group.begin(), group.end(), [this](const OwnLog::Sent* sent) {
    const auto it = in_flight_.find(sent->placed.index);
    return it != in_flight_.end() && it->second.sent >= 2;
  });
  const auto packets = link_->send(
      context, frames, {.all_paths = flash, .brisk_paths = lost_twice, .allowed = &setup_.paths, .tracked = Link::Tracked::kYes});
  for (const OwnLog::Sent* sent : group) {
    InFlight& flight = in_flight_[sent->placed.index];
    flight.packets = packets;
    flight.last_sent = left_by(context.now.mono, packets);
    flight.held = flight.lost = flight.departs = false;
    ++flight.sent;
  }
}

bool Line::was_sent(std::uint64_t index) const {
  const auto it = in_flight_.find(index);
  return it != in_flight_.end() && it->second.sent > 0;
}

bool Line::may_leave(const OwnLog::Sent& sent) const {
  return (sent.durable || mutant(Mutant::kSendBeforeSync)) && travels(sent.placed.entry.header);
}

void Line::transmit(Context& context, const SentPick& pick) {
  // Before contact is made, or with a new epoch under way, this log may be one that the other side has left: an entry
  // of it would be read as one of the newest.
  if (!link_->ready() || !contact_made_ || epoch_wanted_) return;
  std::vector<const OwnLog::Sent*> group;
  std::vector<wire::Frame> frames;
  std::size_t bytes = 0;
  const auto flush = [&] {
    send_group(context, group, std::move(frames), !group.empty() && group.front()->is_flash());
    group.clear();
    frames.clear();
    bytes = 0;
  };
  const std::size_t room = link_->room(&setup_.paths);
  const Told told = told_on_paths(context);
  for (const OwnLog::Sent& sent : own_.unreceipted()) {
    if (!may_leave(sent) || !pick(sent)) continue;
    wire::Frame frame = entry_frame(sent, told);
    const std::size_t size = wire::frame_size(frame);
    if (bytes + size > room || (!group.empty() && group.front()->is_flash() != sent.is_flash())) flush();
    bytes += size;
    frames.push_back(std::move(frame));
    group.push_back(&sent);
  }
  flush();
  depart(context);
  arm_retry(context);
}

void Line::send_again_from(Context& context, std::uint64_t size) {
  if (!link_->ready()) return;  // the packet that asked said farewell, too
  std::vector<wire::Frame> frames;
  for (const OwnLog::Sent& sent : own_.sent_before(context, size, kSentAgain))
    frames.push_back(entry_frame(sent, Told::kAll));
  static_cast<void>(link_->send(context, frames, {.allowed = &setup_.paths}));
}

record::WireCosignature Line::wire_receipt(const FarLog::Receipt& receipt) const {
  record::WireCosignature wire;
  wire.line = setup_.id;
  wire.size_low = static_cast<std::uint8_t>(receipt.size);
  if (receipt.signature) {
    wire.signed_part = {receipt.time, *receipt.signature};
  } else {
    wire.root_prefix = record::root_prefix(receipt.root);
  }
  return wire;
}

// The planted bug kCosignSmaller: the checker must see it when it leaves.
void Line::send_smaller_receipt(Context& context, const FarLog::Receipt& receipt) {
  if (context.audit != nullptr) context.audit->cosigned(far_.key(), receipt.size - 1, receipt.root);
}

void Line::send_receipt(Context& context, bool all_paths, std::optional<PathId> on) {
  const auto& receipt = far_.newest_receipt();
  if (!receipt || !link_->ready()) return;
  // This disk is an older copy: what it had cosigned then is less than what the other side knows.
  if (receipt->size < far_.floor() && !mutant(Mutant::kFloorIgnored)) return;
  if (mutant(Mutant::kCosignSmaller) && receipt->size > 1 && context.jitter.below(4) == 0)
    return send_smaller_receipt(context, *receipt);
  if (context.audit != nullptr) context.audit->cosigned(far_.key(), receipt->size, receipt->root);
  wire::Frame frame{wire::FrameType::kCosignature, wire::FrameClass::kLive, false,
                    record::encode_wire_cosignature(wire_receipt(*receipt), link_->base_c())};
  static_cast<void>(link_->send(context, {std::move(frame)},
                                {.all_paths = all_paths, .allowed = &setup_.paths, .answer_on = on}));
}

wire::Frame Line::state_frame(Context& context, bool answer_wanted) const {
  record::LogState state;
  state.line = setup_.id;
  state.answer_wanted = answer_wanted;
  if (const std::uint64_t size = own_.durable_size(); size > 0)
    if (const auto root = own_.root_at(context, size)) {
      state.mine = {own_.key().epoch, size, record::root_prefix(*root)};
      state.receipted = own_.verified_size();
    }
  if (far_.known()) {
    state.yours = {far_.key().epoch, far_.held().size, record::root_prefix(far_.held().root)};
    state.ahead = far_.ahead();
  }
  state.your_cut = registers_->their_open_cut(setup_.id);
  return {wire::FrameType::kLogState, wire::FrameClass::kLive, false, record::encode_log_state(state)};
}

Duration Line::state_pause() const { return std::max(kStatePauseLeast, link_->round_trip() / 4); }

// An authenticated counterpart must not be able to draw one for each packet.
Instant Line::state_may_leave_at() const { return state_sent_at_ ? *state_sent_at_ + state_pause() : Instant{}; }

void Line::send_state(Context& context, bool answer_wanted) {
  if (!link_->ready()) return;
  if (const Instant earliest = state_may_leave_at(); context.now.mono < earliest) {
    state_due_ = earliest;  // one for all that draw it until then
    return;
  }
  state_due_.reset();
  state_sent_at_ = context.now.mono;
  static_cast<void>(link_->send(context, {state_frame(context, answer_wanted)}, {}));
}

}  // namespace detente::core
