// Line: lifts of this side's cuts that wait on the accord line, durable and without an index, until their tests have
// passed (core/lifts.h). spec/cut.md section 4.
#include <algorithm>

#include "core/line.h"
#include "core/outbox.h"

namespace detente::core {

namespace {

constexpr std::size_t kHeldLiftsMax = 16;

std::vector<line::RegisterOf> registers_of(const record::Entry& entry) {
  const auto act = line::parse_register_body(entry.body);
  return act ? act->lines() : std::vector<line::RegisterOf>();
}

}  // namespace

Result<SubmissionId> Line::hold_lift(Context& context, record::Entry entry) {
  if (lifts_.size() >= kHeldLiftsMax)
    return fail(Fault::kLimit, "sixteen lifts of this side are being tested already: wait until one of them ends");
  if (broken_)
    return fail(Fault::kIo, "the disk of this station takes nothing at the moment: make room on it, then lift the cut again");
  const SubmissionId id = next_id_++;
  record::Batch batch = new_batch();
  batch.writes.push_back(record::PutOutbox{fence_.line, {id, encode_outbox_item(entry, OutboxState::kLift)}});
  signatures_->add(context.store, true, setup_.id, entry);
  lifts_.push_back({id, std::move(entry)});
  const auto stored = [this, id](Context& then) {
    const auto it = std::find_if(lifts_.begin(), lifts_.end(), [id](const Waiting& one) { return one.id == id; });
    if (it == lifts_.end()) return;
    it->stored = true;
    then.effects.notify(EntryQueued{identity_->peer, setup_.id, id});
    registers_->touch(then, registers_of(it->entry));
  };
  commit(context, std::move(batch), stored, [this, id](Context& then, const Error& error) { drop_refused(then, lifts_, id, error); });
  return id;
}

std::vector<Line::HeldLift> Line::held_lifts() const {
  std::vector<HeldLift> out;
  for (const Waiting& one : lifts_)
    if (one.stored) out.push_back({one.id, registers_of(one.entry)});
  return out;
}

bool Line::holds_lift(SubmissionId id) const {
  return std::any_of(lifts_.begin(), lifts_.end(), [id](const Waiting& one) { return one.id == id; });
}

bool Line::holds_lift_of(LineId line) const {
  return std::any_of(lifts_.begin(), lifts_.end(), [line](const Waiting& one) {
    const auto registers = registers_of(one.entry);
    return std::any_of(registers.begin(), registers.end(), [line](const auto& of) { return of.line == line; });
  });
}

// On the disk it stays what it was until it has its index: a station that stops before has not lifted anything.
void Line::release_lift(Context& context, SubmissionId id) {
  const auto it = std::find_if(lifts_.begin(), lifts_.end(), [id](const Waiting& one) { return one.id == id; });
  if (it == lifts_.end() || !it->stored || broken_) return;
  outbox_.push_back(std::move(*it));
  lifts_.erase(it);
  pump(context);
}

void Line::give_back_lift(Context& context, SubmissionId id, const std::string& why) {
  const auto it = std::find_if(lifts_.begin(), lifts_.end(), [id](const Waiting& one) { return one.id == id; });
  if (it == lifts_.end()) return;
  signatures_->forget(true, it->entry);
  lifts_.erase(it);
  given_back_.insert(id);  // also where the disk refuses what follows
  record::Batch batch = new_batch();
  batch.writes.push_back(record::DeleteOutbox{fence_.line, id});
  context.effects.notify(SubmissionFailed{identity_->peer, setup_.id, id, Error{Fault::kState, why}});
  commit(context, std::move(batch), {}, {});
}

}  // namespace detente::core
