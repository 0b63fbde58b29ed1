// Line: what crosses it while one side or both have cut it. spec/cut.md.
#include <algorithm>

#include "base/mutant.h"
#include "core/line.h"

namespace detente::core {

namespace {

const record::StoredEntry* stored_by(const record::Write& write) {
  if (const auto* next = std::get_if<record::AppendEntry>(&write)) return &next->entry;
  if (const auto* early = std::get_if<record::PutEarlyEntry>(&write)) return &early->entry;
  return nullptr;
}

}  // namespace

bool Line::passes(const record::Header& header) const {
  return !is_ordinary(header) || (closed_ & medium_of(header)) == 0 || mutant(Mutant::kCutIgnored);
}

// Else it would stand before every text behind it.
bool Line::travels(const record::Header& header) const {
  return passes(header) || (closed_ & line::kText) == 0;
}

bool Line::awaits_receipt() const {
  const auto& sent = own_.unreceipted();
  if (closed_ == 0) return !sent.empty();
  return std::any_of(sent.begin(), sent.end(),
                     [this](const OwnLog::Sent& one) { return travels(one.placed.entry.header); });
}

// Those of the other side that came early are in force early: a FLASH is.
RegisterChanges Line::note_their_acts(Context& context, record::Batch& batch) {
  RegisterChanges out;
  if (setup_.id != kAccordLine) return out;
  const record::EpochId& epoch = far_.key().epoch;
  std::vector<std::pair<std::uint64_t, record::Entry>> acts;
  for (const record::Write& write : batch.writes)
    if (const record::StoredEntry* stored = stored_by(write))
      if (auto entry = record::decode_entry(stored->bytes);
          entry && agreements_->vouched(record::Whose::kOthers, epoch, stored->index)) {
        agreements_->note(record::Whose::kOthers, epoch, stored->index, *entry);
        if (entry->header.kind == record::kRegister && !agreements_->replayed(record::Whose::kOthers, epoch, stored->index, *entry))
          acts.emplace_back(stored->index, std::move(*entry));
      }
  for (const auto& [index, act] : acts)
    registers_->note(context, record::Whose::kOthers, agreements_->place(record::Whose::kOthers, epoch, index), act, batch, out);
  return out;
}

void Line::note_own_acts(std::uint64_t from, std::uint64_t to) {
  if (setup_.id != kAccordLine) return;
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (sent.placed.index >= from && sent.placed.index < to)
      agreements_->note(record::Whose::kAuthors, own_.key().epoch, sent.placed.index, sent.placed.entry);
}

std::vector<record::Entry> Line::stored_acts() const {
  std::vector<record::Entry> out;
  for (const Waiting& one : outbox_)
    if (one.stored && one.entry.header.kind == record::kRegister) out.push_back(one.entry);
  return out;
}

bool Line::any_waiting(const Pick& pick) const {
  const auto wanted = [&](const Waiting& one) { return pick(one.entry); };
  return std::any_of(outbox_.begin(), outbox_.end(), wanted) ||
         std::any_of(outbox_new_.begin(), outbox_new_.end(), wanted) ||
         std::any_of(own_.unreceipted().begin(), own_.unreceipted().end(),
                     [&](const OwnLog::Sent& sent) { return !sent.durable && pick(sent.placed.entry); });
}

// The accord line carries small ones, of a restoration's tests and of announcements, and an accord's files.
void Line::fetch_documents(Context& context, const std::vector<NamedDocument>& named, record::Batch& batch) {
  if (setup_.documents) return documents_->theirs_named(context, setup_.id, named, batch);
  if (setup_.id != kAccordLine) return;
  std::vector<NamedDocument> small;
  for (const NamedDocument& one : named)
    if (one.attachment.length <= accord_document_max(one.attachment.media_type)) small.push_back(one);
  documents_->theirs_named(context, setup_.id, small, batch);
}

void Line::on_registers(Context& context) {
  const line::MediaMask before = closed_;
  closed_ = registers_->closed_media(setup_.id);
  if (closed_ == before) return;
  refusal_told_.reset();
  give_back(context);
  // What may not be sent again waits for no receipt, and none is asked for.
  const bool recalled = recall_departures(context);
  for (const OwnLog::Sent& sent : own_.unreceipted())
    if (const auto it = in_flight_.find(sent.placed.index); it != in_flight_.end() && !travels(sent.placed.entry.header)) {
      link_->confirm(context, it->second.packets, Arrival::kUnknown);  // else they fill the path's window for ever
      in_flight_.erase(it);
    }
  if ((before & ~closed_) != 0) {
    tries_ = 0;
    transmit_missing(context, Duration(0));
  } else if (recalled) {
    transmit(context, [this](const OwnLog::Sent& sent) { return in_flight_.count(sent.placed.index) == 0; });
  }
  arm_retry(context);
  pump(context);
}

// What its author did not ask to hold.
void Line::give_back(Context& context) {
  if (closed_ == 0) return;
  take_out(context, [this](const Waiting& waiting) -> std::optional<Leaving> {
    if (waiting.if_cut == IfCut::kHold || passes(waiting.entry.header)) return std::nullopt;
    const auto closed = registers_->closed(setup_.id, medium_of(waiting.entry.header));
    if (!closed) return std::nullopt;
    const bool drop = waiting.if_cut == IfCut::kDrop;
    return Leaving{closed_words(*closed, setup_.name, identity_->counterpart) + "; this was not sent, and is " +
                       (drop ? "dropped, as its author wanted" : "given back"),
                   drop};
  });
}

bool Line::refused_by_cut(Context& context, const record::WireEntry& wire) {
  if (is_ordinary(wire.header) && wire.header.cut_epoch > registers_->own(setup_.id).cut_epoch())
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kWeForgot,
                                 "the other station knows of a cut of line " + setup_.name +
                                     " by this side that is not on this disk; cut it again if it is to be cut", setup_.id});
  if (travels(wire.header) || far_.was_cosigned(wire)) return false;
  const auto closed = registers_->closed(setup_.id, medium_of(wire.header));
  // It had left before its author can have known of our cut: it is in the record, and shown as crossed.
  const bool theirs_is_cut = registers_->closed_by(record::Whose::kOthers, setup_.id, medium_of(wire.header)) != nullptr;
  if (!theirs_is_cut && wire.header.cut_epoch < closed->cut.cut_epoch && !registers_->other_side_knows(setup_.id)) return false;
  const auto cut = std::pair(closed->whose, closed->cut.cut_epoch);
  if (std::exchange(refusal_told_, cut) != cut)
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kCut,
                                 "the other station writes on line " + setup_.name +
                                     " although it is cut; this is not taken while the cut is in force"});
  link_->acknowledge_last(context.now.mono);  // else the author's window stays full, for his other lines too
  return true;
}

// Whether an own act on that line's register is still without the other side's receipt.
bool Line::register_act_unreceipted(LineId line) const {
  const auto is_of_line = [line](const record::Entry& entry) {
    if (entry.header.kind != record::kRegister) return false;
    const auto act = line::parse_register_body(entry.body);
    return act && std::any_of(act->lines().begin(), act->lines().end(),
                              [line](const line::RegisterOf& of) { return of.line == line; });
  };
  const auto waits = [&](const std::deque<Waiting>& queue) {
    return std::any_of(queue.begin(), queue.end(), [&](const Waiting& one) { return is_of_line(one.entry); });
  };
  const auto& sent = own_.unreceipted();
  return waits(outbox_) || waits(outbox_new_) ||
         std::any_of(sent.begin(), sent.end(), [&](const OwnLog::Sent& one) { return is_of_line(one.placed.entry); });
}

}  // namespace detente::core
