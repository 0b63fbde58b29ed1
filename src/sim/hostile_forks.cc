// Hostile: two histories of one log, in every way in which the second could come without being noticed. On the accord line, whose
// log has room for the evidence of all of them.
#include "record/epoch_body.h"
#include "sim/hostile.h"

namespace detente::sim {

// At the log's end; the checkpoint that closes its commit comes with a later one.
record::WireEntry Hostile::unsigned_entry(std::string_view text) {
  record::WireEntry out = make_entry(text, log_.size());
  out.checkpoint.reset();
  return out;
}

// Another history from `from` on: its first entry carries no checkpoint, its second one does.
void Hostile::send_fork(std::uint64_t from, std::string_view first, std::string_view second) {
  const auto history = log_;
  log_.resize(from);
  const record::WireEntry without = unsigned_entry(first);
  const record::WireEntry with = make_entry(second, log_.size());
  log_ = history;
  send({to_frame(without), to_frame(with)});
  settle();
}

// That it was noticed, and that two signed checkpoints of one size which differ are kept.
void Hostile::expect_fork(std::size_t alarms_before, std::uint64_t size, const char* what) {
  if (alarms(core::AlarmKind::kEquivocation) == alarms_before) return violation(std::string(what) + ": two signed histories were not noticed");
  if (seconds(size) != 1) return violation(std::string(what) + ": a signed second history left no evidence");
  const record::LogKey log{{setup_.identity.lineage, line_}, false, setup_.identity.our_station, epoch_};
  const auto held = honest_.store.checkpoint_covering(log, size);
  const crypto::VerifyKey key = pair_.log_key(1).verify_key();
  for (const record::KeptSecond& one : record::second_checkpoints(honest_.store, log.line)) {
    const record::Checkpoint& second = one.second.checkpoint;
    if (second.size != size) continue;
    const auto root = record::root_at(*honest_.store.tiles(log), size);
    if (!held || !held->signature || !root || *root == second.root || !record::verify_checkpoint(second, key, one.second.signature))
      violation(std::string(what) + ": what was kept proves nothing");
  }
  ++report_.equivocations;
}

// Both versions in one packet: the first is not on the disk yet when the second is read.
void Hostile::fork_at_once() {
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const std::uint64_t index = log_.size();
  const record::WireEntry first = make_entry("The guns are silent.", index);
  send({to_frame(first), to_frame(make_entry("The guns were never silent.", index))});
  settle();
  expect_fork(before, index + 1, "both versions at once");
}

// Of the last two entries; the first of the group carries no checkpoint.
void Hostile::fork_as_group() {
  say("We hold the northern bank.");
  say("We stay there.");
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  send_fork(log_.size() - 2, "We hold neither bank.", "We stay nowhere.");
  expect_fork(before, log_.size(), "a group in the place of another");
}

// From the last entry on and beyond the record: it is noticed at once, and proved when the record has come so far.
void Hostile::fork_beyond_the_end(bool on_full_disk) {
  say("We leave on Monday.");
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const auto fork = [this] { send_fork(log_.size() - 1, "We leave on Sunday.", "At six."); };
  if (on_full_disk) on_a_full_disk(fork);
  else fork();
  if (alarms(core::AlarmKind::kEquivocation) == before) violation("a second history beyond the record's end was not noticed");
  say("At nine.");
  expect_fork(before, log_.size(), "a group beyond the record's end");
}

// One without a checkpoint waits, another one for its place has one; then the first one's history goes on, signed.
void Hostile::fork_while_one_waits() {
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const auto history = log_;
  const record::WireEntry waits = unsigned_entry("A ship has sailed.");
  const record::WireEntry behind = make_entry("It is ours.", log_.size());
  log_ = history;
  const record::WireEntry other = make_entry("No ship has sailed.", log_.size());
  send({to_frame(waits), to_frame(other)});
  settle();
  send({to_frame(behind)});
  settle();
  if (alarms(core::AlarmKind::kEquivocation) == before) violation("the history of one that waited was not noticed");
  say("None will.");
  expect_fork(before, log_.size(), "the history of one that waited");
}

// Two for one place, before what stands ahead of it has come.
void Hostile::fork_ahead_of_a_hole() {
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const std::uint64_t index = log_.size();
  const record::WireEntry missing = make_entry("First this.", index);
  const record::WireEntry first = make_entry("Then that.", index + 1);
  const record::WireEntry other = make_entry("Then nothing.", index + 1);
  send({to_frame(first), to_frame(other)});
  settle();
  send({to_frame(missing)});
  settle();
  expect_fork(before, index + 2, "two ahead of a hole");
}

// One that waits for the missing one, and one that is shown ahead of it.
void Hostile::fork_beside_a_flash(bool flash_first) {
  const std::size_t before = alarms(core::AlarmKind::kEquivocation);
  const std::uint64_t index = log_.size();
  const record::WireEntry missing = make_entry("First this.", index);
  record::WireEntry flash = make_entry("Hold your fire.", index + 1, {}, record::Precedence::kFlash);
  flash.predecessors = {{log_[index].leaf, record::Precedence::kRoutine}};
  const record::WireEntry waits = make_entry("Fire at will.", index + 1);
  for (const record::WireEntry* one : {flash_first ? &flash : &waits, flash_first ? &waits : &flash}) {
    send({to_frame(*one)});
    settle();
  }
  send({to_frame(missing)});
  settle();
  expect_fork(before, index + 2, "one that waits beside a FLASH");
}

record::WireEntry Hostile::open_epoch() {
  random_.fill(epoch_);
  log_.clear();
  record::Entry opening;
  opening.header.kind = record::kEpochOpening;
  opening.header.body_form = record::BodyForm::kCbor;
  opening.header.time = now().wall;
  opening.body = record::epoch_body(std::nullopt);
  return write(std::move(opening), 0);
}

// Each begins with an entry without a checkpoint, which the next one closes.
void Hostile::open_epochs_without_end() {
  constexpr std::size_t kOpened = 40, kTakenAtOnce = 16;
  const std::size_t before = alarms(core::AlarmKind::kNewEpoch);
  const auto held = [this] { return honest_.store.logs({setup_.identity.lineage, line_}).size(); };
  const std::size_t logs_before = held();
  for (std::size_t i = 0; i < kOpened; ++i) {
    record::WireEntry first = open_epoch();
    first.checkpoint.reset();
    send({to_frame(first), to_frame(make_entry("Here I am again.", 1))});
    settle();
  }
  const std::size_t taken = held() - logs_before;
  if (taken == 0 || taken > kTakenAtOnce) violation(std::to_string(taken) + " of " + std::to_string(kOpened) + " new epochs were taken");
  if (alarms(core::AlarmKind::kNewEpoch) - before != taken) violation("new epochs were opened and nobody was told");
}

}  // namespace detente::sim
